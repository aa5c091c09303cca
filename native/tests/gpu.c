#include <math.h>

#include "test.h"

static int has_gpu_build(void) {
    int64_t bits = 0;
    OK(faissnet_capabilities(&bits));
    return (bits & FAISSNET_CAPABILITY_GPU) != 0;
}

static faissnet_gpu_options options(void) {
    return (faissnet_gpu_options){
        .memory_space = FAISSNET_GPU_MEMORY_DEVICE, .indices = FAISSNET_GPU_INDICES_BIT64, .cuvs = -1, .shard_type = 1};
}

/* StandardGpuResources rounds what it allocates up to 256 bytes. */
static int64_t allocated(int64_t bytes) {
    return (bytes + 255) / 256 * 256;
}

static int64_t estimate(const faissnet_index* index, faissnet_gpu_options with) {
    int64_t bytes = -1;
    OK(faissnet_gpu_estimate(index, &with, &bytes));
    return bytes;
}

TEST(gpu, estimate_of_a_flat_index) {
    faissnet_index* index = filled("Flat");
    faissnet_gpu_options with = options();

    EQUAL(allocated(N * D * 4) + allocated(N * 4), estimate(index, with));

    with.float16 = 1;
    EQUAL(allocated(N * D * 2) + allocated(N * 4), estimate(index, with));
    faissnet_index_free(index);
}

TEST(gpu, estimate_of_an_ivf) {
    faissnet_index* index = filled("IVF8,Flat");
    faissnet_gpu_options with = options();
    int64_t sizes[NLIST];
    OK(faissnet_index_list_sizes(index, NLIST, sizes));
    const int64_t coarse = allocated(NLIST * D * 4) + allocated(NLIST * 4);
    const int64_t pointers = 3 * allocated(NLIST * 8);
    int64_t lists = 0, ids = 0, short_ids = 0;
    for (int i = 0; i < NLIST; i++) {
        lists += allocated((sizes[i] + 31) / 32 * 32 * D * 4);
        ids += allocated(sizes[i] * 8);
        short_ids += allocated(sizes[i] * 4);
    }

    EQUAL(coarse + pointers + lists + ids, estimate(index, with));

    with.indices = FAISSNET_GPU_INDICES_BIT32;
    EQUAL(coarse + pointers + lists + short_ids, estimate(index, with));
    with.indices = FAISSNET_GPU_INDICES_CPU;
    EQUAL(coarse + pointers + lists, estimate(index, with));

    /* An index inside wrappers counts, not they. */
    faissnet_index* wrapped = create("IDMap,Flat");
    faissnet_index* empty = create("Flat");
    EQUAL(estimate(empty, with), estimate(wrapped, with));
    faissnet_index_free(empty);
    faissnet_index_free(wrapped);
    faissnet_index_free(index);
}

TEST(gpu, estimate_of_an_ivfpq) {
    enum { M = 4, KSUB = 256 };
    faissnet_index* index = trained("IVF8,PQ4np");
    faissnet_gpu_options with = options();
    const int64_t coarse = allocated(NLIST * D * 4) + allocated(NLIST * 4);
    const int64_t fixed = coarse + 3 * allocated(NLIST * 8) + 2 * allocated(D * KSUB * 4);

    EQUAL(fixed, estimate(index, with));

    with.precomputed_tables = 1;
    EQUAL(fixed + NLIST * M * KSUB * 4, estimate(index, with));
    with.float16 = 1;
    EQUAL(fixed + NLIST * M * KSUB * 2, estimate(index, with));

    with.precomputed_tables = 0;
    with.reserve_vectors = NLIST * 100;
    EQUAL(fixed + NLIST * (allocated(100 * M) + allocated(100 * 8)), estimate(index, with));
    faissnet_index_free(index);
}

TEST(gpu, options_are_checked) {
    faissnet_index* index = create("Flat");
    int64_t bytes = -1;
    faissnet_gpu_options with = options();

    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_gpu_estimate(NULL, &with, &bytes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "options", faissnet_gpu_estimate(index, NULL, &bytes));
    FAILS(FAISSNET_INVALID_ARGUMENT, "bytes", faissnet_gpu_estimate(index, &with, NULL));
    with.device = -1;
    FAILS(FAISSNET_INVALID_ARGUMENT, "device is -1", faissnet_gpu_estimate(index, &with, &bytes));
    with = options();
    with.memory_space = 0;
    FAILS(FAISSNET_INVALID_ARGUMENT, "memory_space is 0", faissnet_gpu_estimate(index, &with, &bytes));
    with = options();
    with.indices = 4;
    FAILS(FAISSNET_INVALID_ARGUMENT, "indices is 4", faissnet_gpu_estimate(index, &with, &bytes));
    with = options();
    with.cuvs = 2;
    FAILS(FAISSNET_INVALID_ARGUMENT, "cuvs is 2", faissnet_gpu_estimate(index, &with, &bytes));
    with = options();
    with.reserve_vectors = -5;
    FAILS(FAISSNET_INVALID_ARGUMENT, "reserve_vectors is -5", faissnet_gpu_estimate(index, &with, &bytes));
    with = options();
    with.shard = 1;
    with.shard_type = 3;
    FAILS(FAISSNET_INVALID_ARGUMENT, "shard_type is 3", faissnet_gpu_estimate(index, &with, &bytes));
    EQUAL(-1, bytes);
    faissnet_index_free(index);
}

TEST(gpu, without_gpu_support_every_call_says_how_to_get_it) {
    if (has_gpu_build()) test_skip("this build has GPU support");
    faissnet_index* index = create("Flat");
    faissnet_index* made = NULL;
    faissnet_gpu_resources* resources = NULL;
    faissnet_gpu_options with = options();
    int64_t a = 0, b = 0;
    int32_t c = 0, e = 0;
    char text[100];
    float distance = 0;
    const float x[D] = {0};

#define UNAVAILABLE(call) FAILS(FAISSNET_UNSUPPORTED, "eng/build-native.sh --gpu", call)
    UNAVAILABLE(faissnet_gpu_device_count(&c));
    UNAVAILABLE(faissnet_gpu_device_name(0, text, sizeof text, &a));
    UNAVAILABLE(faissnet_gpu_device_memory(0, &a, &b));
    UNAVAILABLE(faissnet_gpu_device_compute_capability(0, &c, &e));
    UNAVAILABLE(faissnet_gpu_resources_new(-1, -1, 0, &resources));
    UNAVAILABLE(faissnet_gpu_resources_memory(resources, 0, &a, &b));
    UNAVAILABLE(faissnet_gpu_resources_set_stream(resources, 0, NULL));
    UNAVAILABLE(faissnet_gpu_resources_revert_stream(resources, 0));
    UNAVAILABLE(faissnet_gpu_flat_new(resources, D, FAISSNET_METRIC_L2, &with, &made));
    UNAVAILABLE(faissnet_gpu_ivf_flat_new(resources, D, NLIST, FAISSNET_METRIC_L2, &with, &made));
    UNAVAILABLE(faissnet_gpu_ivf_pq_new(resources, D, NLIST, 4, 8, FAISSNET_METRIC_L2, &with, &made));
    UNAVAILABLE(faissnet_gpu_index_from_cpu(resources, index, &with, &made));
    UNAVAILABLE(faissnet_gpu_index_from_cpu_multiple(1, &resources, &c, index, &with, &made));
    UNAVAILABLE(faissnet_gpu_index_to_cpu(index, &made));
    UNAVAILABLE(faissnet_gpu_index_clone(index, &made));
    UNAVAILABLE(faissnet_gpu_index_search(index, 1, x, 1, 0, &distance, &a));
    UNAVAILABLE(faissnet_gpu_index_kind(index, &c));
    UNAVAILABLE(faissnet_gpu_index_max_k(index, &a));
    UNAVAILABLE(faissnet_gpu_index_nlist(index, &a));
    UNAVAILABLE(faissnet_gpu_index_get_nprobe(index, &a));
    UNAVAILABLE(faissnet_gpu_index_set_nprobe(index, 1));
    UNAVAILABLE(faissnet_gpu_index_list_sizes(index, 1, &a));
    UNAVAILABLE(faissnet_gpu_index_pq(index, &a, &c));
    UNAVAILABLE(faissnet_gpu_index_reclaim(index, &a));
    CHECK(made == NULL && resources == NULL);
    faissnet_gpu_resources_free(NULL);
    faissnet_index_free(index);
}

/* What follows runs where there is a device. */

static faissnet_gpu_resources* device_resources(void) {
    int32_t devices = 0;
    if (!has_gpu_build()) test_skip("this build has no GPU support");
    OK(faissnet_gpu_device_count(&devices));
    if (devices == 0) test_skip("there is no CUDA device");
    faissnet_gpu_resources* resources = NULL;
    OK(faissnet_gpu_resources_new((int64_t)64 << 20, 0, 0, &resources));
    return resources;
}

TEST(gpu, devices_describe_themselves) {
    faissnet_gpu_resources_free(device_resources());
    char name[200];
    int64_t length = 0, available = 0, total = 0;
    int32_t devices = 0, major = 0, minor = -1;
    OK(faissnet_gpu_device_count(&devices));
    OK(faissnet_gpu_device_name(0, name, sizeof name, &length));
    OK(faissnet_gpu_device_memory(0, &available, &total));
    OK(faissnet_gpu_device_compute_capability(0, &major, &minor));
    CHECK(length > 0 && available > 0 && available <= total && major >= 3 && minor >= 0);
    FAILS(FAISSNET_INVALID_ARGUMENT, "device", faissnet_gpu_device_name(devices, name, sizeof name, &length));
}

static void finds_the_same(const char* description) {
    faissnet_gpu_resources* resources = device_resources();
    faissnet_index* cpu = filled(description);
    faissnet_index *gpu = NULL, *back = NULL;
    faissnet_gpu_options with = options();
    OK(faissnet_gpu_index_from_cpu(resources, cpu, &with, &gpu));
    faissnet_gpu_resources_free(resources); /* the index keeps them */
    results expected, actual;
    search(cpu, 10, NULL, &expected);
    search(gpu, 10, NULL, &actual);
    EQUAL(ntotal(cpu), ntotal(gpu));
    for (int i = 0; i < NQ * 10; i++) CHECK(fabsf(expected.distances[i] - actual.distances[i]) <= 1e-3f * (1 + expected.distances[i]));

    OK(faissnet_gpu_index_to_cpu(gpu, &back));
    search(back, 10, NULL, &actual);
    for (int i = 0; i < NQ * 10; i++) CHECK(fabsf(expected.distances[i] - actual.distances[i]) <= 1e-3f * (1 + expected.distances[i]));

    FAILS(FAISSNET_UNSUPPORTED, "serialize", faissnet_index_write_file(gpu, "/dev/null"));
    faissnet_index_free(back);
    faissnet_index_free(gpu);
    faissnet_index_free(cpu);
}

TEST(gpu, an_ivf_flat_finds_the_same) { finds_the_same("IVF8,Flat"); }
TEST(gpu, an_ivfpq_finds_the_same) { finds_the_same("IVF8,PQ4np"); }
