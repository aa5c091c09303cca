/* FAISS's constructors and the options of what they make. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

static const faissnet_index_spec every[] = {
    {.kind = FAISSNET_KIND_FLAT, .metric = FAISSNET_METRIC_L1},
    {.kind = FAISSNET_KIND_IVF_FLAT, .metric = FAISSNET_METRIC_L2, .nlist = NLIST},
    {.kind = FAISSNET_KIND_IVF_PQ, .metric = FAISSNET_METRIC_INNER_PRODUCT, .nlist = NLIST, .m = 4, .nbits = 5},
    {.kind = FAISSNET_KIND_IVF_PQ_FAST_SCAN, .metric = FAISSNET_METRIC_L2, .nlist = NLIST, .m = 4, .nbits = 4},
    {.kind = FAISSNET_KIND_IVF_SCALAR_QUANTIZER, .metric = FAISSNET_METRIC_L2, .nlist = NLIST, .qtype = 6},
    {.kind = FAISSNET_KIND_IVF_RESIDUAL_QUANTIZER, .metric = FAISSNET_METRIC_L2, .nlist = NLIST, .m = 2, .nbits = 4},
    {.kind = FAISSNET_KIND_IVF_LOCAL_SEARCH_QUANTIZER, .metric = FAISSNET_METRIC_L2, .nlist = NLIST, .m = 2, .nbits = 4},
    {.kind = FAISSNET_KIND_PQ, .metric = FAISSNET_METRIC_L2, .m = 4, .nbits = 4},
    {.kind = FAISSNET_KIND_PQ_FAST_SCAN, .metric = FAISSNET_METRIC_L2, .m = 4, .nbits = 4, .block = 64},
    {.kind = FAISSNET_KIND_SCALAR_QUANTIZER, .metric = FAISSNET_METRIC_L2, .qtype = 3},
    {.kind = FAISSNET_KIND_RESIDUAL_QUANTIZER, .metric = FAISSNET_METRIC_L2, .m = 2, .nbits = 4, .search_type = 4},
    {.kind = FAISSNET_KIND_LOCAL_SEARCH_QUANTIZER, .metric = FAISSNET_METRIC_L2, .m = 2, .nbits = 4},
    {.kind = FAISSNET_KIND_LSH, .metric = FAISSNET_METRIC_L2, .nbits = 12, .rotate = 1, .thresholds = 1},
    {.kind = FAISSNET_KIND_HNSW_FLAT, .metric = FAISSNET_METRIC_INNER_PRODUCT, .links = 5},
    {.kind = FAISSNET_KIND_HNSW_SQ, .metric = FAISSNET_METRIC_L2, .links = 8, .qtype = 0},
    {.kind = FAISSNET_KIND_HNSW_PQ, .metric = FAISSNET_METRIC_L2, .links = 8, .m = 2},
    {.kind = FAISSNET_KIND_PRODUCT_RESIDUAL_QUANTIZER, .metric = FAISSNET_METRIC_L2, .nsplits = 2, .m = 2, .nbits = 4},
    {.kind = FAISSNET_KIND_PRODUCT_LOCAL_SEARCH_QUANTIZER, .metric = FAISSNET_METRIC_L2, .nsplits = 2, .m = 2, .nbits = 4},
    {.kind = FAISSNET_KIND_IVF_PRODUCT_RESIDUAL_QUANTIZER, .metric = FAISSNET_METRIC_L2, .nlist = NLIST, .nsplits = 2, .m = 2, .nbits = 4},
    {.kind = FAISSNET_KIND_IVF_PRODUCT_LOCAL_SEARCH_QUANTIZER, .metric = FAISSNET_METRIC_L2, .nlist = NLIST, .nsplits = 2, .m = 2, .nbits = 4},
    {.kind = FAISSNET_KIND_IVF_PQR, .metric = FAISSNET_METRIC_L2, .nlist = NLIST, .m = 4, .nbits = 4, .m_refine = 2, .nbits_refine = 5},
};

TEST(construct, every_kind_works) {
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        faissnet_index_spec spec = every[i];
        spec.d = D;
        faissnet_index* index = NULL;
        int32_t kind = -1;
        float distances[3];
        int64_t labels[3];
        OK(faissnet_index_new(&spec, &index));
        OK(faissnet_index_kind(index, &kind));
        EQUAL(spec.kind, kind);
        OK(faissnet_index_train(index, N, whole(), NULL));
        OK(faissnet_index_add(index, 200, whole()));
        OK(faissnet_index_search(index, 1, QUERIES, 3, NULL, distances, labels));
        CHECK(labels[0] >= 0);
        faissnet_index_free(index);
    }
}

TEST(construct, an_ivf_over_a_quantizer_of_the_callers) {
    static results found;
    for (size_t i = 0; i < sizeof every / sizeof *every; i++) {
        if (every[i].nlist == 0) continue;
        faissnet_index* quantizer = create_with(D, "HNSW8", every[i].metric);
        faissnet_index_spec spec = every[i];
        spec.d = D;
        spec.quantizer = quantizer;
        faissnet_index* index = NULL;
        OK(faissnet_index_new(&spec, &index));
        OK(faissnet_index_train(index, N, whole(), NULL));
        OK(faissnet_index_add(index, N, whole()));
        EQUAL(NLIST, ntotal(quantizer));
        OK(faissnet_index_set_nprobe(index, NLIST));
        search(index, 3, NULL, &found);
        CHECK(found.labels[0] >= 0);
        faissnet_index_free(i % 2 ? index : quantizer);
        faissnet_index_free(i % 2 ? quantizer : index);
    }
}

TEST(construct, what_makes_no_index) {
    faissnet_index* index = NULL;
    faissnet_index* lsh = create("LSH");
    faissnet_index* few = create("Flat");
    OK(faissnet_index_add(few, 3, whole()));
    const struct {
        faissnet_index_spec spec;
        const char* part;
    } bad[] = {
        {{.kind = FAISSNET_KIND_OTHER, .d = D}, "kind"},
        {{.kind = FAISSNET_KIND_ID_MAP, .d = D}, "kind"},
        {{.kind = 99, .d = D}, "kind"},
        {{.kind = FAISSNET_KIND_PQ, .d = 0, .m = 1, .nbits = 8}, "d is"},
        {{.kind = FAISSNET_KIND_PQ, .d = D, .m = 3, .nbits = 8}, "m is"},
        {{.kind = FAISSNET_KIND_PQ, .d = D, .m = 2, .nbits = 17}, "nbits is"},
        {{.kind = FAISSNET_KIND_PQ, .d = D, .m = 2, .nbits = 8, .metric = FAISSNET_METRIC_L1}, "metric is"},
        {{.kind = FAISSNET_KIND_PQ_FAST_SCAN, .d = D, .m = 2, .nbits = 5}, "nbits is"},
        {{.kind = FAISSNET_KIND_PQ_FAST_SCAN, .d = D, .m = 2, .nbits = 4, .block = 31}, "block is"},
        {{.kind = FAISSNET_KIND_SCALAR_QUANTIZER, .d = D, .qtype = 99}, "qtype is"},
        {{.kind = FAISSNET_KIND_SCALAR_QUANTIZER, .d = D, .qtype = -1}, "qtype is"},
        {{.kind = FAISSNET_KIND_HNSW_FLAT, .d = D, .links = 1}, "links is"},
        {{.kind = FAISSNET_KIND_HNSW_PQ, .d = D, .links = 4, .m = 3}, "m is"},
        {{.kind = FAISSNET_KIND_HNSW_PQ, .d = D, .links = 4, .m = 2, .metric = FAISSNET_METRIC_INNER_PRODUCT}, "metric is"},
        {{.kind = FAISSNET_KIND_LSH, .d = D, .nbits = 9, .metric = FAISSNET_METRIC_L2}, "nbits is"},
        {{.kind = FAISSNET_KIND_RESIDUAL_QUANTIZER, .d = D, .m = 0, .nbits = 4}, "m is"},
        {{.kind = FAISSNET_KIND_LOCAL_SEARCH_QUANTIZER, .d = D, .m = 2, .nbits = 4, .search_type = 8}, "search_type is"},
        {{.kind = FAISSNET_KIND_PRODUCT_RESIDUAL_QUANTIZER, .d = D, .nsplits = 3, .m = 2, .nbits = 4}, "nsplits is"},
        {{.kind = FAISSNET_KIND_IVF_PRODUCT_LOCAL_SEARCH_QUANTIZER, .d = D, .nlist = 4, .m = 2, .nbits = 4}, "nsplits is"},
        {{.kind = FAISSNET_KIND_IVF_PQR, .d = D, .nlist = 4, .metric = 1, .m = 2, .nbits = 4, .m_refine = 3, .nbits_refine = 4}, "m is 3"},
        {{.kind = FAISSNET_KIND_IVF_PQR, .d = D, .nlist = 4, .metric = 1, .m = 2, .nbits = 4, .m_refine = 2}, "nbits is 0"},
        {{.kind = FAISSNET_KIND_IVF_PQR, .d = D, .nlist = 4, .m = 2, .nbits = 4, .m_refine = 2, .nbits_refine = 4}, "metric is"},
        {{.kind = FAISSNET_KIND_IVF_FLAT, .d = D, .nlist = 0}, "nlist is"},
        {{.kind = FAISSNET_KIND_IVF_FLAT, .d = D, .nlist = 4, .quantizer = lsh}, "quantizer"},
        {{.kind = FAISSNET_KIND_IVF_FLAT, .d = D, .nlist = 4, .quantizer = few}, "quantizer holds 3"},
        {{.kind = FAISSNET_KIND_IVF_FLAT, .d = D + 1, .nlist = 3, .quantizer = few}, "dimension"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, bad[i].part, faissnet_index_new(&bad[i].spec, &index));
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "spec", faissnet_index_new(NULL, &index));
    const faissnet_index_spec newer = {.kind = FAISSNET_KIND_RABITQ, .d = D};
    if (faiss_at_least(1, 11)) {
        OK(faissnet_index_new(&newer, &index));
        faissnet_index_free(index);
    } else {
        FAILS(FAISSNET_UNSUPPORTED, "RaBitQ", faissnet_index_new(&newer, &index));
    }
    const faissnet_index_spec fits = {.kind = FAISSNET_KIND_IVF_FLAT, .d = D, .nlist = 3, .metric = 1, .quantizer = few};
    OK(faissnet_index_new(&fits, &index));
    faissnet_index_free(index);
    faissnet_index_free(few);
    faissnet_index_free(lsh);
}

TEST(construct, options) {
    double value = -7;
    faissnet_index* index = create("IVF8,PQ4x4np");
    OK(faissnet_index_get_option(index, "by_residual", &value));
    EQUAL(1, value);
    OK(faissnet_index_set_option(index, "by_residual", 0));
    OK(faissnet_index_get_option(index, "by_residual", &value));
    EQUAL(0, value);
    OK(faissnet_index_set_option(index, "cp.niter", 3));
    OK(faissnet_index_get_option(index, "cp.niter", &value));
    EQUAL(3, value);
    FAILS(FAISSNET_INVALID_ARGUMENT, "cp.niter is 0", faissnet_index_set_option(index, "cp.niter", 0));
    FAILS(FAISSNET_INVALID_ARGUMENT, "whole number", faissnet_index_set_option(index, "cp.niter", 1.5));
    FAILS(FAISSNET_INVALID_ARGUMENT, "use_precomputed_table", faissnet_index_set_option(index, "use_precomputed_table", 2));
    FAILS(FAISSNET_UNSUPPORTED, "no such option", faissnet_index_set_option(index, "qb", 4));
    FAILS(FAISSNET_UNSUPPORTED, "no such option", faissnet_index_get_option(index, "", &value));
    OK(faissnet_index_train(index, N, whole(), NULL));
    FAILS(FAISSNET_UNSUPPORTED, "before training", faissnet_index_set_option(index, "by_residual", 1));
    OK(faissnet_index_set_option(index, "use_precomputed_table", 1));
    faissnet_index_free(index);

    index = create("HNSW12");
    OK(faissnet_index_get_option(index, "M", &value));
    EQUAL(12, value);
    FAILS(FAISSNET_UNSUPPORTED, "made with", faissnet_index_set_option(index, "M", 13));
    faissnet_index_free(index);

    index = create("IVF8,PRQ2x3x4");
    OK(faissnet_index_get_option(index, "nsplits", &value));
    EQUAL(2, value);
    OK(faissnet_index_get_option(index, "M", &value));
    EQUAL(6, value);
    OK(faissnet_index_set_option(index, "max_beam_size", 9));
    OK(faissnet_index_get_option(index, "max_beam_size", &value));
    EQUAL(9, value);
    FAILS(FAISSNET_UNSUPPORTED, "no such option", faissnet_index_set_option(index, "train_iters", 9));
    faissnet_index_free(index);

    index = create("IVF8,PQ4+2");
    OK(faissnet_index_get_option(index, "M_refine", &value));
    EQUAL(2, value);
    OK(faissnet_index_get_option(index, "nbits_refine", &value));
    EQUAL(8, value);
    FAILS(FAISSNET_UNSUPPORTED, "made with", faissnet_index_set_option(index, "by_residual", 0));
    faissnet_index_free(index);
}

TEST(construct, parameters_worth_trying) {
    char text[256];
    int64_t length = 0;
    static const char* const expected[][2] = {
        {"Flat", ""}, {"IVF8,Flat", "nprobe=1,2,4"}, {"IDMap,IVF8,Flat,RFlat", "k_factor_rf=1,2,4,8,16,32,64;nprobe=1,2,4"},
        {"HNSW8", "efSearch=4,8,16,32,64,128,256,512"}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        faissnet_index* index = create(expected[i][0]);
        OK(faissnet_index_parameter_ranges(index, text, sizeof text, &length));
        SAME_TEXT(expected[i][1], text);
        faissnet_index_free(index);
    }
}

TEST(construct, ef_search_of_one_call) {
    static results expected, actual;
    static const char* const kinds[] = {"HNSW4", "IDMap,HNSW4", "IVF64_HNSW4,Flat"};
    for (size_t k = 0; k < 3; k++) {
        faissnet_index* index = filled(kinds[k]);
        const faissnet_search_parameters ef = {.ef_search = 100};
        const char* const name = k == 2 ? "quantizer_efSearch" : "efSearch";
        OK(faissnet_index_set_parameter(index, name, 100));
        search(index, 5, NULL, &expected);
        OK(faissnet_index_set_parameter(index, name, 10));
        search(index, 5, &ef, &actual);
        EQUAL(0, memcmp(expected.distances, actual.distances, NQ * 5 * sizeof(float)));
        faissnet_index_free(index);
    }
    faissnet_index* flat = filled("Flat");
    const faissnet_search_parameters ef = {.ef_search = 100}, ht = {.ht = 10}, bad = {.ef_search = -1};
    FAILS(FAISSNET_UNSUPPORTED, "efSearch", faissnet_index_search(flat, 1, QUERIES, 1, &ef, actual.distances, actual.labels));
    FAILS(FAISSNET_UNSUPPORTED, "ht", faissnet_index_search(flat, 1, QUERIES, 1, &ht, actual.distances, actual.labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "efSearch", faissnet_index_search(flat, 1, QUERIES, 1, &bad, actual.distances, actual.labels));
    faissnet_index_free(flat);
}

/* Sums of |x - y|^p. */
TEST(construct, the_argument_of_a_metric) {
    static const char* const kinds[] = {"Flat", "HNSW32"};
    for (size_t kind = 0; kind < 2; kind++) {
        faissnet_index* index = create_with(D, kinds[kind], FAISSNET_METRIC_LP);
        double value = -1;
        OK(faissnet_index_set_option(index, "metric_arg", 3));
        OK(faissnet_index_get_option(index, "metric_arg", &value));
        EQUAL(3, value);
        FAILS(FAISSNET_INVALID_ARGUMENT, "metric_arg is 0", faissnet_index_set_option(index, "metric_arg", 0));
        OK(faissnet_index_add(index, 50, whole()));
        OK(faissnet_index_set_parameter(index, kind == 0 ? "verbose" : "efSearch", kind == 0 ? 0 : 50));
        FAILS(FAISSNET_UNSUPPORTED, "empty", faissnet_index_set_option(index, "metric_arg", 2));
        bytes file = serialized(index);
        faissnet_index* loaded = deserialized(file);
        for (int turn = 0; turn < 2; turn++) {
            float distances[5];
            int64_t labels[5];
            OK(faissnet_index_search(turn == 0 ? index : loaded, 1, QUERIES, 5, NULL, distances, labels));
            for (int i = 0; i < 5; i++) {
                double expected = 0;
                for (int j = 0; j < D; j++) {
                    const double difference = QUERIES[j] - whole()[labels[i] * D + j];
                    expected += difference * difference * (difference < 0 ? -difference : difference);
                }
                EQUAL((int64_t)expected, (int64_t)(distances[i] + 0.5f));
                CHECK(i == 0 || distances[i - 1] <= distances[i]);
            }
        }
        free(file.data);
        faissnet_index_free(loaded);
        faissnet_index_free(index);
    }
    faissnet_index* flat = create("Flat");
    FAILS(FAISSNET_UNSUPPORTED, "Lp", faissnet_index_set_option(flat, "metric_arg", 2));
    faissnet_index_free(flat);
}
