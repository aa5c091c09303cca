#include "test.h"

#include <math.h>
#include <stdlib.h>

static int is_vector(const faissnet_index* index, int64_t id, int i) {
    float vector[D];
    OK(faissnet_index_reconstruct(index, id, vector));
    return memcmp(vector, whole() + i * D, sizeof vector) == 0;
}

static void has_not(const faissnet_index* index, int64_t id) {
    float vector[D] = {-7};
    FAILS(FAISSNET_NOT_FOUND, "id is", faissnet_index_reconstruct(index, id, vector));
    CHECK(vector[0] == -7);
}

static const int64_t nowhere[] = {-1, -2, N, N + 1, INT64_C(1) << 31, INT64_C(1) << 40, INT64_MAX, INT64_MIN};
enum { NOWHERE = sizeof nowhere / sizeof *nowhere };

TEST(reconstruct, what_was_stored_exactly) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "HNSW8", "IDMap,Flat", "IDMap2,IVF8,Flat", "IVF8,PQ4x4np,RFlat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = filled(kinds[k]);
        for (int i = 0; i < N; i++) CHECK(is_vector(index, i, i));
        for (int i = 0; i < NOWHERE; i++) has_not(index, nowhere[i]);
        faissnet_index_free(index);
    }
}

TEST(reconstruct, what_was_compressed_approximately) {
    static const char* const kinds[] = {"PQ4x4np", "IVF8,PQ4x4np", "SQ8", "IVF8,SQ8", "OPQ1,IVF8,PQ4x4np", "IVF8,PQ4x4fs", "PQ4x4fs", "IVF8,PQ1+1", "IDMap,IVF8,PQ4x4np"};
    /* far below the mean squared distance of two vectors, 8 * 2 * variance of 0 … 9 = 132 */
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = filled(kinds[k]);
        double error = 0;
        for (int i = 0; i < N; i++) {
            float vector[D];
            OK(faissnet_index_reconstruct(index, i, vector));
            error += distance(vector, whole() + i * D, D, FAISSNET_METRIC_L2);
        }
        if (!(error / N < 66)) test_fail(__FILE__, __LINE__, "%s: mean error %g", kinds[k], error / N);
        for (int i = 0; i < NOWHERE; i++) has_not(index, nowhere[i]);
        faissnet_index_free(index);
    }
}

TEST(reconstruct, through_a_rotation) {
    static const char* const kinds[] = {"RR8,Flat", "PCA8,IVF8,Flat", "IDMap,RR8,IVF8,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = filled(kinds[k]);
        for (int i = 0; i < N; i++) {
            float vector[D];
            OK(faissnet_index_reconstruct(index, i, vector));
            CHECK(distance(vector, whole() + i * D, D, FAISSNET_METRIC_L2) < 1e-6);
        }
        for (int i = 0; i < NOWHERE; i++) has_not(index, nowhere[i]);
        faissnet_index_free(index);
    }
}

static int64_t own_id(int i) {
    return (i % 2 ? 1 : -1) * (INT64_C(1000000007) * i + 5);
}

TEST(reconstruct, under_own_ids) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,Flat", "IDMap2,Flat", "IDMap,IVF8,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int64_t ids[N];
        faissnet_index* index = trained(kinds[k]);
        has_not(index, 0);
        for (int i = 0; i < N; i++) ids[i] = own_id(i);
        OK(faissnet_index_add_with_ids(index, N, whole(), ids));
        for (int i = 0; i < N; i++) CHECK(is_vector(index, ids[i], i));
        has_not(index, 0);
        has_not(index, -1);
        has_not(index, ids[3] + 1);
        faissnet_index_free(index);
    }
}

/* The table behind it must follow every change of the content. */
TEST(reconstruct, after_changes) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        int64_t ids[N], removed = 0;
        faissnet_index* index = trained(kinds[k]);
        for (int i = 0; i < N; i++) ids[i] = own_id(i);
        OK(faissnet_index_add_with_ids(index, 100, whole(), ids));
        CHECK(is_vector(index, ids[99], 99));
        has_not(index, ids[100]);
        OK(faissnet_index_add_with_ids(index, 100, whole() + 100 * D, ids + 100));
        CHECK(is_vector(index, ids[100], 100));

        const faissnet_selector selector = {.kind = FAISSNET_SELECT_IDS, .count = 50, .ids = ids + 20};
        OK(faissnet_index_remove_ids(index, &selector, &removed));
        EQUAL(50, removed);
        for (int i = 0; i < 200; i++) {
            if (i >= 20 && i < 70) has_not(index, ids[i]);
            else CHECK(is_vector(index, ids[i], i));
        }

        OK(faissnet_index_reset(index));
        has_not(index, ids[0]);
        OK(faissnet_index_add_with_ids(index, 1, whole() + 5 * D, ids));
        CHECK(is_vector(index, ids[0], 5));
        if (k == 0) {
            OK(faissnet_index_add(index, 1, whole() + 6 * D)); /* gets the id 1 = ntotal */
            CHECK(is_vector(index, 1, 6));
        }
        faissnet_index_free(index);
    }
}

TEST(reconstruct, of_a_copy) {
    faissnet_index *index = filled("IVF8,Flat"), *copy;
    int64_t removed;
    CHECK(is_vector(index, 3, 3));
    OK(faissnet_index_clone(index, &copy));
    const faissnet_selector some = {.kind = FAISSNET_SELECT_RANGE, .min = 0, .max = 10};
    OK(faissnet_index_remove_ids(copy, &some, &removed));
    CHECK(is_vector(index, 3, 3));
    has_not(copy, 3);
    CHECK(is_vector(copy, 10, 10));
    faissnet_index_free(index);
    faissnet_index_free(copy);
}

TEST(reconstruct, of_ids_given_twice) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const int64_t ids[] = {7, 8, 7, 7};
        faissnet_index* index = trained(kinds[k]);
        OK(faissnet_index_add_with_ids(index, 4, whole(), ids));
        EQUAL(4, ntotal(index));
        CHECK(is_vector(index, 8, 1));
        CHECK(is_vector(index, 7, 3) || (k == 0 && (is_vector(index, 7, 0) || is_vector(index, 7, 2)))); /* the last; in an IVF, by list */
        int64_t removed;
        const faissnet_selector seven = {.kind = FAISSNET_SELECT_IDS, .count = 1, .ids = ids};
        OK(faissnet_index_remove_ids(index, &seven, &removed));
        EQUAL(3, removed);
        has_not(index, 7);
        CHECK(is_vector(index, 8, 1));
        faissnet_index_free(index);
    }
}

TEST(reconstruct, after_reading) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,Flat", "IVF8,PQ4x4np", "IVF8,PQ4x4fs", "PQ4x4fs", "IVF8,PQ4x4np,RFlat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = filled(kinds[k]);
        const bytes data = serialized(index);
        faissnet_index* read = deserialized(data);
        for (int i = 0; i < N; i++) {
            float expected[D], actual[D];
            OK(faissnet_index_reconstruct(index, i, expected));
            OK(faissnet_index_reconstruct(read, i, actual));
            CHECK(memcmp(expected, actual, sizeof expected) == 0);
        }
        free(data.data);
        faissnet_index_free(index);
        faissnet_index_free(read);
    }
}

TEST(reconstruct, refuses) {
    float vector[D];
    faissnet_index *index = filled("IVF8,Flat"), *empty = create("Flat"), *untrained = create("IVF8,Flat");
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_reconstruct(NULL, 0, vector));
    FAILS(FAISSNET_INVALID_ARGUMENT, "vector", faissnet_index_reconstruct(index, 0, NULL));
    for (int i = 0; i < NOWHERE; i++) {
        has_not(empty, nowhere[i]);
        has_not(untrained, nowhere[i]);
    }
    has_not(empty, 0);
    has_not(untrained, 0);
    faissnet_index_free(index);
    faissnet_index_free(empty);
    faissnet_index_free(untrained);

    index = filled("IVF8,ITQ8,SH8");
    FAILS(FAISSNET_UNSUPPORTED, "not implemented", faissnet_index_reconstruct(index, 0, vector));
    faissnet_index_free(index);
    index = filled("PCAW4,Flat"); /* whitening has no inverse that FAISS knows of */
    FAILS(FAISSNET_UNSUPPORTED, "not implemented", faissnet_index_reconstruct(index, 0, vector));
    faissnet_index_free(index);
}
