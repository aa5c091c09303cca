#include "test.h"

#include <stdio.h>

static faissnet_status ivf_flat_new(int32_t d, int64_t nlist, int32_t metric, faissnet_index** index) {
    const faissnet_index_spec spec = {.kind = FAISSNET_KIND_IVF_FLAT, .d = d, .nlist = nlist, .metric = metric};
    return faissnet_index_new(&spec, index);
}

static faissnet_status ivf_pq_new(int32_t d, int64_t nlist, int64_t m, int32_t nbits, int32_t metric, faissnet_index** index) {
    const faissnet_index_spec spec = {.kind = FAISSNET_KIND_IVF_PQ, .d = d, .nlist = nlist, .m = m, .nbits = nbits, .metric = metric};
    return faissnet_index_new(&spec, index);
}

static const int32_t metrics[] = {
    FAISSNET_METRIC_INNER_PRODUCT, FAISSNET_METRIC_L2, FAISSNET_METRIC_L1, FAISSNET_METRIC_LINF, FAISSNET_METRIC_LP,
    FAISSNET_METRIC_CANBERRA, FAISSNET_METRIC_BRAY_CURTIS, FAISSNET_METRIC_JENSEN_SHANNON};
static const int32_t no_metrics[] = {-1, 5, 19, 23, INT32_MIN, INT32_MAX};
static const int32_t no_dimensions[] = {0, -1, (1 << 20) + 1, INT32_MIN, INT32_MAX};

enum { METRICS = sizeof metrics / sizeof *metrics, NO_METRICS = sizeof no_metrics / sizeof *no_metrics, NO_DIMENSIONS = sizeof no_dimensions / sizeof *no_dimensions };

static void has(const faissnet_index* index, int32_t d, int32_t metric, int32_t is_trained, int32_t kind) {
    int32_t value;
    OK(faissnet_index_d(index, &value));
    EQUAL(d, value);
    OK(faissnet_index_metric(index, &value));
    EQUAL(metric, value);
    OK(faissnet_index_is_trained(index, &value));
    EQUAL(is_trained, value);
    OK(faissnet_index_kind(index, &value));
    EQUAL(kind, value);
    EQUAL(0, ntotal(index));
}

TEST(lifecycle, flat_of_every_metric) {
    for (int i = 0; i < METRICS; i++) {
        faissnet_index* index = NULL;
        OK(faissnet_index_flat_new(5, metrics[i], &index));
        has(index, 5, metrics[i], 1, FAISSNET_KIND_FLAT);
        faissnet_index_free(index);
    }
    faissnet_index* index;
    OK(faissnet_index_flat_new(1 << 20, FAISSNET_METRIC_L2, &index));
    has(index, 1 << 20, FAISSNET_METRIC_L2, 1, FAISSNET_KIND_FLAT);
    faissnet_index_free(index);
}

TEST(lifecycle, flat_refuses) {
    const int64_t start = live();
    faissnet_index* index = (faissnet_index*)&metrics;
    for (int i = 0; i < NO_DIMENSIONS; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "d is ", faissnet_index_flat_new(no_dimensions[i], FAISSNET_METRIC_L2, &index));
    }
    for (int i = 0; i < NO_METRICS; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "metric is ", faissnet_index_flat_new(4, no_metrics[i], &index));
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_flat_new(4, FAISSNET_METRIC_L2, NULL));
    CHECK(index == (faissnet_index*)&metrics); /* written only on success */
    EQUAL(start, live());
}

TEST(lifecycle, ivf_flat) {
    const int64_t start = live();
    faissnet_index* index = NULL;
    for (int32_t metric = 0; metric <= 1; metric++) {
        OK(ivf_flat_new(6, 10, metric, &index));
        has(index, 6, metric, 0, FAISSNET_KIND_IVF_FLAT);
        int64_t nlist;
        OK(faissnet_index_nlist(index, &nlist));
        EQUAL(10, nlist);
        faissnet_index_free(index);
    }
    for (int i = 0; i < NO_DIMENSIONS; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "d is ", ivf_flat_new(no_dimensions[i], 10, 1, &index));
    }
    for (int i = 0; i < NO_METRICS; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "metric is ", ivf_flat_new(6, 10, no_metrics[i], &index));
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric is 2", ivf_flat_new(6, 10, FAISSNET_METRIC_L1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nlist is 0", ivf_flat_new(6, 0, 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nlist is -1", ivf_flat_new(6, -1, 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nlist is 2147483648", ivf_flat_new(6, INT64_C(1) << 31, 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", ivf_flat_new(6, 10, 1, NULL));
    EQUAL(start, live());
}

TEST(lifecycle, ivf_pq) {
    const int64_t start = live();
    faissnet_index* index = NULL;
    for (int32_t metric = 0; metric <= 1; metric++) {
        for (int32_t nbits = 1; nbits <= 16; nbits++) {
            if (nbits > 8 && !faiss_at_least(1, 14)) { /* FAISS stopped at 8 */
                CHECK(ivf_pq_new(8, 10, 4, nbits, metric, &index) != FAISSNET_OK);
                continue;
            }
            OK(ivf_pq_new(8, 10, 4, nbits, metric, &index));
            has(index, 8, metric, 0, FAISSNET_KIND_IVF_PQ);
            int64_t value;
            int32_t bits;
            OK(faissnet_index_nlist(index, &value));
            EQUAL(10, value);
            OK(faissnet_index_pq_m(index, &value));
            EQUAL(4, value);
            OK(faissnet_index_pq_nbits(index, &bits));
            EQUAL(nbits, bits);
            OK(faissnet_index_code_size(index, &value));
            EQUAL((4 * nbits + 7) / 8, value);
            faissnet_index_free(index);
        }
    }
    for (int i = 0; i < NO_DIMENSIONS; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "d is ", ivf_pq_new(no_dimensions[i], 10, 4, 8, 1, &index));
    }
    const int64_t no_m[] = {0, -1, 3, 16, INT64_MIN, INT64_MAX};
    for (size_t i = 0; i < sizeof no_m / sizeof *no_m; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "m is ", ivf_pq_new(8, 10, no_m[i], 8, 1, &index));
    }
    const int32_t no_bits[] = {0, -1, 17, 40, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof no_bits / sizeof *no_bits; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "nbits is ", ivf_pq_new(8, 10, 4, no_bits[i], 1, &index));
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric is 2", ivf_pq_new(8, 10, 4, 8, FAISSNET_METRIC_L1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nlist is 0", ivf_pq_new(8, 0, 4, 8, 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", ivf_pq_new(8, 10, 4, 8, 1, NULL));
    EQUAL(start, live());
}

TEST(lifecycle, factory) {
    static const struct {
        const char *description, *type;
        int32_t kind, is_trained;
    } known[] = {
        {"Flat", "IndexFlat", FAISSNET_KIND_FLAT, 1},
        {"IVF8,Flat", "IndexIVFFlat", FAISSNET_KIND_IVF_FLAT, 0},
        {"IVF8,PQ4x4", "IndexIVFPQ", FAISSNET_KIND_IVF_PQ, 0},
        {"IVF8,PQ4+4", "IndexIVFPQR", FAISSNET_KIND_IVF_PQR, 0},
        {"IVF8,FlatDedup", "IndexIVFFlatDedup", FAISSNET_KIND_OTHER, 0},
        {"IVF8,SQ8", "IndexIVFScalarQuantizer", FAISSNET_KIND_IVF_SCALAR_QUANTIZER, 0},
        {"PQ4x4", "IndexPQ", FAISSNET_KIND_PQ, 0},
        {"HNSW8", "IndexHNSWFlat", FAISSNET_KIND_HNSW_FLAT, 1},
        {"IDMap,Flat", "IndexIDMap(IndexFlat)", FAISSNET_KIND_ID_MAP, 1},
        {"IDMap2,Flat", "IndexIDMap2(IndexFlat)", FAISSNET_KIND_ID_MAP2, 1},
        {"OPQ1,IVF8,PQ4x4", "IndexPreTransform(IndexIVFPQ)", FAISSNET_KIND_PRE_TRANSFORM, 0},
        {"IDMap,PCA4,IVF8,Flat", "IndexIDMap(IndexPreTransform(IndexIVFFlat))", FAISSNET_KIND_ID_MAP, 0},
        {"IVF8,PQ4x4,RFlat", "IndexRefine", FAISSNET_KIND_REFINE_FLAT, 0},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        faissnet_index* index = create(known[i].description);
        char name[128];
        int64_t length;
        OK(faissnet_index_type_name(index, name, sizeof name, &length));
        if (strcmp(known[i].type, "IndexRefine") == 0) {
            CHECK(strcmp(name, "IndexRefine(IndexIVFPQ)") == 0 || strcmp(name, "IndexRefineFlat(IndexIVFPQ)") == 0); /* since 1.8 */
        } else {
            SAME_TEXT(known[i].type, name);
        }
        has(index, D, FAISSNET_METRIC_L2, known[i].is_trained, known[i].kind);
        faissnet_index_free(index);
    }
}

TEST(lifecycle, factory_refuses) {
    const int64_t start = live();
    faissnet_index* index = NULL;
    FAILS(FAISSNET_INVALID_ARGUMENT, "description", faissnet_index_factory(D, NULL, 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "description", faissnet_index_factory(D, "", 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_factory(D, "Flat", 1, NULL));
    for (int i = 0; i < NO_DIMENSIONS; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "d is ", faissnet_index_factory(no_dimensions[i], "Flat", 1, &index));
    }
    for (int i = 0; i < NO_METRICS; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "metric is ", faissnet_index_factory(D, "Flat", no_metrics[i], &index));
    }
    static const char* const unknown[] = {"Flattish", "IVF8", "PQ", "PQ3", "IVF8,PQ5", "IVF,Flat", "((((", "IVF8,LSH", "\xff\xfe", "IDMap,"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, unknown[i], faissnet_index_factory(D, unknown[i], 1, &index));
    }
    CHECK(index == NULL);
    EQUAL(start, live());
}

/* Each of these crashed or hung FAISS 1.7.3 or 1.14.3, at once or at the first training, addition or search. */
TEST(lifecycle, factory_refuses_what_kills_faiss) {
    const int64_t start = live();
    faissnet_index* index = NULL;
    static const char* const zeros[] = {
        "IVF0,Flat", "PQ0", "PQ4x0", "IVF8,PQ0", "PQ0x4fs", "PQ4x4fs_0", "OPQ4_0,Flat", "OPQ0,Flat", "HNSW0", "NSG0", "RQ0x8", "RQ2x0",
        "LSQ0x4", "Residual0,PQ4", "IVF8_HNSW0,Flat", "IVF8(IVF0,Flat),Flat", "ZnLattice0x4_3", "IVF8,PQ4+0", "PCA0,Flat", "IVF00,Flat"};
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "number 0", faissnet_index_factory(D, zeros[i], 1, &index));
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "at least 2", faissnet_index_factory(D, "HNSW1", 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "at least 2", faissnet_index_factory(D, "IVF8_HNSW1,Flat", 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "at least 2", faissnet_index_factory(D, "IDMap,HNSW1", 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "bits", faissnet_index_factory(D, "PQ4x40", 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "17", faissnet_index_factory(D, "PQ4x17", 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "too large", faissnet_index_factory(D, "IVF99999999999,Flat", 1, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric is 2", faissnet_index_factory(D, "HNSW8_SQ8", FAISSNET_METRIC_L1, &index));
    if (!faiss_at_least(1, 14)) {
        static const char* const codes[] = {"IVF8,Flat", "IVF8,PQ4x4", "IDMap,IVF8,Flat", "PCA4,IVF8,Flat", "IVF8,SQ8", "SQ8", "PQ4x4"};
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
            FAILS(FAISSNET_INVALID_ARGUMENT, "metric is 2", faissnet_index_factory(D, codes[i], FAISSNET_METRIC_L1, &index));
        }
    }
    EQUAL(start, live());

    /* and what is no size may be small */
    faissnet_index_free(create_with(D, "IVF10,PQ4x4np", 1));
    faissnet_index_free(create_with(D, "IVF10,ITQ8,SH0.5", 1));
    faissnet_index_free(create_with(D, "HNSW2", 1));
    faissnet_index_free(create_with(D, "HNSW8", FAISSNET_METRIC_L1));
    faissnet_index_free(create_with(D, "IDMap,Flat", FAISSNET_METRIC_CANBERRA));
}

static const char* const kinds[] = {
    "Flat", "IVF8,Flat", "IVF8,PQ4x4np", "PQ4x4np", "IVF8,SQ8", "HNSW8", "RR8,IVF8,PQ4x4np", "IDMap,Flat", "IDMap2,IVF8,Flat",
    "IVF8,PQ1+1", "IVF8_HNSW8,Flat", "PCA4,Flat"};

TEST(lifecycle, clone_is_deep) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        static results before, after;
        faissnet_index *index = filled(kinds[i]), *copy = NULL;
        search(index, 5, NULL, &before);
        OK(faissnet_index_clone(index, &copy));
        OK(faissnet_index_reset(index));
        EQUAL(N, ntotal(copy));
        faissnet_index_free(index);
        search(copy, 5, NULL, &after);
        same_results(&before, &after, 5);
        float vector[D];
        OK(faissnet_index_reconstruct(copy, 3, vector));
        OK(faissnet_index_reset(copy));
        EQUAL(0, ntotal(copy));
        faissnet_index_free(copy);
    }
}

TEST(lifecycle, clone_of_fast_scan) {
    faissnet_index *index = filled("IVF8,PQ4x4fs"), *copy = NULL;
    float expected[D], actual[D];
    OK(faissnet_index_reconstruct(index, 3, expected));
    OK(faissnet_index_clone(index, &copy));
    faissnet_index_free(index);
    OK(faissnet_index_reconstruct(copy, 3, actual));
    CHECK(memcmp(expected, actual, sizeof expected) == 0);
    faissnet_index_free(copy);
}

TEST(lifecycle, clone_refuses) {
    const int64_t start = live();
    faissnet_index *index = create("Flat"), *copy;
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_clone(NULL, &copy));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_clone(index, NULL));
    faissnet_index_free(index);
    EQUAL(start, live());
}

TEST(lifecycle, free_of_null) {
    const int64_t start = live();
    faissnet_index_free(NULL);
    faissnet_range_result_free(NULL);
    EQUAL(start, live());
}
