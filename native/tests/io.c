#define _POSIX_C_SOURCE 200809L /* mkstemp, unlink */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char* const kinds[] = {
    "Flat", "IVF8,Flat", "IVF8,PQ4x4np", "PQ4x4np", "SQ8", "HNSW8", "RR8,IVF8,PQ4x4np", "PCA4,Flat", "L2norm,IVF8,Flat", "IDMap,Flat",
    "IDMap2,IVF8,Flat", "IVF8,PQ4x4np,RFlat", "IVF8_HNSW8,Flat", "IVF8,PQ4x4fs", "IVF8,PQ1+1", "IMI2x3,Flat"};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* A name for a file that does not exist yet; removed by done_with. */
static const char* new_path(void) {
    static char path[4096];
    const char* folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/faissnet-\xc3\xa4\xe2\x82\xac-XXXXXX", folder != NULL && *folder ? folder : "/tmp"); /* UTF-8 */
    const int file = mkstemp(path);
    CHECK(file >= 0);
    close(file);
    return path;
}

static void done_with(const char* path) {
    unlink(path);
}

static bytes file_bytes(const char* path) {
    bytes to = {0};
    char buffer[4096];
    FILE* file = fopen(path, "rb");
    CHECK(file != NULL);
    for (size_t got; (got = fread(buffer, 1, sizeof buffer, file)) > 0;) append(&to, buffer, (int64_t)got);
    fclose(file);
    return to;
}

TEST(io, round_trip_is_the_same_to_the_byte) {
    static results before, after;
    for (int i = 0; i < KINDS; i++) {
        faissnet_index* index = filled(kinds[i]);
        if (strstr(kinds[i], "IVF")) OK(faissnet_index_set_nprobe(index, 4));
        search(index, 5, NULL, &before);
        const bytes first = serialized(index);
        CHECK(first.size > 0);
        faissnet_index* read = deserialized(first);
        const bytes second = serialized(read);
        CHECK(same_bytes(first, second));
        EQUAL(N, ntotal(read));
        search(read, 5, NULL, &after);
        same_results(&before, &after, 5);

        /* and it goes on from there */
        if (strstr(kinds[i], "IDMap") == NULL) {
            OK(faissnet_index_add(read, 10, whole()));
            EQUAL(N + 10, ntotal(read));
            search(read, 5, NULL, &after);
        }
        faissnet_index_free(read);
        faissnet_index_free(index);
        free(first.data);
        free(second.data);
    }
}

TEST(io, of_what_is_untrained_or_empty) {
    static const char* const small[] = {"Flat", "IVF8,Flat", "IVF8,PQ4x4np", "IDMap,Flat", "PCA4,IVF8,Flat"};
    for (int i = 0; i < 5; i++) {
        faissnet_index* index = create(small[i]);
        const bytes first = serialized(index);
        faissnet_index* read = deserialized(first);
        int32_t was, is;
        OK(faissnet_index_is_trained(index, &was));
        OK(faissnet_index_is_trained(read, &is));
        EQUAL(was, is);
        OK(faissnet_index_train(read, N, whole(), NULL));
        faissnet_index_free(index);
        faissnet_index_free(read);
        free(first.data);
    }
}

/* What FAISS cannot read, or ends the process over, is neither saved nor copied. */
TEST(io, of_what_is_untrained_or_refused) {
    static const char* const untrained[] = {
        "RQ2x4", "LSQ2x4", "PRQ2x2x4", "PLSQ2x2x4", "IVF8,RQ2x4", "IVF8,LSQ2x4", "IVF8,PRQ2x2x4", "IVF8(RCQ2x4),Flat", "Flat,Refine(LSQ2x4)",
        "ITQ4,LSH", "IVF8(ITQ4,LSH),Flat", "PCAW4,Flat", "OPQ2,PQ2x4", "NSG8,PQ2", "PQ2x4fs", "LSHrt"};
    int saved = 0;
    for (size_t i = 0; i < sizeof untrained / sizeof *untrained; i++) {
        faissnet_index* index = create(untrained[i]);
        bytes file = {0};
        const faissnet_status status = faissnet_index_write(index, write_bytes, &file);
        faissnet_index* copy = NULL;
        if (status == FAISSNET_OK) {
            faissnet_index_free(deserialized(file));
            OK(faissnet_index_clone(index, &copy));
            saved++;
        } else {
            EQUAL(FAISSNET_UNSUPPORTED, status);
            FAILS(FAISSNET_UNSUPPORTED, "train it first", faissnet_index_clone(index, &copy));
        }
        faissnet_index_free(copy);
        free(file.data);
        faissnet_index_free(index);
    }
    CHECK(saved >= 5);
}

TEST(io, a_file_is_what_the_callbacks_see) {
    const char* path = new_path();
    for (int i = 0; i < KINDS; i++) {
        faissnet_index *index = filled(kinds[i]), *read = NULL;
        OK(faissnet_index_write_file(index, path)); /* over what was there */
        const bytes file = file_bytes(path), stream = serialized(index);
        CHECK(same_bytes(file, stream));
        OK(faissnet_index_read_file(path, &read));
        const bytes again = serialized(read);
        CHECK(same_bytes(again, stream));
        faissnet_index_free(index);
        faissnet_index_free(read);
        free(file.data);
        free(stream.data);
        free(again.data);
    }
    done_with(path);
}

TEST(io, short_reads) {
    faissnet_index* index = filled("IVF8,PQ4x4np");
    const bytes data = serialized(index);
    const int64_t chunks[] = {1, 2, 3, 7, 100};
    for (int i = 0; i < 5; i++) {
        faissnet_index* read = NULL;
        reader r = {data, 0, chunks[i]};
        OK(faissnet_index_read(read_bytes, &r, &read));
        EQUAL(data.size, r.position); /* and not a byte more */
        const bytes again = serialized(read);
        CHECK(same_bytes(data, again));
        faissnet_index_free(read);
        free(again.data);
    }
    faissnet_index_free(index);
    free(data.data);
}

TEST(io, two_in_one_stream) {
    faissnet_index *a = filled("IVF8,Flat"), *b = filled("PQ4x4np"), *read_a, *read_b;
    bytes both = {0};
    OK(faissnet_index_write(a, write_bytes, &both));
    OK(faissnet_index_write(b, write_bytes, &both));
    reader r = {both, 0, 0};
    OK(faissnet_index_read(read_bytes, &r, &read_a));
    OK(faissnet_index_read(read_bytes, &r, &read_b));
    char name[40];
    int64_t length;
    OK(faissnet_index_type_name(read_a, name, sizeof name, &length));
    SAME_TEXT("IndexIVFFlat", name);
    OK(faissnet_index_type_name(read_b, name, sizeof name, &length));
    SAME_TEXT("IndexPQ", name);
    EQUAL(both.size, r.position);
    faissnet_index_free(a);
    faissnet_index_free(b);
    faissnet_index_free(read_a);
    faissnet_index_free(read_b);
    free(both.data);
}

/* ---- Failing callbacks ---- */

typedef struct {
    reader from;
    bytes to;
    int64_t calls, fail_at, answer;
} failing;

static int64_t failing_read(void* context, void* buffer, int64_t size) {
    failing* f = context;
    return ++f->calls == f->fail_at ? f->answer : read_bytes(&f->from, buffer, size);
}

static int32_t failing_write(void* context, const void* buffer, int64_t size) {
    failing* f = context;
    CHECK(size > 0 && buffer != NULL);
    return ++f->calls == f->fail_at ? (int32_t)f->answer : write_bytes(&f->to, buffer, size);
}

TEST(io, a_read_that_fails_at_any_call) {
    const int64_t start = live();
    static const char* const some[] = {"Flat", "IVF8,PQ4x4np", "IDMap,PCA4,IVF8,Flat", "HNSW8"};
    for (int i = 0; i < 4; i++) {
        faissnet_index *index = filled(some[i]), *read = NULL;
        const bytes data = serialized(index);
        for (int64_t at = 1;; at++) {
            failing f = {.from = {data, 0, 0}, .fail_at = at, .answer = at % 2 ? -1 : INT64_MIN};
            const faissnet_status status = faissnet_index_read(failing_read, &f, &read);
            if (f.calls < at) {
                EQUAL(FAISSNET_OK, status);
                break;
            }
            EQUAL(FAISSNET_IO, status);
            CHECK(strstr(last_error(), "read callback") != NULL);
            CHECK(read == NULL);
            EQUAL(at, f.calls); /* not called again */
        }
        faissnet_index_free(read);
        faissnet_index_free(index);
        free(data.data);
    }
    EQUAL(start, live());
}

TEST(io, a_read_that_claims_more_than_was_asked_for) {
    faissnet_index *index = filled("Flat"), *read = NULL;
    const bytes data = serialized(index);
    for (int64_t at = 1; at < 8; at++) {
        failing f = {.from = {data, 0, 0}, .fail_at = at, .answer = INT64_MAX};
        FAILS(FAISSNET_IO, "asked for", faissnet_index_read(failing_read, &f, &read));
    }
    faissnet_index_free(index);
    free(data.data);
}

/* With no finite distance to any centroid, FAISS 1.7.3 took an undefined list number for the nearest and wrote there. */
TEST(io, coarse_centroids_that_are_not_finite) {
    const float broken[] = {NAN, INFINITY, -INFINITY, 1e30f};
    faissnet_index *index = filled("IVF8,Flat"), *read = NULL;
    const bytes data = serialized(index);
    /* The coarse quantizer: its mark, d, ntotal, two unused numbers, is_trained, metric, the count of floats. */
    const char* quantizer = NULL;
    for (int64_t i = 4; quantizer == NULL; i++) {
        CHECK(i < data.size - 4);
        if (memcmp(data.data + i, "IxF2", 4) == 0) quantizer = data.data + i;
    }
    char* centroids = data.data + (quantizer - data.data) + 4 + 33 + 8;
    for (int i = 0; i < 4; i++) {
        for (int at = 0; at < NLIST * D; at += 21) {
            float kept;
            memcpy(&kept, centroids + at * 4, 4);
            memcpy(centroids + at * 4, &broken[i], 4);
            reader r = {data, 0, 0};
            FAILS(FAISSNET_CORRUPT, "coarse centroid", faissnet_index_read(read_bytes, &r, &read));
            memcpy(centroids + at * 4, &kept, 4);
        }
    }
    faissnet_index_free(deserialized(data));
    faissnet_index_free(index);
    free(data.data);
}

TEST(io, a_write_that_fails_at_any_call) {
    static const char* const some[] = {"Flat", "IVF8,PQ4x4np", "IDMap,PCA4,IVF8,Flat", "HNSW8", "IVF8,PQ4x4np,RFlat"};
    for (int i = 0; i < 5; i++) {
        faissnet_index* index = filled(some[i]);
        for (int64_t at = 1;; at++) {
            failing f = {.fail_at = at, .answer = at % 2 ? -1 : 1};
            const faissnet_status status = faissnet_index_write(index, failing_write, &f);
            free(f.to.data);
            if (f.calls < at) {
                EQUAL(FAISSNET_OK, status);
                break;
            }
            EQUAL(FAISSNET_IO, status);
            CHECK(strstr(last_error(), "write callback") != NULL);
            EQUAL(at, f.calls);
        }
        const bytes whole_data = serialized(index);
        CHECK(whole_data.size > 0);
        free(whole_data.data);
        faissnet_index_free(index);
    }
}

/* ---- Bad data ---- */

static void is_corrupt(bytes data) {
    faissnet_index* read = NULL;
    reader r = {data, 0, 0};
    FAILS(FAISSNET_CORRUPT, NULL, faissnet_index_read(read_bytes, &r, &read));
    CHECK(*last_error() != '\0');
    CHECK(read == NULL);
}

TEST(io, truncated_data) {
    const int64_t start = live();
    for (int i = 0; i < KINDS; i++) {
        faissnet_index* index = filled(kinds[i]);
        const bytes data = serialized(index);
        for (int64_t size = 0; size < data.size; size += size < 250 ? 1 : data.size / 60 + 1) {
            is_corrupt((bytes){data.data, size, size});
        }
        is_corrupt((bytes){data.data, data.size - 1, data.size - 1});
        faissnet_index_free(index);
        free(data.data);
    }
    EQUAL(start, live());
}

TEST(io, truncated_files) {
    const char* path = new_path();
    faissnet_index *index = filled("IVF8,PQ4x4np"), *read = NULL;
    const bytes data = serialized(index);
    for (int64_t size = 0; size < data.size; size += data.size / 20 + 1) {
        FILE* file = fopen(path, "wb");
        CHECK(file != NULL && fwrite(data.data, 1, (size_t)size, file) == (size_t)size && fclose(file) == 0);
        FAILS(FAISSNET_CORRUPT, NULL, faissnet_index_read_file(path, &read));
        CHECK(read == NULL);
    }
    done_with(path);
    faissnet_index_free(index);
    free(data.data);
}

TEST(io, data_that_is_no_index) {
    char zeros[1000] = {0}, text[] = "This is a text, and not an index of any kind that FAISS has ever had.";
    is_corrupt((bytes){zeros, sizeof zeros, sizeof zeros});
    is_corrupt((bytes){text, sizeof text, sizeof text});
    is_corrupt((bytes){text, 0, 0});

    /* A header that contradicts itself: d = 0, d < 0, ntotal < 0. */
    faissnet_index* index = filled("Flat");
    const bytes data = serialized(index);
    int32_t d = 0;
    memcpy(data.data + 4, &d, 4);
    is_corrupt(data);
    d = -8;
    memcpy(data.data + 4, &d, 4);
    is_corrupt(data);
    d = D;
    memcpy(data.data + 4, &d, 4);
    const int64_t count = -1;
    memcpy(data.data + 8, &count, 8);
    is_corrupt(data);
    faissnet_index_free(index);
    free(data.data);
}

/* FAISS writes this for an IVF without lists, reads it back without, and crashes at the next use. */
TEST(io, an_ivf_without_its_lists) {
    faissnet_index* index = filled("IVF8,Flat");
    const bytes data = serialized(index);
    int64_t at = -1;
    for (int64_t i = 0; i + 4 < data.size; i++) {
        if (memcmp(data.data + i, "ilar", 4) == 0) at = i;
    }
    CHECK(at > 0);
    memcpy(data.data + at, "il00", 4);
    is_corrupt((bytes){data.data, at + 4, at + 4});
    faissnet_index_free(index);
    free(data.data);
}

TEST(io, a_length_that_no_memory_holds) {
    faissnet_index *index = filled("Flat"), *read = NULL;
    const bytes data = serialized(index);
    const uint64_t lengths[] = {UINT64_MAX, UINT64_MAX / 4, UINT64_C(1) << 62, UINT64_C(1) << 45};
    for (int i = 0; i < 4; i++) {
        memcpy(data.data + 4 + 33, &lengths[i], 8); /* fourcc and header, then the number of floats */
        reader r = {data, 0, 0};
        const faissnet_status status = faissnet_index_read(read_bytes, &r, &read);
        CHECK(status == FAISSNET_CORRUPT || status == FAISSNET_OUT_OF_MEMORY);
        CHECK(*last_error() != '\0' && read == NULL);
    }
    faissnet_index_free(index);
    free(data.data);
}

/* ---- Files ---- */

TEST(io, files_that_cannot_be_written) {
    faissnet_index* index = filled("IVF8,Flat");
    FAILS(FAISSNET_IO, "/no/such/folder/x.faiss: No such file", faissnet_index_write_file(index, "/no/such/folder/x.faiss"));
    FAILS(FAISSNET_IO, "/: Is a directory", faissnet_index_write_file(index, "/"));
    if (access("/dev/full", W_OK) == 0) {
        FAILS(FAISSNET_IO, "No space left", faissnet_index_write_file(index, "/dev/full"));
        faissnet_index* small = create("Flat"); /* fits the buffer: the disk says it at the end */
        FAILS(FAISSNET_IO, "No space left", faissnet_index_write_file(small, "/dev/full"));
        faissnet_index_free(small);
    }
    faissnet_index_free(index);
}

TEST(io, files_that_cannot_be_read) {
    const int64_t start = live();
    faissnet_index* index = NULL;
    FAILS(FAISSNET_IO, "/no/such/file.faiss: No such file", faissnet_index_read_file("/no/such/file.faiss", &index));
    FAILS(FAISSNET_IO, "/: ", faissnet_index_read_file("/", &index));
    FAILS(FAISSNET_CORRUPT, NULL, faissnet_index_read_file("/dev/null", &index));
    CHECK(index == NULL);
    EQUAL(start, live());
}

TEST(io, refuses) {
    const char* path = new_path();
    faissnet_index *index = filled("Flat"), *read = NULL;
    bytes data = serialized(index);
    reader r = {data, 0, 0};
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_write_file(NULL, path));
    FAILS(FAISSNET_INVALID_ARGUMENT, "path", faissnet_index_write_file(index, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "path", faissnet_index_write_file(index, ""));
    FAILS(FAISSNET_INVALID_ARGUMENT, "path", faissnet_index_read_file(NULL, &read));
    FAILS(FAISSNET_INVALID_ARGUMENT, "path", faissnet_index_read_file("", &read));
    OK(faissnet_index_write_file(index, path));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_read_file(path, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_write(NULL, write_bytes, &data));
    FAILS(FAISSNET_INVALID_ARGUMENT, "write", faissnet_index_write(index, NULL, &data));
    FAILS(FAISSNET_INVALID_ARGUMENT, "read", faissnet_index_read(NULL, &r, &read));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_read(read_bytes, &r, NULL));
    CHECK(read == NULL);
    done_with(path);
    faissnet_index_free(index);
    free(data.data);
}
