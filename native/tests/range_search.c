#include "test.h"

#include <stdlib.h>

typedef struct {
    faissnet_range_result* result;
    const int64_t *limits, *labels;
    const float* distances;
} hits;

static hits ranged(const faissnet_index* index, float radius, const faissnet_search_parameters* parameters) {
    hits h = {0};
    OK(faissnet_index_range_search(index, NQ, QUERIES, radius, parameters, &h.result));
    OK(faissnet_range_result_view(h.result, &h.limits, &h.labels, &h.distances));
    EQUAL(0, h.limits[0]);
    for (int q = 0; q < NQ; q++) CHECK(h.limits[q] <= h.limits[q + 1]);
    return h;
}

static int inside(double value, float radius, int32_t metric) {
    return metric == FAISSNET_METRIC_L2 ? value < radius : value > radius;
}

/* All within the radius, once each, with their distances, and nothing else. label_of_0: the id of vector 0, ids counting up. */
static void is_exact(hits h, float radius, int32_t metric, int64_t label_of_0) {
    int64_t total = 0;
    for (int q = 0; q < NQ; q++) {
        char seen[N] = {0};
        int64_t expected = 0;
        for (int i = 0; i < N; i++) expected += inside(distance(QUERIES + q * D, whole() + i * D, D, metric), radius, metric);
        EQUAL(expected, h.limits[q + 1] - h.limits[q]);
        for (int64_t j = h.limits[q]; j < h.limits[q + 1]; j++) {
            const int64_t i = h.labels[j] - label_of_0;
            CHECK(i >= 0 && i < N && !seen[i]);
            seen[i] = 1;
            CHECK(h.distances[j] == distance(QUERIES + q * D, whole() + i * D, D, metric));
        }
        total += expected;
    }
    EQUAL(total, h.limits[NQ]);
}

TEST(range_search, finds_all_within_the_radius) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "IDMap,Flat", "IDMap2,IVF8,Flat"};
    /* Distances are whole numbers here, so that whole radii test the boundary. */
    const float radii[] = {0, 1, 30, 45, 46, 80.5f, 200, 300, 1e9f, -1};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            faissnet_index* index = create_with(D, kinds[k], metric);
            const int64_t first = strstr(kinds[k], "IDMap") ? 100000 : 0;
            int64_t ids[N];
            for (int i = 0; i < N; i++) ids[i] = first + i;
            OK(faissnet_index_train(index, N, whole(), NULL));
            OK(first ? faissnet_index_add_with_ids(index, N, whole(), ids) : faissnet_index_add(index, N, whole()));
            if (strstr(kinds[k], "IVF")) OK(faissnet_index_set_nprobe(index, NLIST));
            for (size_t r = 0; r < sizeof radii / sizeof *radii; r++) {
                const hits h = ranged(index, radii[r], NULL);
                is_exact(h, radii[r], metric, first);
                faissnet_range_result_free(h.result);
            }
            faissnet_index_free(index);
        }
    }
}

TEST(range_search, parameters_per_call_are_parameters_on_the_index) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4np", "IDMap,IVF8,Flat", "PCA4,IVF8,Flat", "IDMap,PCA4,IVF8,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = filled(kinds[k]);
        for (int64_t nprobe = 1; nprobe <= 16; nprobe *= 2) {
            const faissnet_search_parameters parameters = {.nprobe = nprobe};
            OK(faissnet_index_set_nprobe(index, 1));
            const hits actual = ranged(index, 60, &parameters);
            OK(faissnet_index_set_nprobe(index, nprobe));
            const hits expected = ranged(index, 60, NULL);
            EQUAL(0, memcmp(expected.limits, actual.limits, sizeof(int64_t) * (NQ + 1)));
            CHECK(expected.limits[NQ] > 0);
            EQUAL(0, memcmp(expected.labels, actual.labels, sizeof(int64_t) * (size_t)expected.limits[NQ]));
            EQUAL(0, memcmp(expected.distances, actual.distances, sizeof(float) * (size_t)expected.limits[NQ]));
            faissnet_range_result_free(expected.result);
            faissnet_range_result_free(actual.result);
        }
        faissnet_index_free(index);
    }
}

TEST(range_search, of_nothing) {
    faissnet_index *index = filled("Flat"), *empty = create("Flat");
    faissnet_range_result* result;
    const int64_t *limits, *labels;
    const float* distances;
    OK(faissnet_index_range_search(index, 0, NULL, 10, NULL, &result));
    OK(faissnet_range_result_view(result, &limits, &labels, &distances));
    EQUAL(0, limits[0]);
    faissnet_range_result_free(result);

    const hits none = ranged(empty, 10, NULL);
    EQUAL(0, none.limits[NQ]);
    faissnet_range_result_free(none.result);
    faissnet_index_free(index);
    faissnet_index_free(empty);
}

TEST(range_search, outlives_its_index) {
    faissnet_index* index = filled("Flat");
    const hits h = ranged(index, 60, NULL);
    faissnet_index_free(index);
    is_exact(h, 60, FAISSNET_METRIC_L2, 0);
    faissnet_range_result_free(h.result);
}

TEST(range_search, refuses) {
    const int64_t start = live();
    faissnet_index *index = filled("IVF8,Flat"), *untrained = create("IVF8,Flat"), *flat = filled("Flat");
    const faissnet_search_parameters bad = {.nprobe = -1}, good = {.nprobe = 2};
    faissnet_range_result* result = NULL;
    const int64_t *limits, *labels;
    const float* distances;
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_range_search(NULL, 1, QUERIES, 1, NULL, &result));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -1", faissnet_index_range_search(index, -1, QUERIES, 1, NULL, &result));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 1", faissnet_index_range_search(index, 1, NULL, 1, NULL, &result));
    FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_range_search(index, INT64_MAX, QUERIES, 1, NULL, &result));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_range_search(index, 1, QUERIES, 1, NULL, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is -1", faissnet_index_range_search(index, 1, QUERIES, 1, &bad, &result));
    FAILS(FAISSNET_NOT_TRAINED, "train", faissnet_index_range_search(untrained, 1, QUERIES, 1, NULL, &result));
    FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_range_search(flat, 1, QUERIES, 1, &good, &result));
    CHECK(result == NULL);

    OK(faissnet_index_range_search(index, 1, QUERIES, 1, NULL, &result));
    FAILS(FAISSNET_INVALID_ARGUMENT, "result", faissnet_range_result_view(NULL, &limits, &labels, &distances));
    FAILS(FAISSNET_INVALID_ARGUMENT, "NULL", faissnet_range_result_view(result, NULL, &labels, &distances));
    FAILS(FAISSNET_INVALID_ARGUMENT, "NULL", faissnet_range_result_view(result, &limits, NULL, &distances));
    FAILS(FAISSNET_INVALID_ARGUMENT, "NULL", faissnet_range_result_view(result, &limits, &labels, NULL));
    faissnet_range_result_free(result);
    faissnet_index_free(index);
    faissnet_index_free(untrained);
    faissnet_index_free(flat);
    EQUAL(start, live());
}

TEST(range_search, where_faiss_has_none) {
    const int64_t start = live();
    faissnet_range_result* result = NULL;
    faissnet_index *hnsw = filled("IVF8,FlatDedup"), *refined = filled("IVF8,Flat,RFlat"), *fast = filled("IVF8,PQ4x4fs");
    const faissnet_search_parameters good = {.nprobe = 2}, codes = {.max_codes = 10};
    FAILS(FAISSNET_UNSUPPORTED, "not implemented", faissnet_index_range_search(hnsw, 1, QUERIES, 1, NULL, &result));
    FAILS(FAISSNET_UNSUPPORTED, "refined", faissnet_index_range_search(refined, 1, QUERIES, 1, &good, &result));
    FAILS(FAISSNET_UNSUPPORTED, NULL, faissnet_index_range_search(fast, 1, QUERIES, 1, &codes, &result));
    CHECK(result == NULL);
    faissnet_index_free(hnsw);
    faissnet_index_free(refined);
    faissnet_index_free(fast);
    EQUAL(start, live());
}
