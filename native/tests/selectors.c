#include "test.h"

#include <stdlib.h>

static faissnet_selector range(int64_t min, int64_t max) {
    return (faissnet_selector){.kind = FAISSNET_SELECT_RANGE, .min = min, .max = max};
}

static faissnet_selector listed(int64_t count, const int64_t* ids) {
    return (faissnet_selector){.kind = FAISSNET_SELECT_IDS, .count = count, .ids = ids};
}

static int64_t removed(faissnet_index* index, faissnet_selector selector) {
    int64_t count = -1;
    const int64_t before = ntotal(index);
    OK(faissnet_index_remove_ids(index, &selector, &count));
    EQUAL(before - count, ntotal(index));
    return count;
}

/* Whether vector i of whole() is stored under the id. */
static int holds(const faissnet_index* index, int64_t id, int i) {
    float vector[D];
    return faissnet_index_reconstruct(index, id, vector) == FAISSNET_OK && memcmp(vector, whole() + i * D, sizeof vector) == 0;
}

static int holds_none(const faissnet_index* index, int64_t id) {
    float vector[D];
    return faissnet_index_reconstruct(index, id, vector) == FAISSNET_NOT_FOUND;
}

TEST(selectors, flat_numbers_the_rest_anew) {
    faissnet_index* index = filled("Flat");
    EQUAL(10, removed(index, range(5, 15)));
    CHECK(holds(index, 4, 4) && holds(index, 5, 15) && holds(index, N - 11, N - 1) && holds_none(index, N - 10));
    const int64_t ids[] = {0, 4, 4, 1000000, -1};
    EQUAL(2, removed(index, listed(5, ids)));
    CHECK(holds(index, 0, 1) && holds(index, 3, 15));
    faissnet_index_free(index);
}

TEST(selectors, ivf_keeps_ids) {
    faissnet_index* index = filled("IVF8,Flat");
    EQUAL(10, removed(index, range(5, 15)));
    CHECK(holds(index, 4, 4) && holds_none(index, 5) && holds_none(index, 14) && holds(index, 15, 15));
    const int64_t ids[] = {0, 4, 4, 7, 1000000, -1};
    EQUAL(2, removed(index, listed(6, ids)));
    CHECK(holds_none(index, 0) && holds_none(index, 4) && holds(index, 3, 3));
    for (int i = 15; i < N; i++) CHECK(holds(index, i, i));
    faissnet_index_free(index);
}

TEST(selectors, idmap_keeps_ids) {
    static const char* const kinds[] = {"IDMap,Flat", "IDMap2,Flat"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* index = trained(kinds[k]);
        int64_t ids[N];
        for (int i = 0; i < N; i++) ids[i] = 10 * i - 1000;
        OK(faissnet_index_add_with_ids(index, N, whole(), ids));
        EQUAL(10, removed(index, range(-1000, -900)));
        CHECK(holds_none(index, -1000) && holds_none(index, -910));
        for (int i = 10; i < N; i++) CHECK(holds(index, ids[i], i));
        EQUAL(1, removed(index, listed(1, ids + 300)));
        CHECK(holds_none(index, ids[300]) && holds(index, ids[301], 301));

        float distances[1];
        int64_t labels[1];
        for (int i = 301; i < N; i++) {
            OK(faissnet_index_search(index, 1, whole() + i * D, 1, NULL, distances, labels));
            CHECK(distances[0] == 0 && holds(index, labels[0], i));
        }
        faissnet_index_free(index);
    }
}

TEST(selectors, through_a_transform) {
    faissnet_index* index = filled("PCA4,IVF8,Flat");
    EQUAL(100, removed(index, range(0, 100)));
    CHECK(holds_none(index, 99) && !holds_none(index, 100));
    faissnet_index_free(index);
}

TEST(selectors, everything_and_nothing) {
    static const char* const kinds[] = {"Flat", "IVF8,PQ4x4np", "IDMap,Flat", "SQ8", "PQ4x4np"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        static results found;
        faissnet_index* index = filled(kinds[k]);
        EQUAL(0, removed(index, range(0, 0)));
        EQUAL(0, removed(index, range(100, 50)));
        EQUAL(0, removed(index, range(N, INT64_MAX)));
        EQUAL(0, removed(index, range(INT64_MIN, 0)));
        EQUAL(0, removed(index, listed(0, NULL)));
        EQUAL(N, removed(index, range(INT64_MIN, INT64_MAX)));
        EQUAL(0, removed(index, range(INT64_MIN, INT64_MAX)));
        search(index, 3, NULL, &found);
        for (int i = 0; i < 3 * NQ; i++) EQUAL(-1, found.labels[i]);
        faissnet_index_free(index);
    }
}

TEST(selectors, refuse) {
    faissnet_index* index = filled("Flat");
    const int64_t ids[] = {1};
    int64_t count = -7;
    faissnet_selector good = listed(1, ids), bad = good;
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_remove_ids(NULL, &good, &count));
    FAILS(FAISSNET_INVALID_ARGUMENT, "selector", faissnet_index_remove_ids(index, NULL, &count));
    FAILS(FAISSNET_INVALID_ARGUMENT, "removed", faissnet_index_remove_ids(index, &good, NULL));
    bad.count = -1;
    FAILS(FAISSNET_INVALID_ARGUMENT, "selector->count", faissnet_index_remove_ids(index, &bad, &count));
    bad = listed(1, NULL);
    FAILS(FAISSNET_INVALID_ARGUMENT, "selector->ids", faissnet_index_remove_ids(index, &bad, &count));
    bad = good;
    bad.reserved = 1;
    FAILS(FAISSNET_INVALID_ARGUMENT, "reserved", faissnet_index_remove_ids(index, &bad, &count));
    bad = good;
    const int32_t no_kinds[] = {0, 10, -1, INT32_MAX};
    for (int i = 0; i < 4; i++) {
        bad.kind = no_kinds[i];
        FAILS(FAISSNET_INVALID_ARGUMENT, "selector->kind is", faissnet_index_remove_ids(index, &bad, &count));
    }
    EQUAL(-7, count);
    EQUAL(N, ntotal(index));
    faissnet_index_free(index);
}

/* FAISS aborts in some of these, or mixes up the ids. */
TEST(selectors, where_removal_is_impossible) {
    static const char* const kinds[] = {"HNSW8", "IDMap,IVF8,Flat", "IDMap,HNSW8", "IVF8,PQ1+1", "IVF8,Flat,RFlat", "IDMap2,IVF8,PQ4x4np"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        static results before, after;
        int64_t count;
        const faissnet_selector some = range(0, 10);
        faissnet_index* index = filled(kinds[k]);
        search(index, 5, NULL, &before);
        FAILS(FAISSNET_UNSUPPORTED, NULL, faissnet_index_remove_ids(index, &some, &count));
        EQUAL(N, ntotal(index));
        search(index, 5, NULL, &after);
        same_results(&before, &after, 5);
        faissnet_index_free(index);
    }
}

TEST(selectors, fast_scan) {
    const faissnet_selector some = range(0, 10);
    faissnet_index* index = filled("IVF8,PQ4x4fs");
    EQUAL(10, removed(index, some));
    CHECK(holds_none(index, 0) && !holds_none(index, 10));
    faissnet_index_free(index);
}

/* ---- Direct maps, which only a file can bring in ---- */

/* An IVFFlat whose file has a direct map of FAISS's (1: array, 2: hash table) put in, as FAISS itself writes it. */
static faissnet_index* with_direct_map(char type) {
    faissnet_index* plain = filled("IVF8,Flat");
    const bytes from = serialized(plain);
    /* fourcc; header; nlist and nprobe; the quantizer: fourcc, header, size, floats. */
    const int64_t header = 4 + 8 + 8 + 8 + 1 + 4;
    const int64_t at = 4 + header + 16 + 4 + header + 8 + NLIST * D * 4;
    bytes to = {0};
    int64_t lists[NLIST], pair[2], place[N];
    OK(faissnet_index_list_sizes(plain, NLIST, lists));

    /* Where each id is: the lists are the last thing in the file. */
    int64_t end = from.size;
    for (int list = NLIST - 1; list >= 0; list--) {
        int64_t id;
        end -= 8 * lists[list];
        for (int64_t offset = 0; offset < lists[list]; offset++) {
            memcpy(&id, from.data + end + 8 * offset, 8);
            CHECK(id >= 0 && id < N);
            place[id] = (int64_t)list << 32 | offset;
        }
        end -= lists[list] * D * 4;
    }
    int64_t count;
    CHECK(from.data[at] == 0);
    memcpy(&count, from.data + at + 1, 8);
    EQUAL(0, count);

    append(&to, from.data, at);
    append(&to, &type, 1);
    count = N;
    if (type == 1) {
        append(&to, &count, 8);
        append(&to, place, sizeof place);
    } else {
        const int64_t none = 0;
        append(&to, &none, 8);
        append(&to, &count, 8);
        for (int64_t id = 0; id < N; id++) {
            pair[0] = id;
            pair[1] = place[id];
            append(&to, pair, sizeof pair);
        }
    }
    append(&to, from.data + at + 9, from.size - at - 9);
    faissnet_index* index = deserialized(to);
    faissnet_index_free(plain);
    free(from.data);
    free(to.data);
    return index;
}

TEST(selectors, ivf_with_a_direct_map) {
    for (char type = 1; type <= 2; type++) {
        faissnet_index* index = with_direct_map(type);
        const int64_t ids[] = {20, 21, 21, 5000};
        for (int i = 0; i < N; i++) CHECK(holds(index, i, i));
        EQUAL(2, removed(index, listed(4, ids)));
        EQUAL(10, removed(index, range(0, 10)));
        for (int i = 0; i < N; i++) CHECK(i < 10 || i == 20 || i == 21 ? holds_none(index, i) : holds(index, i, i));
        EQUAL(0, removed(index, listed(1, ids + 3))); /* not there */
        const int64_t own[] = {-5, 20};
        OK(faissnet_index_add_with_ids(index, 2, whole(), own));
        CHECK(holds(index, -5, 0) && holds(index, 20, 1));
        faissnet_index_free(index);
    }
}

TEST(selectors, ids_into_an_ivf_with_a_direct_map) {
    for (char type = 1; type <= 2; type++) {
        const int64_t own[] = {1000, 2000};
        faissnet_index* index = with_direct_map(type);
        OK(faissnet_index_add(index, 1, whole()));
        OK(faissnet_index_add_with_ids(index, 2, whole() + D, own));
        CHECK(holds(index, N, 0) && holds(index, 1000, 1) && holds(index, 2000, 2));
        OK(faissnet_index_reset(index));
        CHECK(holds_none(index, 1000));
        faissnet_index_free(index);
    }
}
