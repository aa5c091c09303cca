#include "test.h"

#include <stdlib.h>

enum { BITS = 64, BYTES = BITS / 8, BN = 400, BQ = 20, BK = 5 };

/* BN vectors and BQ queries, close enough to each other that hashes and lists find something. */
static const uint8_t* codes(void) {
    static uint8_t data[(BN + BQ) * BYTES];
    static int filled;
    if (!filled) {
        uint64_t state = 88172645463325252u;
        for (int i = 0; i < (BN + BQ) * BYTES; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            data[i] = (uint8_t)(i / BYTES % 10 * 25) ^ (uint8_t)(1u << (state >> 20 & 7));
        }
        filled = 1;
    }
    return data;
}
#define BINARY_QUERIES (codes() + BN * BYTES)

static int32_t bits_between(const uint8_t* a, const uint8_t* b, int bytes) {
    int32_t bits = 0;
    for (int i = 0; i < bytes; i++) {
        for (unsigned x = a[i] ^ b[i]; x != 0; x &= x - 1) bits++;
    }
    return bits;
}

static faissnet_binary_index* binary(int32_t d, const char* description) {
    faissnet_binary_index* index = NULL;
    OK(faissnet_binary_factory(d, description, &index));
    CHECK(index != NULL);
    return index;
}

static faissnet_binary_index* binary_filled(const char* description) {
    faissnet_binary_index* index = binary(BITS, description);
    OK(faissnet_binary_train(index, BN, codes(), NULL));
    if (strncmp(description, "IDMap", 5) == 0) {
        int64_t ids[BN];
        for (int i = 0; i < BN; i++) ids[i] = i;
        OK(faissnet_binary_add_with_ids(index, BN, codes(), ids));
    } else {
        OK(faissnet_binary_add(index, BN, codes()));
    }
    return index;
}

static const char* const binary_kinds[] = {"BFlat", "BIVF4", "BIVF4_HNSW8", "BHNSW8", "BHash6", "BHash4x8", "IDMap,BFlat", "IDMap2,BHNSW8", "IDMap,BHash4x8"};
#define BINARY_KINDS (sizeof binary_kinds / sizeof *binary_kinds)

/* Visits everything, so that a search is exact. Hashes of 6 or 8 bits: within 3 flips of the query lies what is near it. */
static void visit_all(faissnet_binary_index* index, const char* kind) {
    if (strstr(kind, "BIVF") != NULL) OK(faissnet_binary_set_parameter(index, "nprobe", 4));
    if (strstr(kind, "BHNSW") != NULL) OK(faissnet_binary_set_parameter(index, "efSearch", BN));
    if (strstr(kind, "BHash") != NULL) OK(faissnet_binary_set_parameter(index, "nflip", strstr(kind, "BHash6") != NULL ? 6 : 8));
}

TEST(binary, finds_the_nearest) {
    for (size_t kind = 0; kind < BINARY_KINDS; kind++) {
        faissnet_binary_index* index = binary_filled(binary_kinds[kind]);
        visit_all(index, binary_kinds[kind]);
        int32_t distances[BQ * BK];
        int64_t labels[BQ * BK];
        OK(faissnet_binary_search(index, BQ, BINARY_QUERIES, BK, NULL, distances, labels));
        for (int q = 0; q < BQ; q++) {
            int32_t sorted[BITS + 1] = {0};
            for (int i = 0; i < BN; i++) sorted[bits_between(BINARY_QUERIES + q * BYTES, codes() + i * BYTES, BYTES)]++;
            int32_t expected = 0;
            for (int k = 0; k < BK; k++) {
                while (sorted[expected] == 0) expected++;
                sorted[expected]--;
                EQUAL(expected, distances[q * BK + k]);
                CHECK(labels[q * BK + k] >= 0 && labels[q * BK + k] < BN);
                EQUAL(expected, bits_between(BINARY_QUERIES + q * BYTES, codes() + labels[q * BK + k] * BYTES, BYTES));
            }
        }
        faissnet_binary_free(index);
    }
}

TEST(binary, range_search_is_strict) {
    for (size_t kind = 0; kind < BINARY_KINDS; kind++) {
        faissnet_binary_index* index = binary_filled(binary_kinds[kind]);
        visit_all(index, binary_kinds[kind]);
        faissnet_range_result* result = NULL;
        if (strstr(binary_kinds[kind], "BHNSW") != NULL) {
            FAILS(FAISSNET_UNSUPPORTED, "", faissnet_binary_range_search(index, BQ, BINARY_QUERIES, 12, NULL, &result));
            faissnet_binary_free(index);
            continue;
        }
        OK(faissnet_binary_range_search(index, BQ, BINARY_QUERIES, 12, NULL, &result));
        const int64_t *limits, *labels;
        const float* distances;
        OK(faissnet_range_result_view(result, &limits, &labels, &distances));
        for (int q = 0; q < BQ; q++) {
            int64_t expected = 0;
            for (int i = 0; i < BN; i++) expected += bits_between(BINARY_QUERIES + q * BYTES, codes() + i * BYTES, BYTES) < 12;
            EQUAL(expected, limits[q + 1] - limits[q]);
            for (int64_t j = limits[q]; j < limits[q + 1]; j++) {
                EQUAL(bits_between(BINARY_QUERIES + q * BYTES, codes() + labels[j] * BYTES, BYTES), (int64_t)distances[j]);
            }
        }
        faissnet_range_result_free(result);
        OK(faissnet_binary_range_search(index, BQ, BINARY_QUERIES, -1, NULL, &result));
        OK(faissnet_range_result_view(result, &limits, &labels, &distances));
        EQUAL(0, limits[BQ]);
        faissnet_range_result_free(result);
        faissnet_binary_free(index);
    }
}

/* FAISS reads hashes as whole words, beyond vectors that are shorter or at the end: AddressSanitizer watches. */
TEST(binary, short_vectors) {
    static const char* const kinds[] = {"BFlat", "BHash5", "BHash2x4", "BHNSW4", "BIVF2"};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (int n = 1; n <= 12; n += 11) {
            faissnet_binary_index* index = binary(8, kinds[kind]);
            uint8_t* x = malloc((size_t)n);
            CHECK(x != NULL);
            for (int i = 0; i < n; i++) x[i] = (uint8_t)(i * 21);
            if (n == 1 && strcmp(kinds[kind], "BIVF2") == 0) {
                FAILS(FAISSNET_INVALID_ARGUMENT, "nlist = 2", faissnet_binary_train(index, n, x, NULL));
            } else {
                OK(faissnet_binary_train(index, n, x, NULL));
                OK(faissnet_binary_add(index, n, x));
                int32_t distances[12];
                int64_t labels[12];
                OK(faissnet_binary_search(index, n, x, 1, NULL, distances, labels));
                for (int i = 0; i < n; i++) EQUAL(0, distances[i]);
                uint8_t back;
                OK(faissnet_binary_reconstruct(index, n - 1, &back));
                EQUAL(x[n - 1], back);
            }
            free(x);
            faissnet_binary_free(index);
        }
    }
}

static bytes binary_serialized(const faissnet_binary_index* index) {
    bytes to = {0};
    OK(faissnet_binary_write(index, write_bytes, &to));
    return to;
}

static faissnet_binary_index* binary_deserialized(bytes from) {
    faissnet_binary_index* index = NULL;
    reader r = {from, 0, 0};
    OK(faissnet_binary_read(read_bytes, &r, &index));
    return index;
}

static void same_search(const faissnet_binary_index* a, const faissnet_binary_index* b) {
    int32_t expected[BQ * BK], actual[BQ * BK];
    int64_t labels[BQ * BK];
    OK(faissnet_binary_search(a, BQ, BINARY_QUERIES, BK, NULL, expected, labels));
    OK(faissnet_binary_search(b, BQ, BINARY_QUERIES, BK, NULL, actual, labels));
    CHECK(memcmp(expected, actual, sizeof expected) == 0);
}

TEST(binary, writes_reads_clones_and_resets) {
    for (size_t kind = 0; kind < BINARY_KINDS; kind++) {
        faissnet_binary_index *index = binary_filled(binary_kinds[kind]), *copy = NULL;
        visit_all(index, binary_kinds[kind]);
        bytes file = binary_serialized(index);
        faissnet_binary_index* read = binary_deserialized(file);
        OK(faissnet_binary_clone(index, &copy));
        same_search(index, read);
        same_search(index, copy);
        char name[64], other[64];
        int64_t length;
        OK(faissnet_binary_type_name(index, name, sizeof name, &length));
        OK(faissnet_binary_type_name(read, other, sizeof other, &length));
        SAME_TEXT(name, other);

        /* what was in it before must not be found again */
        OK(faissnet_binary_reset(index));
        int32_t distances[BQ];
        int64_t labels[BQ], count = -1;
        OK(faissnet_binary_ntotal(index, &count));
        EQUAL(0, count);
        if (strncmp(binary_kinds[kind], "IDMap", 5) == 0) {
            const int64_t id = 77;
            OK(faissnet_binary_add_with_ids(index, 1, codes(), &id));
        } else {
            OK(faissnet_binary_add(index, 1, codes()));
        }
        OK(faissnet_binary_search(index, BQ, codes(), 1, NULL, distances, labels));
        EQUAL(strncmp(binary_kinds[kind], "IDMap", 5) == 0 ? 77 : 0, labels[0]);
        OK(faissnet_binary_ntotal(copy, &count));
        EQUAL(BN, count);
        for (int64_t size = 0; size < file.size; size += 1 + file.size / 50) {
            reader cut = {{file.data, size, size}, 0, 0};
            faissnet_binary_index* none = NULL;
            CHECK(faissnet_binary_read(read_bytes, &cut, &none) != FAISSNET_OK);
        }
        free(file.data);
        faissnet_binary_free(index);
        faissnet_binary_free(read);
        faissnet_binary_free(copy);
    }
}

/* FAISS writes a bucket of all vectors, when their number is a power of two, past its buffer and reads it as empty. */
TEST(binary, full_bucket) {
    static const char* const kinds[] = {"BHash2x8", "IDMap,BHash2x8", "IDMap2,BHash1x20"};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (int n = 1; n <= 8; n *= 2) {
            faissnet_binary_index *index = binary(BITS, kinds[kind]), *copy = NULL;
            uint8_t same[8 * BYTES] = {0};
            const int64_t ids[] = {10, 11, 12, 13, 14, 15, 16, 17};
            if (kind == 0) {
                OK(faissnet_binary_add(index, n, same));
            } else {
                OK(faissnet_binary_add_with_ids(index, n, same, ids));
            }
            bytes file = binary_serialized(index);
            faissnet_binary_index* read = binary_deserialized(file);
            OK(faissnet_binary_clone(index, &copy));
            int32_t distances[8];
            int64_t labels[8];
            for (int which = 0; which < 2; which++) {
                OK(faissnet_binary_search(which == 0 ? read : copy, 1, same, n, NULL, distances, labels));
                for (int i = 0; i < n; i++) CHECK(labels[i] >= (kind == 0 ? 0 : 10) && distances[i] == 0);
            }
            free(file.data);
            faissnet_binary_free(index);
            faissnet_binary_free(read);
            faissnet_binary_free(copy);
        }
    }
}

TEST(binary, removes_and_merges) {
    static const char* const kinds[] = {"BFlat", "BIVF4", "IDMap,BFlat", "IDMap2,BFlat"};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        faissnet_binary_index *index = binary_filled(kinds[kind]), *other = NULL;
        OK(faissnet_binary_clone(index, &other));
        const faissnet_selector range = {.kind = FAISSNET_SELECT_RANGE, .min = 0, .max = 100};
        int64_t removed = 0, count = 0;
        OK(faissnet_binary_remove_ids(index, &range, &removed));
        EQUAL(100, removed);
        uint8_t code[BYTES];
        const int renumbers = kind == 0;
        OK(faissnet_binary_reconstruct(index, renumbers ? 0 : 100, code));
        CHECK(memcmp(code, codes() + 100 * BYTES, BYTES) == 0);
        FAILS(FAISSNET_NOT_FOUND, "", faissnet_binary_reconstruct(index, renumbers ? BN - 100 : 99, code));
        OK(faissnet_binary_merge_from(index, other, renumbers ? BN - 100 : BN));
        OK(faissnet_binary_ntotal(index, &count));
        EQUAL(2 * BN - 100, count);
        OK(faissnet_binary_ntotal(other, &count));
        EQUAL(0, count);
        OK(faissnet_binary_reconstruct(index, renumbers ? BN - 100 : BN, code));
        CHECK(memcmp(code, codes(), BYTES) == 0);
        faissnet_binary_free(index);
        faissnet_binary_free(other);
    }
    faissnet_binary_index *graph = binary_filled("IDMap,BHNSW8"), *lists = binary_filled("BIVF4"), *mapped = binary_filled("IDMap,BIVF4");
    const faissnet_selector all = {.kind = FAISSNET_SELECT_ALL};
    int64_t removed;
    FAILS(FAISSNET_UNSUPPORTED, "removal", faissnet_binary_remove_ids(graph, &all, &removed));
    FAILS(FAISSNET_UNSUPPORTED, "removal", faissnet_binary_remove_ids(mapped, &all, &removed));
    FAILS(FAISSNET_INVALID_ARGUMENT, "different types", faissnet_binary_merge_from(lists, graph, 0));
    FAILS(FAISSNET_INVALID_ARGUMENT, "itself", faissnet_binary_merge_from(lists, lists, 0));
    faissnet_binary_free(graph);
    faissnet_binary_free(lists);
    faissnet_binary_free(mapped);
}

TEST(binary, selectors_and_parameters_per_call) {
    static const char* const kinds[] = {"BFlat", "BIVF4", "IDMap,BFlat"};
    const faissnet_selector range = {.kind = FAISSNET_SELECT_RANGE, .min = 50, .max = 60};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        faissnet_binary_index* index = binary_filled(kinds[kind]);
        faissnet_search_parameters parameters = {.selector = &range, .nprobe = kind == 1 ? 4 : 0};
        int32_t distances[12];
        int64_t labels[12];
        OK(faissnet_binary_search(index, 1, BINARY_QUERIES, 12, &parameters, distances, labels));
        int64_t seen = 0;
        for (int i = 0; i < 10; i++) {
            CHECK(labels[i] >= 50 && labels[i] < 60);
            EQUAL(bits_between(BINARY_QUERIES, codes() + labels[i] * BYTES, BYTES), distances[i]);
            CHECK(i == 0 || distances[i] >= distances[i - 1]);
            seen |= (int64_t)1 << (labels[i] - 50);
        }
        EQUAL(1023, seen);
        EQUAL(-1, labels[10]);
        EQUAL(INT32_MAX, distances[10]);
        faissnet_range_result* result = NULL;
        parameters.nprobe = 0;
        visit_all(index, kinds[kind]);
        OK(faissnet_binary_range_search(index, 1, BINARY_QUERIES, BITS + 1, &parameters, &result));
        const int64_t *limits, *found;
        const float* range_distances;
        OK(faissnet_range_result_view(result, &limits, &found, &range_distances));
        EQUAL(10, limits[1]);
        faissnet_range_result_free(result);
        faissnet_binary_free(index);
    }
}

TEST(binary, refuses) {
    const int64_t start = live();
    faissnet_binary_index* index = NULL;
    FAILS(FAISSNET_INVALID_ARGUMENT, "d is 12", faissnet_binary_factory(12, "BFlat", &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "d is 0", faissnet_binary_factory(0, "BFlat", &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "description", faissnet_binary_factory(BITS, NULL, &index));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_binary_factory(BITS, "BFlat", NULL));
    static const char* const wrong[] = {"Flat", "BIVF", "BIVF0", "BIVF4x", "BHNSW1", "BHash0", "BHash61", "BHash65", "BHash9x8", "BHash0x8", "BHNSW99999999999", "IDMap,IDMap,BFlat", "IDMap,"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, wrong[i], faissnet_binary_factory(BITS, wrong[i], &index));
    }
    EQUAL(start, live());

    index = binary(BITS, "BIVF4");
    int32_t distance;
    int64_t label;
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_binary_add(index, 1, codes()));
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_binary_search(index, 1, codes(), 1, NULL, &distance, &label));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nlist = 4", faissnet_binary_train(index, 3, codes(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "no such parameter", faissnet_binary_set_parameter(index, "efSearch", 3));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nprobe is 0", faissnet_binary_set_parameter(index, "nprobe", 0));
    double value;
    OK(faissnet_binary_get_parameter(index, "nlist", &value));
    EQUAL(4, (int64_t)value);
    faissnet_binary_free(index);

    index = binary(BITS, "BHash40");
    FAILS(FAISSNET_INVALID_ARGUMENT, "nflip is 41", faissnet_binary_set_parameter(index, "nflip", 41));
    FAILS(FAISSNET_INVALID_ARGUMENT, "2^28", faissnet_binary_set_parameter(index, "nflip", 20));
    OK(faissnet_binary_set_parameter(index, "nflip", 2));
    faissnet_binary_free(index);
    faissnet_binary_free(NULL);
}

typedef struct {
    int32_t stop_at, calls;
    int64_t done, total;
} binary_progress;

static int32_t note_progress(void* context, int32_t stage, int64_t done, int64_t total) {
    binary_progress* progress = context;
    if (stage != FAISSNET_STAGE_COARSE || done < progress->done) return 2;
    progress->done = done;
    progress->total = total;
    return ++progress->calls == progress->stop_at;
}

TEST(binary, training_is_watched_and_stops) {
    faissnet_binary_index *index = binary(BITS, "BIVF4"), *unwatched = binary(BITS, "BIVF4");
    binary_progress stops = {.stop_at = 4}, runs = {0};
    const faissnet_monitor stopping = {note_progress, &stops}, watching = {note_progress, &runs};
    FAILS(FAISSNET_CANCELLED, "cancelled", faissnet_binary_train(index, BN, codes(), &stopping));
    int32_t is_trained;
    OK(faissnet_binary_is_trained(index, &is_trained));
    EQUAL(0, is_trained);
    OK(faissnet_binary_train(index, BN, codes(), &watching));
    EQUAL(10, runs.total);
    EQUAL(10, runs.done);
    OK(faissnet_binary_train(unwatched, BN, codes(), NULL));
    bytes a = binary_serialized(index), b = binary_serialized(unwatched);
    CHECK(same_bytes(a, b));
    free(a.data);
    free(b.data);
    faissnet_binary_free(index);
    faissnet_binary_free(unwatched);
}

/* An index over floats behind one over bits does all that it can do itself. */
TEST(binary, an_index_over_floats) {
    static const char* const kinds[] = {"Flat", "IVF4,Flat", "HNSW16", "IDMap,Flat", "SQ8"};
    const int64_t before = live();
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        faissnet_index* base = create_with(BITS, kinds[kind], FAISSNET_METRIC_L2);
        faissnet_binary_index *index = NULL, *flat = binary_filled("BFlat"), *copies[3] = {NULL};
        OK(faissnet_binary_from_float_new(base, &index));
        OK(faissnet_binary_train(index, BN, codes(), NULL));
        int64_t ids[BN];
        for (int i = 0; i < BN; i++) ids[i] = i;
        if (kind == 3) {
            FAILS(FAISSNET_UNSUPPORTED, "ids", faissnet_binary_add(index, BN, codes()));
            OK(faissnet_binary_add_with_ids(index, BN, codes(), ids));
        } else {
            OK(faissnet_binary_add(index, BN, codes()));
        }
        EQUAL(BN, ntotal(base));
        if (kind == 1) OK(faissnet_binary_set_parameter(index, "nprobe", 4));
        if (kind == 2) OK(faissnet_binary_set_parameter(index, "efSearch", BN));

        bytes file = {0};
        OK(faissnet_binary_write(index, write_bytes, &file));
        reader r = {file, 0, 3};
        copies[0] = index;
        OK(faissnet_binary_clone(index, &copies[1]));
        OK(faissnet_binary_read(read_bytes, &r, &copies[2]));
        int32_t expected[BQ * BK], distances[BQ * BK];
        int64_t labels[BQ * BK];
        OK(faissnet_binary_search(flat, BQ, BINARY_QUERIES, BK, NULL, expected, labels));
        for (int copy = 0; copy < 3; copy++) {
            int64_t count = 0;
            OK(faissnet_binary_ntotal(copies[copy], &count));
            EQUAL(BN, count);
            OK(faissnet_binary_search(copies[copy], BQ, BINARY_QUERIES, BK, NULL, distances, labels));
            EQUAL(0, memcmp(expected, distances, sizeof expected));
            uint8_t vector[BYTES];
            OK(faissnet_binary_reconstruct(copies[copy], labels[0], vector));
            EQUAL(0, memcmp(codes() + labels[0] * BYTES, vector, BYTES));
        }
        const faissnet_selector few = {.kind = FAISSNET_SELECT_RANGE, .min = 10, .max = 12};
        const faissnet_search_parameters selected = {.selector = &few};
        OK(faissnet_binary_search(index, 1, BINARY_QUERIES, 3, &selected, distances, labels));
        CHECK(labels[0] >= 10 && labels[0] < 12 && labels[2] == -1 && distances[2] == INT32_MAX);
        if (kind == 0) {
            faissnet_range_result* hits = NULL;
            const int64_t *limits, *found;
            const float* bits;
            int64_t within = 0;
            for (int i = 0; i < BN; i++) within += bits_between(BINARY_QUERIES, codes() + i * BYTES, BYTES) < 7 ? 1 : 0;
            OK(faissnet_binary_range_search(index, 1, BINARY_QUERIES, 7, NULL, &hits));
            OK(faissnet_range_result_view(hits, &limits, &found, &bits));
            EQUAL(within, limits[1]);
            for (int64_t i = 0; i < within; i++) EQUAL(bits_between(BINARY_QUERIES, codes() + found[i] * BYTES, BYTES), (int64_t)bits[i]);
            faissnet_range_result_free(hits);
            int64_t removed = 0;
            OK(faissnet_binary_remove_ids(index, &few, &removed));
            EQUAL(2, removed);
            OK(faissnet_binary_merge_from(index, copies[1], BN - 2));
            EQUAL(2 * BN - 2, ntotal(base));
            FAILS(FAISSNET_INVALID_ARGUMENT, "different types", faissnet_binary_merge_from(index, flat, 2 * BN - 2));
        }
        OK(faissnet_binary_reset(index));
        EQUAL(0, ntotal(base));
        for (int64_t size = 0; size < file.size; size += 1 + file.size / 40) {
            reader cut = {{file.data, size, size}, 0, 0};
            faissnet_binary_index* none = NULL;
            CHECK(faissnet_binary_read(read_bytes, &cut, &none) != FAISSNET_OK);
        }
        char name[100];
        int64_t length;
        OK(faissnet_binary_type_name(index, name, sizeof name, &length));
        CHECK(strncmp("IndexBinaryFromFloat(Index", name, 26) == 0);
        /* In any order. */
        faissnet_index* view = NULL;
        OK(faissnet_binary_base(index, &view));
        FAILS(FAISSNET_UNSUPPORTED, "no index over floats", faissnet_binary_base(flat, &view));
        if (kind % 2 == 0) faissnet_index_free(base);
        faissnet_binary_free(index);
        if (kind % 2 == 1) faissnet_index_free(base);
        EQUAL(0, ntotal(view));
        faissnet_index_free(view);
        faissnet_binary_free(copies[1]);
        faissnet_binary_free(copies[2]);
        faissnet_binary_free(flat);
        free(file.data);
    }
    faissnet_binary_index* none = NULL;
    faissnet_index *odd = create_with(12, "Flat", FAISSNET_METRIC_L2), *products = create_with(16, "Flat", FAISSNET_METRIC_INNER_PRODUCT);
    FAILS(FAISSNET_INVALID_ARGUMENT, "dimension 12", faissnet_binary_from_float_new(odd, &none));
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric 0", faissnet_binary_from_float_new(products, &none));
    FAILS(FAISSNET_INVALID_ARGUMENT, "base", faissnet_binary_from_float_new(NULL, &none));
    faissnet_index_free(odd);
    faissnet_index_free(products);
    EQUAL(before, live());
}
