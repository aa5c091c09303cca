#include <math.h>

#include "test.h"

#include <stdio.h>
#include <stdlib.h>

typedef faissnet_status (*text_function)(char*, int64_t, int64_t*);

/* The header's rule for texts, for one of its functions. */
static void follows_the_rule(text_function function) {
    char whole_text[4096], buffer[4096];
    int64_t length = -1, again = -1;
    OK(function(whole_text, sizeof whole_text, &length));
    CHECK(length > 0);
    EQUAL(length, (int64_t)strlen(whole_text));

    OK(function(NULL, 0, &again));
    EQUAL(length, again);

    for (int64_t capacity = 1; capacity <= length + 1; capacity++) {
        memset(buffer, '#', sizeof buffer);
        again = -1;
        OK(function(buffer, capacity, &again));
        EQUAL(length, again);
        EQUAL(capacity - 1, (int64_t)strlen(buffer));
        CHECK(strncmp(whole_text, buffer, (size_t)capacity - 1) == 0);
        CHECK(buffer[capacity] == '#');
    }

    FAILS(FAISSNET_INVALID_ARGUMENT, "length", function(buffer, sizeof buffer, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "buffer", function(NULL, 10, &again));
    FAILS(FAISSNET_INVALID_ARGUMENT, "buffer", function(buffer, -1, &again));
}

TEST(runtime, abi_version) {
    int32_t version = -1;
    OK(faissnet_abi_version(&version));
    EQUAL(FAISSNET_ABI_VERSION, version);
    FAILS(FAISSNET_INVALID_ARGUMENT, "version", faissnet_abi_version(NULL));
}

TEST(runtime, faiss_version) {
    char text[32];
    int64_t length;
    int major, minor, patch, end = 0;
    follows_the_rule(faissnet_faiss_version);
    OK(faissnet_faiss_version(text, sizeof text, &length));
    CHECK(sscanf(text, "%d.%d.%d%n", &major, &minor, &patch, &end) == 3);
    EQUAL(length, end);
    CHECK(faiss_at_least(1, 7));
}

TEST(runtime, compile_options) {
    follows_the_rule(faissnet_compile_options);
}

TEST(runtime, blas_info) {
    follows_the_rule(faissnet_blas_info);
}

static int is_one_of(const char* text, const char* const* choices) {
    for (; *choices != NULL; choices++) {
        if (strcmp(text, *choices) == 0) return 1;
    }
    return 0;
}

TEST(runtime, variant) {
    char variant[32], level[32];
    int64_t length, bits;
    follows_the_rule(faissnet_variant);
    follows_the_rule(faissnet_get_simd_level);
    OK(faissnet_variant(variant, sizeof variant, &length));
    OK(faissnet_get_simd_level(level, sizeof level, &length));
    OK(faissnet_capabilities(&bits));
    CHECK(is_one_of(variant, (const char* const[]){"generic", "avx2", "avx512", "dynamic", NULL}));
    CHECK(is_one_of(level, (const char* const[]){"generic", "avx2", "avx512", NULL}));
    EQUAL(strcmp(variant, "dynamic") == 0, (bits & FAISSNET_CAPABILITY_DYNAMIC_SIMD) != 0);
    if (strcmp(variant, "dynamic") != 0) SAME_TEXT(variant, level);
}

TEST(runtime, set_simd_level) {
    char variant[32], level[32];
    int64_t length;
    OK(faissnet_variant(variant, sizeof variant, &length));
    OK(faissnet_get_simd_level(level, sizeof level, &length));
    OK(faissnet_set_simd_level(level));
    FAILS(FAISSNET_INVALID_ARGUMENT, "level", faissnet_set_simd_level(NULL));
    FAILS(FAISSNET_UNSUPPORTED, "\"mmx\"", faissnet_set_simd_level("mmx"));
    FAILS(FAISSNET_UNSUPPORTED, "\"\"", faissnet_set_simd_level(""));
    if (strcmp(variant, "dynamic") == 0) {
        OK(faissnet_set_simd_level("generic"));
        OK(faissnet_get_simd_level(variant, sizeof variant, &length));
        SAME_TEXT("generic", variant);
        OK(faissnet_set_simd_level(level));
    } else if (strcmp(variant, "generic") != 0) {
        FAILS(FAISSNET_UNSUPPORTED, "\"generic\"", faissnet_set_simd_level("generic"));
    }
}

TEST(runtime, capabilities) {
    int64_t bits = -1;
    int32_t devices = -1;
    OK(faissnet_capabilities(&bits));
    CHECK((bits & ~(int64_t)(FAISSNET_CAPABILITY_GPU | FAISSNET_CAPABILITY_FAST_SCAN_PARAMETERS | FAISSNET_CAPABILITY_DYNAMIC_SIMD | FAISSNET_CAPABILITY_RABITQ | FAISSNET_CAPABILITY_STOPPABLE_ALGEBRA)) == 0);
    EQUAL(faiss_at_least(1, 11), (bits & FAISSNET_CAPABILITY_RABITQ) != 0);
    EQUAL(faiss_at_least(1, 8), (bits & FAISSNET_CAPABILITY_FAST_SCAN_PARAMETERS) != 0);
    EQUAL((bits & FAISSNET_CAPABILITY_GPU) != 0 ? FAISSNET_OK : FAISSNET_UNSUPPORTED, faissnet_gpu_device_count(&devices));
    FAILS(FAISSNET_INVALID_ARGUMENT, "bits", faissnet_capabilities(NULL));
}

TEST(runtime, gpu_device_count) {
    FAILS(FAISSNET_INVALID_ARGUMENT, "count", faissnet_gpu_device_count(NULL));
    int64_t bits = 0;
    int32_t devices = -7;
    OK(faissnet_capabilities(&bits));
    if ((bits & FAISSNET_CAPABILITY_GPU) == 0) {
        FAILS(FAISSNET_UNSUPPORTED, "FAISSNET_ENABLE_GPU", faissnet_gpu_device_count(&devices));
        EQUAL(-7, devices);
    }
}

TEST(runtime, thread_count) {
    int32_t before = -1, now = -1;
    OK(faissnet_get_thread_count(&before));
    CHECK(before >= 1);
    for (int32_t threads = 1; threads <= 3; threads++) {
        OK(faissnet_set_thread_count(threads));
        OK(faissnet_get_thread_count(&now));
        EQUAL(threads, now);
    }
    OK(faissnet_set_thread_count(1024));
    OK(faissnet_set_thread_count(2));
    FAILS(FAISSNET_INVALID_ARGUMENT, "threads is 0", faissnet_set_thread_count(0));
    FAILS(FAISSNET_INVALID_ARGUMENT, "threads is -1", faissnet_set_thread_count(-1));
    FAILS(FAISSNET_INVALID_ARGUMENT, "threads is 1025", faissnet_set_thread_count(1025));
    OK(faissnet_get_thread_count(&now));
    EQUAL(2, now);
    FAILS(FAISSNET_INVALID_ARGUMENT, "threads", faissnet_get_thread_count(NULL));
    OK(faissnet_set_thread_count(before));
}

TEST(runtime, thread_count_changes_no_result) {
    static results one, two;
    int32_t before;
    OK(faissnet_get_thread_count(&before));
    faissnet_index* index = filled("IVF8,PQ4x4np");
    OK(faissnet_index_set_nprobe(index, 4));
    OK(faissnet_set_thread_count(1));
    search(index, 10, NULL, &one);
    OK(faissnet_set_thread_count(2));
    search(index, 10, NULL, &two);
    // How BLAS splits a product among threads is its own affair: the last bits of a distance may differ.
    for (int64_t i = 0; i < NQ * 10; i++) {
        EQUAL(one.labels[i], two.labels[i]);
        CHECK(fabsf(one.distances[i] - two.distances[i]) <= 1e-4f * (1 + fabsf(one.distances[i])));
    }
    faissnet_index_free(index);
    OK(faissnet_set_thread_count(before));
}

TEST(runtime, live_handles) {
    const int64_t start = live();
    faissnet_index *index = filled("Flat"), *copy;
    EQUAL(start + 1, live());
    OK(faissnet_index_clone(index, &copy));
    EQUAL(start + 2, live());
    faissnet_range_result* hits;
    OK(faissnet_index_range_search(index, 1, QUERIES, 50, NULL, &hits));
    EQUAL(start + 3, live());
    bytes data = serialized(index);
    faissnet_index* read = deserialized(data);
    EQUAL(start + 4, live());
    faissnet_index_free(read);
    faissnet_range_result_free(hits);
    faissnet_index_free(copy);
    faissnet_index_free(index);
    EQUAL(start, live());
    FAILS(FAISSNET_INVALID_ARGUMENT, "count", faissnet_live_handles(NULL));
    free(data.data);
}
