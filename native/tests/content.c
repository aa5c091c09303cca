#include "test.h"

#include <stdlib.h>

TEST(content, add_gives_ids_in_order) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "PQ4x4np", "HNSW8", "PCA4,IVF8,Flat", "IVF8,PQ4x4np,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = trained(kinds[i]);
        OK(faissnet_index_add(index, 100, whole()));
        EQUAL(100, ntotal(index));
        OK(faissnet_index_add(index, 200, whole() + 100 * D));
        EQUAL(300, ntotal(index));
        faissnet_index_free(index);
    }
}

TEST(content, added_vectors_are_found_under_their_ids) {
    faissnet_index* index = trained("IVF8,Flat");
    int64_t ids[N], labels[N];
    float distances[N];
    for (int i = 0; i < N; i++) ids[i] = INT64_C(-5000000000) + 7 * i;
    OK(faissnet_index_add_with_ids(index, N / 2, whole(), ids));
    OK(faissnet_index_add_with_ids(index, N - N / 2, whole() + N / 2 * D, ids + N / 2));
    EQUAL(N, ntotal(index));
    OK(faissnet_index_search(index, N, whole(), 1, NULL, distances, labels));
    for (int i = 0; i < N; i++) {
        CHECK(distances[i] == 0);
        const int64_t place = (labels[i] - ids[0]) / 7;
        CHECK(place >= 0 && place < N && memcmp(whole() + i * D, whole() + place * D, sizeof(float) * D) == 0);
    }
    faissnet_index_free(index);
}

TEST(content, add_of_nothing) {
    faissnet_index* index = filled("IVF8,Flat");
    OK(faissnet_index_add(index, 0, NULL));
    OK(faissnet_index_add_with_ids(index, 0, NULL, NULL));
    EQUAL(N, ntotal(index));
    faissnet_index_free(index);
}

TEST(content, add_refuses) {
    faissnet_index* index = trained("IVF8,Flat");
    const int64_t ids[3] = {5, 6, -1};
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_add(NULL, 1, whole()));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -1", faissnet_index_add(index, -1, whole()));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 1", faissnet_index_add(index, 1, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_add(index, INT64_C(1) << 60, whole()));
    FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_add(index, INT64_MAX, whole()));

    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_add_with_ids(NULL, 2, whole(), ids));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -2", faissnet_index_add_with_ids(index, -2, whole(), ids));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 2", faissnet_index_add_with_ids(index, 2, NULL, ids));
    FAILS(FAISSNET_INVALID_ARGUMENT, "ids", faissnet_index_add_with_ids(index, 2, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "ids[2]", faissnet_index_add_with_ids(index, 3, whole(), ids));
    FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_add_with_ids(index, INT64_MAX / 4, whole(), ids));
    EQUAL(0, ntotal(index));
    OK(faissnet_index_add_with_ids(index, 2, whole(), ids));
    EQUAL(2, ntotal(index));
    faissnet_index_free(index);
}

TEST(content, untrained_refuses_vectors) {
    const int64_t ids[1] = {5};
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4", "PQ4x4", "SQ8", "OPQ1,Flat", "IDMap,IVF8,Flat", "IVF8,Flat,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = create(kinds[i]);
        FAILS(FAISSNET_NOT_TRAINED, "train", faissnet_index_add(index, 1, whole()));
        FAILS(FAISSNET_NOT_TRAINED, "train", faissnet_index_add_with_ids(index, 1, whole(), ids));
        EQUAL(0, ntotal(index));
        faissnet_index_free(index);
    }
}

TEST(content, ids_where_there_is_no_place_for_them) {
    const int64_t ids[2] = {70, 71};
    static const char* const kinds[] = {"Flat", "PQ4x4np", "SQ8", "HNSW8", "PCA4,Flat", "Flat,RFlat", "IVF8,Flat,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = trained(kinds[i]);
        FAILS(FAISSNET_UNSUPPORTED, NULL, faissnet_index_add_with_ids(index, 2, whole(), ids));
        EQUAL(0, ntotal(index));
        OK(faissnet_index_add(index, 2, whole()));
        faissnet_index_free(index);
    }
}

/* FAISS takes the ids for positions here, and reads beyond its codes at the next search. */
TEST(content, ids_in_an_ivfpqr) {
    const int64_t ids[2] = {70000, 71000};
    faissnet_index* index = trained("IVF8,PQ1+1");
    FAILS(FAISSNET_UNSUPPORTED, "ids", faissnet_index_add_with_ids(index, 2, whole(), ids));
    OK(faissnet_index_add(index, 2, whole()));
    faissnet_index_free(index);
}

TEST(content, idmap_needs_ids) {
    static const char* const kinds[] = {"IDMap,Flat", "IDMap2,IVF8,Flat", "PCA4,IDMap,Flat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = trained(kinds[i]);
        FAILS(FAISSNET_UNSUPPORTED, "add with ids", faissnet_index_add(index, 1, whole()));
        EQUAL(0, ntotal(index));
        faissnet_index_free(index);
    }
}

TEST(content, reset) {
    static const char* const kinds[] = {"Flat", "IVF8,Flat", "IVF8,PQ4x4np", "PQ4x4np", "HNSW8", "RR8,IVF8,PQ4x4np", "IDMap,Flat", "IDMap2,Flat", "IVF8,Flat,RFlat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        static results before, after;
        int32_t is_trained;
        faissnet_index* index = filled(kinds[i]);
        search(index, 5, NULL, &before);
        OK(faissnet_index_reset(index));
        EQUAL(0, ntotal(index));
        OK(faissnet_index_is_trained(index, &is_trained));
        EQUAL(1, is_trained);
        search(index, 5, NULL, &after);
        for (int j = 0; j < NQ * 5; j++) EQUAL(-1, after.labels[j]);
        int64_t ids[N];
        for (int j = 0; j < N; j++) ids[j] = j;
        OK(strstr(kinds[i], "IDMap") ? faissnet_index_add_with_ids(index, N, whole(), ids) : faissnet_index_add(index, N, whole()));
        search(index, 5, NULL, &after);
        if (strstr(kinds[i], "HNSW") == NULL) same_results(&before, &after, 5); /* its levels are drawn anew */
        faissnet_index_free(index);
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_reset(NULL));
    faissnet_index* untrained = create("IVF8,PQ4x4np");
    OK(faissnet_index_reset(untrained));
    faissnet_index_free(untrained);
}

/* FAISS divides by zero for 100 vectors and fewer, and may abort for a few more. */
TEST(content, small_nsg_graphs) {
    for (int n = 100; n <= N; n += 50) {
        faissnet_index* index = create("NSG8");
        FAILS(FAISSNET_INVALID_ARGUMENT, "at least 100", faissnet_index_add(index, 99, whole()));
        OK(faissnet_index_add(index, 0, whole()));
        EQUAL(0, ntotal(index));
        OK(faissnet_index_add(index, n, whole()));
        EQUAL(n, ntotal(index));
        int64_t labels[5];
        float distances[5];
        OK(faissnet_index_search(index, 1, whole(), 5, NULL, distances, labels));
        EQUAL(0, distances[0]);
        OK(faissnet_index_reset(index));
        OK(faissnet_index_add(index, n, whole()));
        EQUAL(n, ntotal(index));
        faissnet_index_free(index);
    }
}

/* Vectors that are all the same have no graph that FAISS accepts: an add that fails leaves nothing behind. */
TEST(content, nsg_graphs_that_cannot_be_built) {
    static float same[N * D];
    faissnet_index* index = create("NSG8");
    const faissnet_status status = faissnet_index_add(index, N, same);
    EQUAL(status == FAISSNET_OK ? N : 0, ntotal(index));
    int64_t labels[5];
    float distances[5];
    OK(faissnet_index_search(index, 1, whole(), 5, NULL, distances, labels));
    faissnet_index_free(index);
}

/* Calls until it stops. */
typedef struct {
    int64_t calls, stop_at;
} questions;

static int32_t ask(void* context, int32_t stage, int64_t done, int64_t total) {
    (void)stage, (void)done, (void)total;
    questions* q = context;
    return ++q->calls == q->stop_at;
}

/* Codes of 40 MB, which are moved in two parts. */
TEST(content, room_is_made_in_parts) {
    enum { WIDE = 500, LARGE = 20000, FEW = 10 };
    static const char* const kinds[] = {"Flat", "IDMap,Flat", "SQ8,RFlat", "HNSW2,Flat"};
    float* x = malloc(sizeof(float) * LARGE * WIDE);
    int64_t* ids = malloc(sizeof(int64_t) * LARGE);
    fill_uniform(x, (int64_t)LARGE * WIDE, 3);
    for (int64_t i = 0; i < LARGE; i++) ids[i] = 3 * i;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const int is_graph = strncmp(kinds[k], "HNSW", 4) == 0, has_ids = strncmp(kinds[k], "IDMap", 5) == 0;
        const int64_t n = is_graph ? 17000 : LARGE; /* building the graph is what takes long */
        faissnet_index* index = create_with(WIDE, kinds[k], FAISSNET_METRIC_L2);
        if (!is_graph && !has_ids) OK(faissnet_index_train(index, FEW, x, NULL));
        OK(has_ids ? faissnet_index_add_with_ids(index, n, x, ids) : faissnet_index_add(index, n, x));
        const bytes before = serialized(index);

        /* Such an add is going to be refused. */
        questions none = {0, 0};
        OK(faissnet_index_make_room(index, n, !has_ids, &(faissnet_monitor){ask, &none}));
        EQUAL(0, none.calls);

        questions all = {0, 0};
        OK(faissnet_index_make_room(index, n - FEW, has_ids, &(faissnet_monitor){ask, &all}));
        CHECK(all.calls >= 3);
        const bytes after = serialized(index);
        CHECK(same_bytes(before, after));
        free(after.data);
        questions again = {0, 0};
        OK(faissnet_index_make_room(index, n - FEW, has_ids, &(faissnet_monitor){ask, &again}));
        EQUAL(1, again.calls); /* there is room now */

        for (int64_t stop = 1; stop <= all.calls; stop++) {
            faissnet_index* copy;
            OK(faissnet_index_clone(index, &copy));
            questions some = {0, stop};
            FAILS(FAISSNET_CANCELLED, "cancelled", faissnet_index_make_room(copy, n - FEW, has_ids, &(faissnet_monitor){ask, &some}));
            const bytes stopped = serialized(copy);
            CHECK(same_bytes(before, stopped));
            free(stopped.data);
            faissnet_index_free(copy);
        }
        free(before.data);
        faissnet_index_free(index);
    }
    free(ids);
    free(x);
}

TEST(content, room_is_not_made_where_nothing_can_stop_it) {
    faissnet_index* index = filled("Flat");
    const bytes before = serialized(index);
    OK(faissnet_index_make_room(index, 1000, 0, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -1", faissnet_index_make_room(index, -1, 0, NULL));
    questions all = {0, 0};
    OK(faissnet_index_make_room(index, INT64_MAX, 0, &(faissnet_monitor){ask, &all})); /* an add of so many says what is wrong */
    const bytes after = serialized(index);
    CHECK(same_bytes(before, after));
    free(after.data);
    free(before.data);
    faissnet_index_free(index);
}
