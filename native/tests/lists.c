#include "test.h"

#include <stdlib.h>

static void sizes_of(const faissnet_index* index, int64_t* sizes) {
    OK(faissnet_index_list_sizes(index, NLIST, sizes));
}

TEST(lists, each_vector_is_in_the_list_of_its_nearest_centroid) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,SQ8", "IVF8,PQ4x4np"};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        faissnet_index* index = filled(kinds[kind]);
        int64_t sizes[NLIST], code_size, encoded_size, seen = 0;
        static int64_t lists[N], ids[N];
        static float distances[N];
        static uint8_t codes[N * D * 4], encoded[N * (D * 4 + 1)];
        sizes_of(index, sizes);
        OK(faissnet_index_code_size(index, &code_size));
        OK(faissnet_index_encoded_size(index, &encoded_size));
        OK(faissnet_index_encode(index, N, whole(), encoded));
        OK(faissnet_index_choose_lists(index, N, whole(), 1, lists, distances));
        for (int64_t list = 0; list < NLIST; list++) {
            OK(faissnet_index_list_read(index, list, sizes[list], ids, codes));
            for (int64_t i = 0; i < sizes[list]; i++) {
                EQUAL(list, lists[ids[i]]);
                /* What encoding gives begins with the list, in one byte here. */
                EQUAL(list, encoded[ids[i] * encoded_size]);
                CHECK(memcmp(codes + i * code_size, encoded + ids[i] * encoded_size + 1, (size_t)code_size) == 0);
            }
            seen += sizes[list];
        }
        EQUAL(N, seen);
        faissnet_index_free(index);
    }
}

TEST(lists, a_search_of_the_chosen_lists_is_the_search) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,SQ8", "IVF8,PQ4x4np"};
    static results expected, actual;
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        faissnet_index* index = filled(kinds[kind]);
        int64_t lists[NQ * 3];
        float distances[NQ * 3];
        OK(faissnet_index_set_nprobe(index, 3));
        search(index, 10, NULL, &expected);
        OK(faissnet_index_set_nprobe(index, 1));
        OK(faissnet_index_choose_lists(index, NQ, QUERIES, 3, lists, distances));
        OK(faissnet_index_search_lists(index, NQ, QUERIES, 10, 3, lists, distances, actual.distances, actual.labels));
        same_results(&expected, &actual, 10);

        /* Without any list there is nothing; beyond the vectors there is padding. */
        for (int i = 0; i < NQ * 3; i++) lists[i] = -1;
        OK(faissnet_index_search_lists(index, NQ, QUERIES, 2, 3, lists, distances, actual.distances, actual.labels));
        for (int i = 0; i < NQ * 2; i++) EQUAL(-1, actual.labels[i]);
        lists[0] = 0;
        static float many_distances[N + 5];
        static int64_t many_labels[N + 5];
        OK(faissnet_index_search_lists(index, 1, QUERIES, N + 5, 1, lists, distances, many_distances, many_labels));
        EQUAL(-1, many_labels[N + 4]);
        faissnet_index_free(index);
    }
}

TEST(lists, what_makes_no_sense_is_refused) {
    faissnet_index *index = filled("IVF8,Flat"), *flat = filled("Flat"), *chain = filled("PCA4,IVF8,Flat"), *packed = filled("IVF8,PQ4x4fs");
    int64_t sizes[NLIST], lists[NQ], ids[N];
    float distances[NQ];
    static results found;
    sizes_of(index, sizes);
    FAILS(FAISSNET_INVALID_ARGUMENT, "list is 8", faissnet_index_list_read(index, NLIST, 0, ids, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "list is -1", faissnet_index_list_read(index, -1, 0, ids, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "count is", faissnet_index_list_read(index, 0, sizes[0] + 1, ids, NULL));
    FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_list_read(flat, 0, 0, ids, NULL));
    FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_list_read(chain, 0, 0, ids, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_list_read(NULL, 0, 0, ids, NULL));
    sizes_of(packed, sizes);
    OK(faissnet_index_list_read(packed, 0, sizes[0], ids, NULL));
    OK(faissnet_index_list_read(packed, 0, sizes[0], NULL, NULL));

    FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is 0", faissnet_index_choose_lists(index, NQ, QUERIES, 0, lists, distances));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is 9", faissnet_index_choose_lists(index, 1, QUERIES, NLIST + 1, lists, distances));
    FAILS(FAISSNET_INVALID_ARGUMENT, "lists", faissnet_index_choose_lists(index, 1, QUERIES, 1, NULL, distances));
    FAILS(FAISSNET_UNSUPPORTED, "no IVF", faissnet_index_choose_lists(chain, 1, QUERIES, 1, lists, distances));
    OK(faissnet_index_choose_lists(index, NQ, QUERIES, 1, lists, distances));
    lists[3] = NLIST;
    FAILS(FAISSNET_INVALID_ARGUMENT, "lists holds 8",
          faissnet_index_search_lists(index, NQ, QUERIES, 5, 1, lists, distances, found.distances, found.labels));
    lists[3] = -2;
    FAILS(FAISSNET_INVALID_ARGUMENT, "lists holds -2",
          faissnet_index_search_lists(index, NQ, QUERIES, 5, 1, lists, distances, found.distances, found.labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "k is 0",
          faissnet_index_search_lists(index, 1, QUERIES, 0, 1, lists, distances, found.distances, found.labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is 9",
          faissnet_index_search_lists(index, 1, QUERIES, 1, NLIST + 1, lists, distances, found.distances, found.labels));
    FAILS(FAISSNET_UNSUPPORTED, "fast-scan",
          faissnet_index_search_lists(packed, 1, QUERIES, 1, 1, lists, distances, found.distances, found.labels));
    faissnet_index* untrained = create("IVF8,Flat");
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_index_choose_lists(untrained, 1, QUERIES, 1, lists, distances));
    FAILS(FAISSNET_NOT_TRAINED, "trained",
          faissnet_index_search_lists(untrained, 1, QUERIES, 1, 1, lists, distances, found.distances, found.labels));
    faissnet_index_free(untrained);
    faissnet_index_free(packed);
    faissnet_index_free(chain);
    faissnet_index_free(flat);
    faissnet_index_free(index);
}
