/* Searches among selected ids. */
#include "test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { K = 10 };

static int32_t third(void* context, int64_t id) {
    __atomic_add_fetch((int64_t*)context, 1, __ATOMIC_RELAXED);
    return id % 3 == 0;
}

static const int64_t some[] = {599, 7, 3, 3, 250, -1, 251, 1000000, 252, 253, 8};
static uint8_t bits[40]; /* ids 0 … 319; every one but those that end in 5 or 0 */
static int64_t asked;

static const faissnet_selector
    within = {.kind = FAISSNET_SELECT_RANGE, .min = 100, .max = 400},
    beyond = {.kind = FAISSNET_SELECT_RANGE, .min = N, .max = INT64_MAX},
    nothing = {.kind = FAISSNET_SELECT_IDS},
    listed = {.kind = FAISSNET_SELECT_IDS, .count = 11, .ids = some},
    marked = {.kind = FAISSNET_SELECT_BITMAP, .count = 40, .bits = bits},
    no_bits = {.kind = FAISSNET_SELECT_BITMAP},
    all = {.kind = FAISSNET_SELECT_ALL},
    not_within = {.kind = FAISSNET_SELECT_NOT, .left = &within},
    both = {.kind = FAISSNET_SELECT_AND, .left = &within, .right = &marked},
    either = {.kind = FAISSNET_SELECT_OR, .left = &listed, .right = &both},
    one = {.kind = FAISSNET_SELECT_XOR, .left = &within, .right = &marked},
    called = {.kind = FAISSNET_SELECT_CALLBACK, .test = third, .context = &asked},
    nested = {.kind = FAISSNET_SELECT_AND, .left = &called, .right = &not_within};

static const faissnet_selector* const selectors[] = {
    &within, &beyond, &nothing, &listed, &marked, &no_bits, &all, &not_within, &both, &either, &one, &called, &nested};
enum { SELECTORS = sizeof selectors / sizeof *selectors };

__attribute__((constructor)) static void fill_bits(void) {
    for (int i = 0; i < 320; i++) {
        if (i % 5 != 0) bits[i / 8] |= (uint8_t)(1 << (i % 8));
    }
}

/* The sets once more, said otherwise. */
static int is_listed(int64_t id) {
    for (int i = 0; i < 11; i++) {
        if (some[i] == id) return 1;
    }
    return 0;
}

static int holds(int selector, int64_t id) {
    const int in_range = id >= 100 && id < 400, in_bits = id >= 0 && id < 320 && id % 5 != 0;
    switch (selector) {
        case 0: return in_range;
        case 1: return id >= N;
        case 2: return 0;
        case 3: return is_listed(id);
        case 4: return in_bits;
        case 5: return 0;
        case 6: return 1;
        case 7: return !in_range;
        case 8: return in_range && in_bits;
        case 9: return is_listed(id) || (in_range && in_bits);
        case 10: return in_range != in_bits;
        case 11: return id % 3 == 0;
        default: return id % 3 == 0 && !in_range;
    }
}

static faissnet_index* filled_with(const char* description, int32_t metric, int64_t shift) {
    faissnet_index* index = create_with(D, description, metric);
    OK(faissnet_index_train(index, N, whole(), NULL));
    if (strstr(description, "IDMap") != NULL) {
        int64_t ids[N];
        for (int i = 0; i < N; i++) ids[i] = i + shift;
        OK(faissnet_index_add_with_ids(index, N, whole(), ids));
    } else {
        OK(faissnet_index_add(index, N, whole()));
    }
    if (strstr(description, "IVF") != NULL) OK(faissnet_index_set_nprobe(index, NLIST));
    return index;
}

/* What the unrestricted search finds, less what is not selected. */
static void is_filtered(const faissnet_index* index, int selector, const faissnet_search_parameters* parameters, int32_t metric) {
    static float all_distances[NQ * N];
    static int64_t all_labels[NQ * N];
    static results found;
    OK(faissnet_index_search(index, NQ, QUERIES, N, NULL, all_distances, all_labels));
    search(index, K, parameters, &found);
    for (int q = 0; q < NQ; q++) {
        int place = 0;
        for (int i = 0; i < N && place < K; i++) {
            const int64_t label = all_labels[q * N + i];
            if (label < 0 || !holds(selector, label)) continue;
            CHECK(holds(selector, found.labels[q * K + place]) && found.labels[q * K + place] < N);
            CHECK(fabsf(found.distances[q * K + place] - all_distances[q * N + i]) <= 1e-3f * (1 + fabsf(all_distances[q * N + i])));
            place++;
        }
        for (; place < K; place++) {
            EQUAL(-1, found.labels[q * K + place]);
            CHECK(found.distances[q * K + place] == (metric == FAISSNET_METRIC_L2 ? FLT_MAX : -FLT_MAX));
        }
    }
}

TEST(selected, finds_what_is_selected) {
    static const char* const kinds[] = {
        "Flat", "IVF8,Flat", "IVF8,PQ4x4np", "IVF8,SQ8", "PQ4x4np", "SQ8", "IDMap,Flat", "IDMap2,Flat", "PCA4,IVF8,Flat",
        "IDMap,PCA4,IVF8,Flat", "OPQ4,IVF8,PQ4x4np", "PCA4,Flat", "IDMap,PQ4x4np"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = filled_with(kinds[k], metric, 0);
            for (int s = 0; s < SELECTORS; s++) {
                const faissnet_search_parameters parameters = {.selector = selectors[s]};
                is_filtered(index, s, &parameters, metric);
            }
            faissnet_index_free(index);
        }
    }
    CHECK(asked > 0);
}

TEST(selected, other_metrics_of_a_flat_index) {
    static const int32_t metrics[] = {FAISSNET_METRIC_L1, FAISSNET_METRIC_LINF, FAISSNET_METRIC_CANBERRA};
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        faissnet_index* index = filled_with("Flat", metrics[m], 0);
        for (int s = 0; s < SELECTORS; s++) {
            const faissnet_search_parameters parameters = {.selector = selectors[s]};
            is_filtered(index, s, &parameters, FAISSNET_METRIC_L2);
        }
        faissnet_index_free(index);
    }
}

TEST(selected, with_nprobe) {
    static results restricted, found;
    faissnet_index* index = filled("IVF8,Flat");
    OK(faissnet_index_set_nprobe(index, 2));
    for (int s = 0; s < SELECTORS; s++) {
        const faissnet_search_parameters two = {.selector = selectors[s]}, given = {.selector = selectors[s], .nprobe = 2};
        OK(faissnet_index_set_nprobe(index, 2));
        search(index, K, &two, &restricted);
        OK(faissnet_index_set_nprobe(index, 5));
        search(index, K, &given, &found);
        same_results(&restricted, &found, K);
    }
    faissnet_index_free(index);
}

TEST(selected, by_the_ids_of_an_idmap) {
    static results found;
    const int64_t shift = INT64_C(1) << 40;
    static const char* const kinds[] = {"IDMap,Flat", "IDMap,IVF8,Flat", "IDMap2,HNSW8"};
    const faissnet_selector range = {.kind = FAISSNET_SELECT_RANGE, .min = shift + 50, .max = shift + 60};
    const faissnet_search_parameters parameters = {.selector = &range};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = filled_with(kinds[k], FAISSNET_METRIC_L2, shift);
        search(index, K, &parameters, &found);
        for (int i = 0; i < NQ * K; i++) {
            if (k < 2) CHECK(found.labels[i] >= shift + 50 && found.labels[i] < shift + 60);
            else CHECK(found.labels[i] == -1 || (found.labels[i] >= shift + 50 && found.labels[i] < shift + 60));
        }
        faissnet_index_free(index);
    }
}

TEST(selected, in_a_graph) {
    static results found;
    faissnet_index* index = filled("HNSW16");
    OK(faissnet_index_set_parameter(index, "efSearch", 200));
    for (int s = 0; s < SELECTORS; s++) {
        const faissnet_search_parameters parameters = {.selector = selectors[s]};
        search(index, K, &parameters, &found);
        for (int i = 0; i < NQ * K; i++) {
            const int64_t label = found.labels[i];
            CHECK(label == -1 || holds(s, label));
            if (label >= 0) CHECK(found.distances[i] == (float)distance(QUERIES + i / K * D, whole() + label * D, D, FAISSNET_METRIC_L2));
        }
        if (s == 0 || s == 6) EQUAL(1, found.labels[0] >= 0); /* many are selected */
    }
    faissnet_index_free(index);
}

TEST(selected, in_a_refined_index) {
    static results found;
    static const char* const kinds[] = {"IVF8,PQ4x4np,RFlat", "PQ4x4np,RFlat", "IVF8,Flat,Refine(SQ8)"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = filled_with(kinds[k], metric, 0);
            const faissnet_search_parameters parameters = {.selector = &within, .k_factor = 1000};
            search(index, K, &parameters, &found);
            for (int q = 0; q < NQ; q++) {
                double nearest = metric == FAISSNET_METRIC_L2 ? INFINITY : -INFINITY;
                for (int i = 100; i < 400; i++) {
                    const double to = distance(QUERIES + q * D, whole() + i * D, D, metric);
                    if (metric == FAISSNET_METRIC_L2 ? to < nearest : to > nearest) nearest = to;
                }
                for (int j = 0; j < K; j++) CHECK(holds(0, found.labels[q * K + j]));
                CHECK(fabs(found.distances[q * K] - nearest) <= (k == 2 ? 0.05 * (1 + nearest) : 0));
            }
            faissnet_index_free(index);
        }
    }
}

TEST(selected, k_factor_of_one_call) {
    static results expected, actual;
    faissnet_index* index = filled("IVF8,PQ2x4np,RFlat");
    OK(faissnet_index_set_nprobe(index, NLIST));
    for (int factor = 1; factor <= 16; factor *= 2) {
        const faissnet_search_parameters given = {.k_factor = factor};
        OK(faissnet_index_set_parameter(index, "k_factor_rf", factor));
        search(index, K, NULL, &expected);
        OK(faissnet_index_set_parameter(index, "k_factor_rf", 3));
        search(index, K, &given, &actual);
        same_results(&expected, &actual, K);
    }
    const double bad[] = {0.5, -1, 1001, NAN};
    for (int i = 0; i < 4; i++) {
        const faissnet_search_parameters refused = {.k_factor = bad[i]};
        FAILS(FAISSNET_INVALID_ARGUMENT, "k_factor", faissnet_index_search(index, 1, QUERIES, 1, &refused, actual.distances, actual.labels));
    }
    faissnet_index_free(index);

    index = filled("IVF8,Flat");
    const faissnet_search_parameters two = {.k_factor = 2};
    FAILS(FAISSNET_UNSUPPORTED, "refine", faissnet_index_search(index, 1, QUERIES, 1, &two, actual.distances, actual.labels));
    faissnet_index_free(index);
}

TEST(selected, by_radius) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "IVF8,PQ4x4np", "IVF8,SQ8", "IDMap,Flat", "IDMap,PCA4,IVF8,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = filled_with(kinds[k], metric, 0);
            const float radius = metric == FAISSNET_METRIC_L2 ? 60 : 150;
            faissnet_range_result* whole_result = NULL;
            const int64_t *limits, *labels;
            const float* distances;
            OK(faissnet_index_range_search(index, NQ, QUERIES, radius, NULL, &whole_result));
            OK(faissnet_range_result_view(whole_result, &limits, &labels, &distances));
            for (int s = 0; s < SELECTORS; s++) {
                const faissnet_search_parameters parameters = {.selector = selectors[s]};
                faissnet_range_result* result = NULL;
                const int64_t *some_limits, *some_labels;
                const float* some_distances;
                OK(faissnet_index_range_search(index, NQ, QUERIES, radius, &parameters, &result));
                OK(faissnet_range_result_view(result, &some_limits, &some_labels, &some_distances));
                for (int q = 0; q < NQ; q++) {
                    int64_t expected = 0;
                    for (int64_t i = limits[q]; i < limits[q + 1]; i++) expected += holds(s, labels[i]);
                    EQUAL(expected, some_limits[q + 1] - some_limits[q]);
                    for (int64_t i = some_limits[q]; i < some_limits[q + 1]; i++) CHECK(holds(s, some_labels[i]));
                }
                faissnet_range_result_free(result);
            }
            faissnet_range_result_free(whole_result);
            faissnet_index_free(index);
        }
    }
}

/* FAISS would throw in an OpenMP region, or leave the selector out. */
TEST(selected, what_cannot_is_refused) {
    static const char* const kinds[] = {"LSH", "IVF8,PQ4x4fs", "PQ4x4fs", "NSG8"};
    const faissnet_search_parameters parameters = {.selector = &within};
    float distances[1];
    int64_t labels[1];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = filled(kinds[i]);
        if (i == 1 && faiss_at_least(1, 9)) {
            OK(faissnet_index_search(index, 1, QUERIES, 1, &parameters, distances, labels));
            CHECK(holds(0, labels[0]));
        } else {
            FAILS(FAISSNET_UNSUPPORTED, "selector", faissnet_index_search(index, 1, QUERIES, 1, &parameters, distances, labels));
        }
        faissnet_index_free(index);
    }
}

TEST(selected, refuse) {
    float distances[1];
    int64_t labels[1];
    faissnet_index* index = filled("Flat");
    const faissnet_selector bad[] = {
        {.kind = 0}, {.kind = 10}, {.kind = FAISSNET_SELECT_NOT}, {.kind = FAISSNET_SELECT_AND, .left = &within},
        {.kind = FAISSNET_SELECT_OR, .right = &within}, {.kind = FAISSNET_SELECT_BITMAP, .count = 1}, {.kind = FAISSNET_SELECT_IDS, .count = -1},
        {.kind = FAISSNET_SELECT_CALLBACK}, {.kind = FAISSNET_SELECT_ALL, .reserved = 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const faissnet_search_parameters parameters = {.selector = bad + i};
        FAILS(FAISSNET_INVALID_ARGUMENT, "selector", faissnet_index_search(index, 1, QUERIES, 1, &parameters, distances, labels));
    }

    faissnet_selector deep[1200];
    deep[0] = all;
    for (int i = 1; i < 1200; i++) deep[i] = (faissnet_selector){.kind = FAISSNET_SELECT_NOT, .left = deep + i - 1};
    const faissnet_search_parameters too_deep = {.selector = deep + 1199}, deep_enough = {.selector = deep + 1000};
    FAILS(FAISSNET_INVALID_ARGUMENT, "nested", faissnet_index_search(index, 1, QUERIES, 1, &too_deep, distances, labels));
    OK(faissnet_index_search(index, 1, QUERIES, 1, &deep_enough, distances, labels));
    CHECK(labels[0] >= 0);
    faissnet_index_free(index);
}

TEST(selected, removal_takes_them_too) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "IDMap,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int s = 0; s < SELECTORS; s++) {
            faissnet_index* index = filled(kinds[k]);
            int64_t expected = 0, removed = -1;
            for (int id = 0; id < N; id++) expected += holds(s, id);
            OK(faissnet_index_remove_ids(index, selectors[s], &removed));
            EQUAL(expected, removed);
            EQUAL(N - expected, ntotal(index));
            faissnet_index_free(index);
        }
    }
}
