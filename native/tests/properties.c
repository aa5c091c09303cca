#include "test.h"

static int64_t code_size(const char* description) {
    int64_t size = -1;
    faissnet_index* index = create(description);
    OK(faissnet_index_code_size(index, &size));
    faissnet_index_free(index);
    return size;
}

TEST(properties, code_size) {
    EQUAL(4 * D, code_size("Flat"));
    EQUAL(4 * D, code_size("IVF8,Flat"));
    EQUAL(4 * D, code_size("IDMap,Flat"));
    EQUAL(4 * D, code_size("HNSW8"));
    EQUAL(2, code_size("PQ4x4"));
    EQUAL(2, code_size("IVF8,PQ4x4"));
    EQUAL(3, code_size("PQ4x5"));
    EQUAL(4, code_size("IVF300,PQ4"));
    EQUAL(D, code_size("SQ8"));
    EQUAL(D / 2, code_size("IVF8,SQ4"));
    EQUAL(4 * 4, code_size("PCA4,IVF8,Flat"));
    EQUAL(2 + 4 * D, code_size("IVF8,PQ4x4,RFlat"));
    EQUAL(2, code_size("OPQ4,IVF8,PQ4x4"));
}

TEST(properties, of_the_ivf_inside) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,IVF8,Flat", "PCA4,IVF8,Flat", "IDMap,PCA4,IVF8,Flat", "IVF8,PQ4x4np,RFlat", "IVF8,PQ4x4fs"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int64_t nlist = -1, nprobe = -1, sizes[NLIST], sum = 0;
        faissnet_index* index = filled(kinds[i]);
        OK(faissnet_index_nlist(index, &nlist));
        EQUAL(NLIST, nlist);
        OK(faissnet_index_get_nprobe(index, &nprobe));
        EQUAL(1, nprobe);
        OK(faissnet_index_set_nprobe(index, 3));
        OK(faissnet_index_get_nprobe(index, &nprobe));
        EQUAL(3, nprobe);
        FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is 0", faissnet_index_set_nprobe(index, 0));
        FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is -1", faissnet_index_set_nprobe(index, -1));
        OK(faissnet_index_get_nprobe(index, &nprobe));
        EQUAL(3, nprobe);
        OK(faissnet_index_list_sizes(index, NLIST, sizes));
        for (int j = 0; j < NLIST; j++) {
            CHECK(sizes[j] >= 0);
            sum += sizes[j];
        }
        EQUAL(N, sum);
        OK(faissnet_index_reset(index));
        OK(faissnet_index_list_sizes(index, NLIST, sizes));
        for (int j = 0; j < NLIST; j++) EQUAL(0, sizes[j]);
        faissnet_index_free(index);
    }
}

TEST(properties, of_the_pq_inside) {
    static const char* const kinds[] = {"PQ4x5", "IVF8,PQ4x5", "IDMap,PQ4x5", "OPQ4,IVF8,PQ4x5", "IVF8,PQ4x5,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int64_t m = -1;
        int32_t nbits = -1;
        faissnet_index* index = create(kinds[i]);
        OK(faissnet_index_pq_m(index, &m));
        OK(faissnet_index_pq_nbits(index, &nbits));
        EQUAL(4, m);
        EQUAL(5, nbits);
        faissnet_index_free(index);
    }
    static const char* const fast[] = {"PQ4x4fs", "IVF8,PQ4x4fs"};
    for (int i = 0; i < 2; i++) {
        int64_t m = -1;
        int32_t nbits = -1;
        faissnet_index* index = create(fast[i]);
        OK(faissnet_index_pq_m(index, &m));
        OK(faissnet_index_pq_nbits(index, &nbits));
        EQUAL(4, m);
        EQUAL(4, nbits);
        faissnet_index_free(index);
    }
}

TEST(properties, where_there_is_no_ivf_or_pq) {
    int64_t value = -7, sizes[NLIST];
    int32_t small = -7;
    faissnet_index* index = create("IDMap,Flat");
    FAILS(FAISSNET_UNSUPPORTED, "IndexIDMap(IndexFlat)", faissnet_index_nlist(index, &value));
    FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_get_nprobe(index, &value));
    FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_set_nprobe(index, 1));
    FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_list_sizes(index, NLIST, sizes));
    FAILS(FAISSNET_UNSUPPORTED, "no product quantizer", faissnet_index_pq_m(index, &value));
    FAILS(FAISSNET_UNSUPPORTED, "no product quantizer", faissnet_index_pq_nbits(index, &small));
    EQUAL(-7, value);
    EQUAL(-7, small);
    faissnet_index_free(index);
}

TEST(properties, refuse_null) {
    int64_t large, sizes[NLIST];
    int32_t small;
    char text[10];
    faissnet_index* index = create("IVF8,PQ4x4");
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_kind(NULL, &small));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_kind(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_type_name(NULL, text, 10, &large));
    FAILS(FAISSNET_INVALID_ARGUMENT, "length", faissnet_index_type_name(index, text, 10, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "buffer", faissnet_index_type_name(index, NULL, 10, &large));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_d(NULL, &small));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_d(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_ntotal(NULL, &large));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_ntotal(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_is_trained(NULL, &small));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_is_trained(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_metric(NULL, &small));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_metric(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_code_size(NULL, &large));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_code_size(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_nlist(NULL, &large));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_nlist(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_get_nprobe(NULL, &large));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_get_nprobe(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_set_nprobe(NULL, 1));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_list_sizes(NULL, NLIST, sizes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "count", faissnet_index_list_sizes(index, NLIST, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "count is 7", faissnet_index_list_sizes(index, NLIST - 1, sizes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "count is 9", faissnet_index_list_sizes(index, NLIST + 1, sizes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "count is -1", faissnet_index_list_sizes(index, -1, sizes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_pq_m(NULL, &large));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_pq_m(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_pq_nbits(NULL, &small));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_pq_nbits(index, NULL));
    faissnet_index_free(index);
}

TEST(properties, type_name_is_cut_to_the_buffer) {
    char text[12];
    int64_t length = -1;
    faissnet_index* index = create("IDMap,Flat");
    OK(faissnet_index_type_name(index, NULL, 0, &length));
    EQUAL((int64_t)strlen("IndexIDMap(IndexFlat)"), length);
    OK(faissnet_index_type_name(index, text, 11, &length));
    SAME_TEXT("IndexIDMap", text);
    EQUAL((int64_t)strlen("IndexIDMap(IndexFlat)"), length);
    faissnet_index_free(index);
}
