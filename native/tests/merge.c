#include "test.h"

#include <stdlib.h>

enum { HALF = N / 2 };

/* The first or the second half of whole(), under the ids 0 … HALF - 1, in a copy of a trained index. */
static faissnet_index* half(const faissnet_index* empty, int which, const char* description) {
    faissnet_index* index = NULL;
    OK(faissnet_index_clone(empty, &index));
    if (strstr(description, "IDMap") != NULL) {
        int64_t ids[HALF];
        for (int i = 0; i < HALF; i++) ids[i] = i;
        OK(faissnet_index_add_with_ids(index, HALF, whole() + which * HALF * D, ids));
    } else {
        OK(faissnet_index_add(index, HALF, whole() + which * HALF * D));
    }
    return index;
}

TEST(merge, two_halves_are_the_whole) {
    static const char* const kinds[] = {
        "Flat", "IVF8,Flat", "IVF8,PQ4x4np", "IVF8,SQ8", "PQ4x4np", "SQ8", "IDMap,Flat", "IDMap2,Flat", "IDMap,IVF8,Flat",
        "PCA4,IVF8,Flat", "OPQ4,IVF8,PQ4x4np", "PCA4,Flat", "IVF8,PQ4x4np,RFlat", "PQ4x4np,RFlat", "IDMap2,PCA4,PQ4x4np",
        "PQ4x4fs", "IVF8,PQ4x4fs", "IVF8,PQ4x4fsr"};
    static results expected, actual;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* empty = trained(kinds[k]);
        if (strstr(kinds[k], "IVF") != NULL) OK(faissnet_index_set_nprobe(empty, 3));
        faissnet_index *all = half(empty, 0, kinds[k]), *first = half(empty, 0, kinds[k]), *second = half(empty, 1, kinds[k]);
        float vector[D], other[D];
        if (strstr(kinds[k], "IDMap") != NULL) {
            int64_t ids[HALF];
            for (int i = 0; i < HALF; i++) ids[i] = HALF + i;
            OK(faissnet_index_add_with_ids(all, HALF, whole() + HALF * D, ids));
        } else {
            OK(faissnet_index_add(all, HALF, whole() + HALF * D));
        }
        OK(faissnet_index_reconstruct(first, 5, vector)); /* what it looked up then is not true any more */
        OK(faissnet_index_merge_from(first, second, HALF));
        EQUAL(N, ntotal(first));
        EQUAL(0, ntotal(second));
        search(all, 10, NULL, &expected);
        search(first, 10, NULL, &actual);
        same_results(&expected, &actual, 10);
        for (int i = 0; i < N; i += 37) {
            OK(faissnet_index_reconstruct(all, i, vector));
            OK(faissnet_index_reconstruct(first, i, other));
            CHECK(memcmp(vector, other, sizeof vector) == 0);
        }
        FAILS(FAISSNET_NOT_FOUND, "id is 5", faissnet_index_reconstruct(second, 5, vector));
        search(second, 3, NULL, &actual);
        EQUAL(-1, actual.labels[0]);

        /* Both are whole indexes still. */
        const bytes saved = serialized(first), saved_empty = serialized(second);
        faissnet_index *loaded = deserialized(saved), *loaded_empty = deserialized(saved_empty);
        search(loaded, 10, NULL, &actual);
        same_results(&expected, &actual, 10);
        OK(faissnet_index_merge_from(loaded_empty, loaded, 0));
        EQUAL(N, ntotal(loaded_empty));
        search(loaded_empty, 10, NULL, &actual);
        same_results(&expected, &actual, 10);

        faissnet_index* const made[] = {empty, all, first, second, loaded, loaded_empty};
        for (size_t i = 0; i < sizeof made / sizeof *made; i++) faissnet_index_free(made[i]);
        free(saved.data);
        free(saved_empty.data);
    }
}

TEST(merge, ids_may_stay_as_they_are) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,Flat", "PCA4,IVF8,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        static results found;
        faissnet_index *first = trained(kinds[k]), *second = NULL;
        const int64_t ids[] = {INT64_MIN, -7, INT64_MAX};
        OK(faissnet_index_clone(first, &second));
        OK(faissnet_index_add_with_ids(second, 3, whole(), ids));
        FAILS(FAISSNET_INVALID_ARGUMENT, "add_id is 1", faissnet_index_merge_from(first, second, 1)); /* beyond the largest */
        FAILS(FAISSNET_INVALID_ARGUMENT, "add_id is 6", faissnet_index_merge_from(first, second, 6)); /* -1 */
        EQUAL(3, ntotal(second));
        OK(faissnet_index_merge_from(first, second, 0));
        EQUAL(3, ntotal(first));
        search(first, 3, NULL, &found);
        for (int i = 0; i < 3; i++) CHECK(found.labels[i] == ids[0] || found.labels[i] == -7 || found.labels[i] == ids[2] || found.labels[i] == -1);
        faissnet_index_free(first);
        faissnet_index_free(second);
    }
}

TEST(merge, types_that_number_take_no_other_shift) {
    static const char* const kinds[] = {"Flat", "SQ8", "IVF8,PQ4x4np,RFlat", "PCA4,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index *first = filled(kinds[k]), *second = NULL;
        OK(faissnet_index_clone(first, &second));
        FAILS(FAISSNET_INVALID_ARGUMENT, "ntotal = 600", faissnet_index_merge_from(first, second, 0));
        FAILS(FAISSNET_INVALID_ARGUMENT, "ntotal = 600", faissnet_index_merge_from(first, second, N + 1));
        EQUAL(N, ntotal(first));
        EQUAL(N, ntotal(second));
        faissnet_index_free(first);
        faissnet_index_free(second);
    }
}

/* A flat index that was written and read again is of another class of FAISS's than one that was made. */
TEST(merge, flat_indexes_fit_whatever_made_them) {
    faissnet_index *made = NULL, *from_factory = filled("Flat");
    OK(faissnet_index_flat_new(D, FAISSNET_METRIC_L2, &made));
    const bytes saved = serialized(from_factory);
    faissnet_index* loaded = deserialized(saved);
    OK(faissnet_index_merge_from(made, from_factory, 0));
    OK(faissnet_index_merge_from(made, loaded, N));
    EQUAL(2 * N, ntotal(made));
    free(saved.data);
    faissnet_index_free(made);
    faissnet_index_free(from_factory);
    faissnet_index_free(loaded);
}

TEST(merge, what_does_not_fit_is_refused_and_nothing_changes) {
    static float other_vectors[N * D];
    fill_uniform(other_vectors, N * D, 7);
    static const struct {
        const char *to, *from, *why;
    } pairs[] = {
        {"Flat", "SQ8", "types"},           {"IVF8,Flat", "IVF8,SQ8", "types"},     {"IVF8,Flat", "IVF4,Flat", "numbers of lists"},
        {"IVF8,Flat", "IVF8,Flat", "coarse"}, {"IVF8,PQ4x4np", "IVF8,PQ2x4np", "code"}, {"PQ4x4np", "PQ4x4np", "codebooks"},
        {"IVF8,PQ4x4fs", "IVF8,PQ4x4fs", "codebooks"}, {"SQ8", "SQ8", "scalar"},           {"SQ8", "SQ4", "scalar"},                {"PCA4,Flat", "PCA4,Flat", "transform"},
        {"IDMap,Flat", "IDMap2,Flat", "types"}, {"IDMap,Flat", "IDMap,SQ8", "types"}, {"PQ4x4np,RFlat", "PQ4x4np,RFlat", "codebooks"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        faissnet_index *to = filled(pairs[i].to), *from = create(pairs[i].from);
        OK(faissnet_index_train(from, N, other_vectors, NULL));
        if (strstr(pairs[i].from, "IDMap") != NULL) {
            const int64_t id = 5;
            OK(faissnet_index_add_with_ids(from, 1, other_vectors, &id));
        } else {
            OK(faissnet_index_add(from, 1, other_vectors));
        }
        const bytes to_before = serialized(to), from_before = serialized(from);
        FAILS(FAISSNET_INVALID_ARGUMENT, pairs[i].why, faissnet_index_merge_from(to, from, N));
        const bytes to_after = serialized(to), from_after = serialized(from);
        CHECK(same_bytes(to_before, to_after) && same_bytes(from_before, from_after));
        const bytes all[] = {to_before, from_before, to_after, from_after};
        for (int j = 0; j < 4; j++) free(all[j].data);
        faissnet_index_free(to);
        faissnet_index_free(from);
    }
}

TEST(merge, refuse) {
    faissnet_index *index = filled("IVF8,Flat"), *empty = create("IVF8,Flat"), *inner = create_with(D, "Flat", FAISSNET_METRIC_INNER_PRODUCT),
                   *flat = filled("Flat"), *small = create_with(4, "Flat", FAISSNET_METRIC_L2);
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_merge_from(NULL, index, 0));
    FAILS(FAISSNET_INVALID_ARGUMENT, "other", faissnet_index_merge_from(index, NULL, 0));
    FAILS(FAISSNET_INVALID_ARGUMENT, "itself", faissnet_index_merge_from(index, index, N));
    FAILS(FAISSNET_INVALID_ARGUMENT, "add_id is -1", faissnet_index_merge_from(index, empty, -1));
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_index_merge_from(empty, index, 0));
    FAILS(FAISSNET_INVALID_ARGUMENT, "trained", faissnet_index_merge_from(index, empty, 0));
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric", faissnet_index_merge_from(flat, inner, N));
    FAILS(FAISSNET_INVALID_ARGUMENT, "dimension", faissnet_index_merge_from(flat, small, N));
    EQUAL(N, ntotal(index));
    static const char* const cannot[] = {"HNSW8", "IVF8,FlatDedup"};
    for (size_t i = 0; i < sizeof cannot / sizeof *cannot; i++) {
        faissnet_index *to = filled(cannot[i]), *from = NULL;
        OK(faissnet_index_clone(to, &from));
        FAILS(FAISSNET_UNSUPPORTED, "not supported", faissnet_index_merge_from(to, from, N));
        faissnet_index_free(to);
        faissnet_index_free(from);
    }
    faissnet_index* const made[] = {index, empty, inner, flat, small};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) faissnet_index_free(made[i]);
}
