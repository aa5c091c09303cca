#include "test.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

/* The k best true distances of query q among the first n vectors, best first. */
static void best(int q, int n, int k, int32_t metric, double* distances) {
    int found = 0;
    for (int i = 0; i < n; i++) {
        const double value = distance(QUERIES + q * D, whole() + i * D, D, metric);
        const int is_l2 = metric == FAISSNET_METRIC_L2;
        if (found == k && !(is_l2 ? value < distances[k - 1] : value > distances[k - 1])) continue;
        int place = found < k ? found++ : k - 1;
        for (; place > 0 && (is_l2 ? distances[place - 1] > value : distances[place - 1] < value); place--) {
            distances[place] = distances[place - 1];
        }
        distances[place] = value;
    }
}

/* Right distances in the right order; and each label, named once, has the distance that stands beside it. */
static void is_exact(const results* found, int n, int k, int32_t metric) {
    double expected[64];
    for (int q = 0; q < NQ; q++) {
        best(q, n, k, metric, expected);
        for (int j = 0; j < k; j++) {
            const int64_t label = found->labels[q * k + j];
            CHECK(found->distances[q * k + j] == expected[j]);
            CHECK(label >= 0 && label < n);
            CHECK(distance(QUERIES + q * D, whole() + label * D, D, metric) == expected[j]);
            for (int other = 0; other < j; other++) CHECK(found->labels[q * k + other] != label);
        }
    }
}

static faissnet_index* filled_with(const char* description, int32_t metric) {
    faissnet_index* index = create_with(D, description, metric);
    OK(faissnet_index_train(index, N, whole(), NULL));
    if (strstr(description, "IDMap")) {
        int64_t ids[N];
        for (int i = 0; i < N; i++) ids[i] = i;
        OK(faissnet_index_add_with_ids(index, N, whole(), ids));
    } else {
        OK(faissnet_index_add(index, N, whole()));
    }
    return index;
}

TEST(search, exact_indexes_find_the_truth) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "IDMap,Flat", "IDMap2,IVF8,Flat", "IVF8,Flat,RFlat", "Flat,RFlat"};
    static results found;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = filled_with(kinds[i], metric);
            if (strstr(kinds[i], "IVF")) OK(faissnet_index_set_nprobe(index, NLIST));
            const int ks[] = {1, 7, 64};
            for (int j = 0; j < 3; j++) {
                search(index, ks[j], NULL, &found);
                is_exact(&found, N, ks[j], metric);
            }
            faissnet_index_free(index);
        }
    }
}

TEST(search, one_query_at_a_time_is_the_same) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "HNSW8", "SQ8"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        static results all;
        faissnet_index* index = filled(kinds[i]);
        if (i == 1) OK(faissnet_index_set_nprobe(index, NLIST));
        search(index, 5, NULL, &all);
        for (int q = 0; q < NQ; q++) {
            float distances[5];
            int64_t labels[5];
            OK(faissnet_index_search(index, 1, QUERIES + q * D, 5, NULL, distances, labels));
            for (int j = 0; j < 5; j++) {
                CHECK(labels[j] == all.labels[5 * q + j]);
                CHECK(distances[j] == all.distances[5 * q + j]);
            }
        }
        faissnet_index_free(index);
    }
}

TEST(search, of_a_trained_but_empty_index) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "HNSW8", "IDMap,Flat", "IVF8,PQ4x4np,RFlat"};
    static results found;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = create_with(D, kinds[i], metric);
            OK(faissnet_index_train(index, N, whole(), NULL));
            search(index, 3, NULL, &found);
            for (int j = 0; j < 3 * NQ; j++) {
                EQUAL(-1, found.labels[j]);
                CHECK(found.distances[j] == (metric == FAISSNET_METRIC_L2 ? FLT_MAX : -FLT_MAX));
            }
            faissnet_index_free(index);
        }
    }
}

TEST(search, beyond_ntotal_is_padded) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "IDMap,IVF8,Flat", "Flat,RFlat", "PQ4x4np", "HNSW8", "IVF8,PQ4x4fs"};
    static results exact, padded;
    enum { FEW = 10, K = 25 };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = create_with(D, kinds[i], metric);
            int64_t ids[FEW];
            for (int j = 0; j < FEW; j++) ids[j] = j;
            OK(faissnet_index_train(index, N, whole(), NULL));
            OK(strstr(kinds[i], "IDMap") ? faissnet_index_add_with_ids(index, FEW, whole(), ids) : faissnet_index_add(index, FEW, whole()));
            if (strstr(kinds[i], "IVF")) OK(faissnet_index_set_nprobe(index, NLIST));
            search(index, FEW, NULL, &exact);
            search(index, K, NULL, &padded);
            for (int q = 0; q < NQ; q++) {
                for (int j = 0; j < K; j++) {
                    const int at = q * K + j;
                    if (j < FEW) {
                        CHECK(padded.labels[at] == exact.labels[q * FEW + j] && padded.labels[at] >= 0);
                        CHECK(padded.distances[at] == exact.distances[q * FEW + j]);
                    } else {
                        EQUAL(-1, padded.labels[at]);
                        CHECK(padded.distances[at] == (metric == FAISSNET_METRIC_L2 ? FLT_MAX : -FLT_MAX));
                    }
                }
            }
            faissnet_index_free(index);
        }
    }
}

/* Too few probed: FAISS itself pads. */
TEST(search, beyond_the_probed_lists_is_padded) {
    static results found;
    faissnet_index* index = filled("IVF8,Flat");
    OK(faissnet_index_reset(index));
    OK(faissnet_index_add(index, 50, whole()));
    search(index, 50, NULL, &found);
    int padded = 0;
    for (int q = 0; q < NQ; q++) {
        for (int j = 0; j < 50; j++) {
            CHECK((found.labels[q * 50 + j] == -1) == (found.distances[q * 50 + j] == FLT_MAX));
            padded += found.labels[q * 50 + j] == -1;
        }
    }
    CHECK(padded > 0 && padded < 50 * NQ);
    faissnet_index_free(index);
}

/* FAISS would allocate for k of them, or loop over an int. */
TEST(search, a_large_k) {
    enum { LARGE = 3000000 };
    float* distances = malloc(sizeof(float) * LARGE);
    int64_t* labels = malloc(sizeof(int64_t) * LARGE);
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "HNSW8"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = filled(kinds[i]);
        if (i == 1) OK(faissnet_index_set_nprobe(index, NLIST));
        OK(faissnet_index_search(index, 1, QUERIES, LARGE, NULL, distances, labels));
        if (i < 2) CHECK(labels[N - 1] >= 0);
        EQUAL(-1, labels[N]);
        EQUAL(-1, labels[LARGE - 1]);
        CHECK(distances[LARGE - 1] == FLT_MAX);

        FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_search(index, 1, QUERIES, INT64_C(1) << 62, NULL, distances, labels));
        FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_search(index, 1, QUERIES, INT64_MAX, NULL, distances, labels));
        FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_search(index, NQ, QUERIES, INT64_C(1) << 58, NULL, distances, labels));
        FAILS(FAISSNET_INVALID_ARGUMENT, "distances", faissnet_index_search(index, 1, QUERIES, INT64_C(1) << 31, NULL, NULL, labels));
        OK(faissnet_index_search(index, 0, NULL, INT64_C(1) << 31, NULL, NULL, NULL));
        OK(faissnet_index_search(index, 0, NULL, INT64_C(1) << 62, NULL, NULL, NULL));
        faissnet_index_free(index);
    }
    free(distances);
    free(labels);
}

TEST(search, refuses) {
    faissnet_index* index = filled("IVF8,Flat");
    float distances[2];
    int64_t labels[2];
    const faissnet_search_parameters bad_nprobe = {.nprobe = -1}, bad_codes = {.max_codes = -1};
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_search(NULL, 1, QUERIES, 2, NULL, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -1", faissnet_index_search(index, -1, QUERIES, 2, NULL, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 1", faissnet_index_search(index, 1, NULL, 2, NULL, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_search(index, INT64_MAX, QUERIES, 2, NULL, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "k is 0", faissnet_index_search(index, 1, QUERIES, 0, NULL, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "k is -1", faissnet_index_search(index, 1, QUERIES, -1, NULL, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "k is 0", faissnet_index_search(index, 0, NULL, 0, NULL, NULL, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "distances", faissnet_index_search(index, 1, QUERIES, 2, NULL, NULL, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "labels", faissnet_index_search(index, 1, QUERIES, 2, NULL, distances, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is -1", faissnet_index_search(index, 1, QUERIES, 2, &bad_nprobe, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "max_codes is -1", faissnet_index_search(index, 1, QUERIES, 2, &bad_codes, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is -1", faissnet_index_search(index, 0, NULL, 2, &bad_nprobe, NULL, NULL));
    OK(faissnet_index_search(index, 0, NULL, 2, NULL, NULL, NULL));
    faissnet_index_free(index);

    static const char* const kinds[] = {"IVF8,Flat", "PQ4x4", "IDMap,IVF8,Flat", "PCA4,Flat", "IVF8,Flat,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        index = create(kinds[i]);
        FAILS(FAISSNET_NOT_TRAINED, "train", faissnet_index_search(index, 1, QUERIES, 2, NULL, distances, labels));
        FAILS(FAISSNET_NOT_TRAINED, "train", faissnet_index_search(index, 0, NULL, 2, NULL, NULL, NULL));
        faissnet_index_free(index);
    }
}

/* ---- Parameters for one call ---- */

static const char* const with_ivf[] = {
    "IVF8,Flat", "IVF8,PQ4x4np", "IVF8,SQ8", "IDMap,IVF8,Flat", "IDMap2,IVF8,PQ4x4np", "PCA4,IVF8,Flat", "OPQ1,IVF8,PQ4x4np",
    "L2norm,IVF8,Flat", "RR8,IVF8,PQ4x4np", "IDMap,PCA4,IVF8,Flat", "IVF8,PQ4x4np,RFlat", "IVF8,Flat,RFlat", "PCA4,IVF8,PQ2x4np,RFlat",
    "IVF8_HNSW8,Flat", "IVF8,PQ1+1"};
enum { WITH_IVF = sizeof with_ivf / sizeof *with_ivf };

TEST(search, nprobe_per_call_is_nprobe_on_the_index) {
    static results expected, actual, first;
    for (int i = 0; i < WITH_IVF; i++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            if (metric == 0 && (strstr(with_ivf[i], "1+1") || strstr(with_ivf[i], "OPQ"))) continue; /* L2 alone; slow to train */
            faissnet_index* index = filled_with(with_ivf[i], metric);
            search(index, 10, NULL, &first);
            for (int64_t nprobe = 1; nprobe <= 16; nprobe *= 2) {
                const faissnet_search_parameters parameters = {.nprobe = nprobe};
                search(index, 10, &parameters, &actual);
                OK(faissnet_index_set_nprobe(index, nprobe));
                search(index, 10, NULL, &expected);
                same_results(&expected, &actual, 10);
                OK(faissnet_index_set_nprobe(index, 1));
            }
            search(index, 10, NULL, &actual);
            same_results(&first, &actual, 10); /* the index is as it was */
            CHECK(memcmp(first.labels, expected.labels, sizeof first.labels) != 0); /* and nprobe matters */
            faissnet_index_free(index);
        }
    }
}

TEST(search, max_codes_per_call_is_max_codes_on_the_index) {
    static results expected, actual;
    for (int i = 0; i < WITH_IVF; i++) {
        if (strstr(with_ivf[i], "OPQ")) continue; /* slow to train */
        faissnet_index* index = filled(with_ivf[i]);
        const int64_t codes[] = {1, 50, 150, 400, 100000};
        for (int j = 0; j < 5; j++) {
            const faissnet_search_parameters parameters = {.nprobe = 6, .max_codes = codes[j]}, without_nprobe = {.max_codes = codes[j]};
            search(index, 10, &parameters, &actual);
            OK(faissnet_index_set_nprobe(index, 6));
            OK(faissnet_index_set_parameter(index, "max_codes", (double)codes[j]));
            search(index, 10, NULL, &expected);
            same_results(&expected, &actual, 10);
            OK(faissnet_index_set_parameter(index, "max_codes", 0));
            search(index, 10, &without_nprobe, &actual);
            same_results(&expected, &actual, 10);
            OK(faissnet_index_set_nprobe(index, 1));
        }
        faissnet_index_free(index);
    }
}

TEST(search, max_codes_bounds_what_is_compared) {
    faissnet_index* index = filled("IVF8,Flat");
    int64_t sizes[NLIST], largest = 0;
    OK(faissnet_index_list_sizes(index, NLIST, sizes));
    for (int i = 0; i < NLIST; i++) largest = sizes[i] > largest ? sizes[i] : largest;
    const faissnet_search_parameters one = {.nprobe = NLIST, .max_codes = 1};
    CHECK(largest < N);
    int64_t* labels = malloc(sizeof(int64_t) * N);
    float* distances = malloc(sizeof(float) * N);
    for (int q = 0; q < NQ; q++) {
        OK(faissnet_index_search(index, 1, QUERIES + q * D, N, &one, distances, labels));
        int64_t compared = 0;
        while (compared < N && labels[compared] >= 0) compared++;
        CHECK(compared >= 1 && compared <= largest); /* at most one whole list */
    }
    free(labels);
    free(distances);
    faissnet_index_free(index);
}

TEST(search, parameters_of_zero_mean_as_the_index_is_set) {
    static results expected, actual;
    const faissnet_search_parameters zero = {0};
    static const char* const kinds[] = {"IVF8,Flat", "Flat", "IDMap,IVF8,Flat", "IVF8,PQ4x4np,RFlat", "IVF8,PQ4x4fs"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = filled(kinds[i]);
        if (strstr(kinds[i], "IVF")) OK(faissnet_index_set_nprobe(index, 3));
        search(index, 10, NULL, &expected);
        search(index, 10, &zero, &actual);
        same_results(&expected, &actual, 10);
        faissnet_index_free(index);
    }
}

TEST(search, ids_come_back_with_parameters_too) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,IVF8,Flat", "IDMap,PCA4,IVF8,Flat", "PCA4,IVF8,Flat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        static results with, without;
        int64_t ids[N];
        faissnet_index* index = trained(kinds[i]);
        for (int j = 0; j < N; j++) ids[j] = INT64_C(1) << 40 | j;
        OK(faissnet_index_add_with_ids(index, N, whole(), ids));
        const faissnet_search_parameters all = {.nprobe = 1000000};
        search(index, 5, &all, &with);
        OK(faissnet_index_set_nprobe(index, NLIST));
        search(index, 5, NULL, &without);
        same_results(&without, &with, 5);
        for (int j = 0; j < 5 * NQ; j++) CHECK(with.labels[j] >> 40 == 1 && (with.labels[j] & 0xffff) < N);
        faissnet_index_free(index);
    }
}

TEST(search, parameters_need_an_ivf) {
    static const char* const kinds[] = {"Flat", "IDMap,Flat", "PCA4,Flat", "HNSW8", "PQ4x4np", "Flat,RFlat"};
    float distances[1];
    int64_t labels[1];
    const faissnet_search_parameters nprobe = {.nprobe = 2}, codes = {.max_codes = 2};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = filled(kinds[i]);
        FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_search(index, 1, QUERIES, 1, &nprobe, distances, labels));
        FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_search(index, 1, QUERIES, 1, &codes, distances, labels));
        faissnet_index_free(index);
    }
}

TEST(search, fast_scan) {
    static results expected, actual;
    static const char* const kinds[] = {"IVF8,PQ4x4fs", "IDMap,IVF8,PQ4x4fs"};
    int64_t bits;
    OK(faissnet_capabilities(&bits));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = filled(kinds[i]);
        const faissnet_search_parameters three = {.nprobe = 3}, many = {.nprobe = 1000};
        OK(faissnet_index_set_nprobe(index, 3));
        search(index, 10, NULL, &expected);
        if (bits & FAISSNET_CAPABILITY_FAST_SCAN_PARAMETERS) {
            OK(faissnet_index_set_nprobe(index, 1));
            search(index, 10, &three, &actual);
            same_results(&expected, &actual, 10);
        } else {
            FAILS(FAISSNET_UNSUPPORTED, "set nprobe", faissnet_index_search(index, 1, QUERIES, 1, &three, actual.distances, actual.labels));
        }
        /* more than there are */
        OK(faissnet_index_set_nprobe(index, NLIST));
        search(index, 10, NULL, &expected);
        OK(faissnet_index_set_nprobe(index, 1000));
        search(index, 10, NULL, &actual);
        same_results(&expected, &actual, 10);
        if (bits & FAISSNET_CAPABILITY_FAST_SCAN_PARAMETERS) {
            search(index, 10, &many, &actual);
            same_results(&expected, &actual, 10);
        }
        faissnet_index_free(index);
    }
}

/* ---- Refinement ---- */

TEST(search, refined_with_parameters) {
    static results expected, actual;
    static const char* const kinds[] = {"IVF8,PQ4x4np,RFlat", "IVF8,Flat,Refine(SQ8)", "PCA4,IVF8,PQ2x4np,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = filled_with(kinds[i], metric);
            for (int k_factor = 1; k_factor <= 4; k_factor++) {
                OK(faissnet_index_set_parameter(index, "k_factor_rf", k_factor));
                for (int64_t nprobe = 1; nprobe <= 4; nprobe++) {
                    const faissnet_search_parameters parameters = {.nprobe = nprobe};
                    OK(faissnet_index_set_nprobe(index, 1));
                    search(index, 6, &parameters, &actual);
                    OK(faissnet_index_set_nprobe(index, nprobe));
                    search(index, 6, NULL, &expected);
                    same_results(&expected, &actual, 6);
                }
            }
            faissnet_index_free(index);
        }
    }
}

/* More candidates than vectors: refinement by the vectors themselves then finds the truth. */
TEST(search, refined_with_every_vector_a_candidate) {
    static results found;
    static const char* const kinds[] = {"IVF8,PQ4x4np,RFlat", "PQ4x4np,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = filled_with(kinds[i], metric);
            if (i == 0) OK(faissnet_index_set_nprobe(index, NLIST));
            OK(faissnet_index_set_parameter(index, "k_factor_rf", 1000));
            search(index, 40, NULL, &found);
            is_exact(&found, N, 40, metric);
            faissnet_index_free(index);
        }
    }
}

/* FAISS throws in an OpenMP region here, which ends the process. */
TEST(search, refined_by_what_has_no_distances) {
    float distances[2];
    int64_t labels[2];
    faissnet_index* index = filled("Flat,Refine(IVF8,Flat)");
    FAILS(FAISSNET_UNSUPPORTED, "refining index", faissnet_index_search(index, 1, QUERIES, 2, NULL, distances, labels));
    faissnet_range_result* result = NULL;
    FAILS(FAISSNET_UNSUPPORTED, "", faissnet_index_range_search(index, 1, QUERIES, 1e9f, NULL, &result));
    CHECK(result == NULL);
    faissnet_index_free(index);
}
