#include "test.h"

#include <math.h>
#include <stdlib.h>

static int64_t encoded_size(const faissnet_index* index) {
    int64_t size = -1;
    OK(faissnet_index_encoded_size(index, &size));
    return size;
}

/* What is decoded is what an index that stores the vectors gives back. */
TEST(codes, decode_to_what_is_stored) {
    static const struct {
        const char* description;
        int64_t size;
    } kinds[] = {
        {"Flat", 4 * D},           {"SQ8", D},           {"PQ4x4np", 2},           {"IVF8,Flat", 1 + 4 * D},        {"IVF8,PQ4x4np", 1 + 2},
        {"IVF8,SQ8", 1 + D},       {"IDMap,Flat", 4 * D}, {"PCA4,IVF8,Flat", 1 + 16}, {"OPQ4,IVF8,PQ4x4np", 1 + 2}, {"IVF8,PQ4x4np,RFlat", 1 + 2 + 4 * D},
        {"IVF300,Flat", 2 + 4 * D}, {"PQ4x4fs", 2},         {"IVF8,PQ4x4fs", 1 + 2},         {"IVF8,PQ4x4fsr", 1 + 2}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index *empty = trained(kinds[k].description), *index = NULL;
        EQUAL(kinds[k].size, encoded_size(empty));
        uint8_t* codes = malloc((size_t)(N * kinds[k].size));
        float* vectors = malloc(sizeof(float) * N * D);
        CHECK(codes != NULL && vectors != NULL);
        OK(faissnet_index_encode(empty, N, whole(), codes));
        OK(faissnet_index_decode(empty, N, codes, vectors));
        EQUAL(0, ntotal(empty));

        OK(faissnet_index_clone(empty, &index));
        if (strstr(kinds[k].description, "IDMap") != NULL) {
            int64_t ids[N];
            for (int i = 0; i < N; i++) ids[i] = i;
            OK(faissnet_index_add_with_ids(index, N, whole(), ids));
        } else {
            OK(faissnet_index_add(index, N, whole()));
        }
        for (int i = 0; i < N; i++) {
            float stored[D];
            OK(faissnet_index_reconstruct(index, i, stored));
            for (int j = 0; j < D; j++) CHECK(stored[j] - vectors[i * D + j] < 1e-4f && vectors[i * D + j] - stored[j] < 1e-4f);
        }
        free(codes);
        free(vectors);
        faissnet_index_free(empty);
        faissnet_index_free(index);
    }
}

/* FAISS reads beyond its lists, or throws where that ends the process. */
TEST(codes, of_lists_that_do_not_exist) {
    static const char* const kinds[] = {"IVF5,Flat", "IVF5,PQ4x4np", "IVF5,SQ8", "PCA4,IVF5,Flat", "Residual5,PQ4", "IVF5,PQ4x4fs"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = trained(kinds[k]);
        const int64_t size = encoded_size(index);
        uint8_t* codes = calloc(3, (size_t)size);
        float vectors[3 * D];
        CHECK(codes != NULL);
        OK(faissnet_index_decode(index, 3, codes, vectors));
        codes[2 * size] = 5;
        FAILS(FAISSNET_INVALID_ARGUMENT, "code 2 is of list 5", faissnet_index_decode(index, 3, codes, vectors));
        OK(faissnet_index_decode(index, 2, codes, vectors));
        free(codes);
        faissnet_index_free(index);
    }
}

/* FAISS decodes any number as that of a point on its lattice's sphere. */
TEST(codes, of_points_that_do_not_exist) {
    faissnet_index* index = trained("ZnLattice2x10_4");
    const int64_t size = encoded_size(index);
    uint8_t codes[2 * 64];
    float vectors[2 * D];
    CHECK(size <= 64);
    OK(faissnet_index_encode(index, 2, whole(), codes));
    OK(faissnet_index_decode(index, 2, codes, vectors));
    memset(codes + size, 0xff, (size_t)size);
    FAILS(FAISSNET_INVALID_ARGUMENT, "code 1 is of point", faissnet_index_decode(index, 2, codes, vectors));
    faissnet_index_free(index);
}

TEST(codes, refuse) {
    faissnet_index *index = filled("Flat"), *untrained = create("SQ8"), *graph = filled("HNSW8");
    uint8_t codes[4 * D];
    float vector[D];
    int64_t size;
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_encoded_size(NULL, &size));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_encoded_size(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -1", faissnet_index_encode(index, -1, vector, codes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "floats", faissnet_index_encode(index, 1, NULL, codes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "codes", faissnet_index_encode(index, 1, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "codes", faissnet_index_decode(index, 1, NULL, vector));
    FAILS(FAISSNET_INVALID_ARGUMENT, "floats", faissnet_index_decode(index, 1, codes, NULL));
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_index_encode(untrained, 1, whole(), codes));
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_index_decode(untrained, 1, codes, vector));
    OK(faissnet_index_encode(index, 0, NULL, NULL));
    OK(faissnet_index_decode(index, 0, NULL, NULL));
    if (!faiss_at_least(1, 8)) {
        FAILS(FAISSNET_UNSUPPORTED, "not implemented", faissnet_index_encoded_size(graph, &size));
        FAILS(FAISSNET_UNSUPPORTED, "not implemented", faissnet_index_encode(graph, 1, whole(), codes));
    }
    faissnet_index* const made[] = {index, untrained, graph};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) faissnet_index_free(made[i]);
}

TEST(codes, a_loaded_transform_that_cannot_be_undone_is_not) {
    static const char* const kinds[] = {"PCAW4,Flat", "IDMap,PCAW4,Flat", "PCAW4,PQ4x4np,RFlat"};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        faissnet_index* made = trained(kinds[kind]);
        const bytes file = serialized(made);
        faissnet_index* loaded = deserialized(file);
        free(file.data);
        int64_t size;
        static uint8_t codes[256];
        float vector[D];
        OK(faissnet_index_encoded_size(made, &size));
        CHECK(size <= (int64_t)sizeof codes);
        OK(faissnet_index_encode(made, 1, whole(), codes));
        if (strstr(kinds[kind], "RFlat") == NULL) {
            FAILS(FAISSNET_UNSUPPORTED, "", faissnet_index_decode(made, 1, codes, vector));
            FAILS(FAISSNET_UNSUPPORTED, "", faissnet_index_decode(loaded, 1, codes, vector));
        } else { /* what refines is decoded, and that is not transformed */
            OK(faissnet_index_decode(loaded, 1, codes, vector));
            CHECK(memcmp(vector, whole(), sizeof vector) == 0);
        }
        faissnet_index_free(made);
        faissnet_index_free(loaded);
    }
    /* One that can be undone still is. */
    faissnet_index* made = trained("PCA8,Flat");
    const bytes file = serialized(made);
    faissnet_index* loaded = deserialized(file);
    free(file.data);
    uint8_t codes[D * sizeof(float)];
    float vector[D];
    OK(faissnet_index_encode(loaded, 1, whole(), codes));
    OK(faissnet_index_decode(loaded, 1, codes, vector));
    for (int i = 0; i < D; i++) CHECK(vector[i] - whole()[i] < 1e-3f && whole()[i] - vector[i] < 1e-3f);
    faissnet_index_free(made);
    faissnet_index_free(loaded);
}

/* Added codes are the vectors that were encoded. */
TEST(codes, can_be_added) {
    static const char* const kinds[] = {
        "Flat", "SQ8", "PQ4x4np", "LSH", "RQ2x4", "IVF8,Flat", "IVF8,PQ4x4np", "IVF8,SQ8", "IVF300,Flat", "IVF1,Flat", "IDMap,Flat", "IDMap2,SQ8",
        "PCA4,IVF8,Flat", "OPQ4,IVF8,PQ4x4np", "IVF8,PQ4x4np,RFlat", "IVF8,RQ2x4", "PQ4x4fs",
        "IVF8,PQ4x4fs", "IVF8,PQ4x4fsr", "PCA4,PQ4x4fs", "IVF8,PQ4x4fs,RFlat", "RQ2x4_Nfloat", "RQ3x5_Nfloat", "IVF8,RQ2x4_Nfloat"};
    int64_t ids[N];
    for (int i = 0; i < N; i++) ids[i] = 5000 - 7 * i;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index *expected = trained(kinds[k]), *actual = NULL;
        OK(faissnet_index_clone(expected, &actual));
        const int64_t size = encoded_size(expected);
        uint8_t* codes = malloc((size_t)(N * size));
        CHECK(codes != NULL);
        OK(faissnet_index_encode(expected, N, whole(), codes));
        const int needs_ids = strstr(kinds[k], "IDMap") != NULL, takes_ids = needs_ids || (strstr(kinds[k], "IVF") != NULL && strstr(kinds[k], "RFlat") == NULL);
        /* In portions, so that what is there already stays. */
        for (int first = 0; first < N; first += N / 2) {
            const int64_t* some = takes_ids ? ids + first : NULL;
            OK(faissnet_index_add_codes(actual, N / 2, codes + first * size, some));
            if (takes_ids) OK(faissnet_index_add_with_ids(expected, N / 2, whole() + first * D, some));
            else OK(faissnet_index_add(expected, N / 2, whole() + first * D));
        }
        if (takes_ids && !needs_ids) {
            OK(faissnet_index_add_codes(actual, 3, codes, NULL));
            OK(faissnet_index_add(expected, 3, whole()));
        }
        const bytes one = serialized(expected), other = serialized(actual);
        CHECK(same_bytes(one, other));
        if (strstr(kinds[k], "RQ") == NULL && strstr(kinds[k], "LSH") == NULL) {
            float vector[D], again[D];
            OK(faissnet_index_reconstruct(expected, takes_ids ? ids[N - 1] : N - 1, vector));
            OK(faissnet_index_reconstruct(actual, takes_ids ? ids[N - 1] : N - 1, again));
            CHECK(memcmp(vector, again, sizeof vector) == 0);
        }
        free(one.data);
        free(other.data);
        free(codes);
        faissnet_index_free(expected);
        faissnet_index_free(actual);
    }
}

TEST(codes, from_anywhere_are_checked_before_they_are_added) {
    static const struct {
        const char* description;
        int at, to; /* a byte of the last code; -1: a NaN at its end */
        const char* why;
    } wrong[] = {
        {"IVF5,Flat", 0, 5, "code 2 is of list 5"}, {"IVF5,PQ4x4fs", 0, 5, "code 2 is of list 5"}, {"IVF5,PQ4x4np", 0, 255, "code 2 is of list 255"}, {"IVF300,SQ8", 1, 2, "code 2 is of list"},
        {"PCA4,IVF5,Flat", 0, 5, "code 2 is of list 5"}, {"IVF5,PQ4x4np,RFlat", 0, 5, "code 2 is of list 5"}, {"Flat", -1, 0, "code 2 stands for"},
        {"IVF5,Flat", -1, 0, "code 2 stands for"}, {"IDMap,Flat", -1, 0, "code 2 stands for"}, {"PQ4x4np,RFlat", -1, 0, "code 2 stands for"},
        {"RQ2x4_Nfloat", -1, 0, "code 2 keeps"}, {"RQ3x5_Nfloat", -1, 0, "code 2 keeps"}, {"IVF5,RQ2x4_Nfloat", -1, 0, "code 2 keeps"}};
    const int64_t ids[] = {7, 8, 9};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
        faissnet_index* index = filled(wrong[k].description);
        const int64_t size = encoded_size(index);
        uint8_t* codes = malloc((size_t)(3 * size));
        CHECK(codes != NULL);
        OK(faissnet_index_encode(index, 3, whole(), codes));
        if (wrong[k].at < 0) memset(codes + 3 * size - 4, 0xff, 4);
        else codes[2 * size + wrong[k].at] = (uint8_t)wrong[k].to;
        const int64_t* given = strstr(wrong[k].description, "IDMap") != NULL ? ids : NULL;
        const bytes before = serialized(index);
        FAILS(FAISSNET_INVALID_ARGUMENT, wrong[k].why, faissnet_index_add_codes(index, 3, codes, given));
        const bytes after = serialized(index);
        CHECK(same_bytes(before, after));
        OK(faissnet_index_add_codes(index, 2, codes, given));
        EQUAL(N + 2, ntotal(index));
        free(before.data);
        free(after.data);
        free(codes);
        faissnet_index_free(index);
    }
}

/* What RaBitQ keeps beside the signs and the bits behind them is checked float by float. */
TEST(codes, factors_from_anywhere_are_checked) {
    static const struct {
        const char* description;
        int minor;           /* of FAISS 1 */
        int size, floats[6]; /* of a code with its list; 0: no more */
    } kinds[] = {{"IVF5,RaBitQ", 11, 1 + 1 + 8, {2, 6}}, {"IVF5,RaBitQ4", 14, 1 + 1 + 12 + 3 + 8, {2, 6, 10, 17, 21}}};
    static const float wrong[] = {NAN, INFINITY, -INFINITY, 3e38f};
    if (!faiss_at_least(1, 11)) test_skip("no RaBitQ before FAISS 1.11");
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds && faiss_at_least(1, kinds[k].minor); k++) {
        faissnet_index* index = filled(kinds[k].description);
        uint8_t codes[64], damaged[64];
        EQUAL(kinds[k].size, encoded_size(index));
        OK(faissnet_index_encode(index, 2, whole(), codes));
        for (const int* at = kinds[k].floats; *at != 0; at++) {
            for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                memcpy(damaged, codes, sizeof damaged);
                memcpy(damaged + kinds[k].size + *at, &wrong[i], sizeof *wrong);
                FAILS(FAISSNET_INVALID_ARGUMENT, "code 1 keeps", faissnet_index_add_codes(index, 2, damaged, NULL));
            }
        }
        OK(faissnet_index_add_codes(index, 2, codes, NULL));
        EQUAL(N + 2, ntotal(index));
        faissnet_index_free(index);
    }
}

TEST(codes, adding_refuses) {
    uint8_t codes[256] = {0};
    const int64_t ids[] = {5, -1};
    faissnet_index *flat = filled("Flat"), *untrained = create("IVF8,Flat"), *map = trained("IDMap,Flat"), *refined = trained("PQ4x4np,RFlat"), *ivf = trained("IVF8,Flat");
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_add_codes(NULL, 1, codes, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -1", faissnet_index_add_codes(flat, -1, codes, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "codes", faissnet_index_add_codes(flat, 1, NULL, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "do not fit", faissnet_index_add_codes(flat, INT64_MAX, codes, NULL));
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_index_add_codes(untrained, 1, codes, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "ids[1] is -1", faissnet_index_add_codes(ivf, 2, codes, ids));
    FAILS(FAISSNET_UNSUPPORTED, "stores no ids", faissnet_index_add_codes(flat, 1, codes, ids));
    FAILS(FAISSNET_UNSUPPORTED, "stores no ids", faissnet_index_add_codes(refined, 1, codes, ids));
    FAILS(FAISSNET_UNSUPPORTED, "caller's ids", faissnet_index_add_codes(map, 1, codes, NULL));
    OK(faissnet_index_add_codes(flat, 0, NULL, NULL));
    EQUAL(N, ntotal(flat));
    static const char* const cannot[] = {"HNSW8", "IVF8,PQ4+4", "Residual8,PQ4x4"};
    for (size_t i = 0; i < sizeof cannot / sizeof *cannot; i++) {
        faissnet_index* index = trained(cannot[i]);
        FAILS(FAISSNET_UNSUPPORTED, "", faissnet_index_add_codes(index, 1, codes, NULL));
        faissnet_index_free(index);
    }
    faissnet_index* const made[] = {flat, untrained, map, refined, ivf};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) faissnet_index_free(made[i]);
}
