#include "test.h"

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
        {"IVF300,Flat", 2 + 4 * D}};
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
    static const char* const kinds[] = {"IVF5,Flat", "IVF5,PQ4x4np", "IVF5,SQ8", "PCA4,IVF5,Flat"};
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
    faissnet_index* fast = trained("IVF8,PQ4x4fs");
    FAILS(FAISSNET_UNSUPPORTED, "fast-scan", faissnet_index_encoded_size(fast, &size));
    FAILS(FAISSNET_UNSUPPORTED, "fast-scan", faissnet_index_decode(fast, 1, codes, vector));
    faissnet_index* const made[] = {index, untrained, graph, fast};
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
