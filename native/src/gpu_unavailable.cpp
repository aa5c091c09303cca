// What the GPU functions answer in a build without them.
#ifndef FAISSNET_ENABLE_GPU

#include "guard.hpp"

using namespace faissnet;

namespace {

faissnet_status unavailable() {
    return guard([] {
        fail(FAISSNET_UNSUPPORTED,
             "this build of the native library has no GPU support (FAISSNET_ENABLE_GPU is off): build it with "
             "\"./eng/build-native.sh --gpu\" on a machine with the CUDA toolkit, see docs/gpu.md");
    });
}

} // namespace

faissnet_status faissnet_gpu_device_count(int32_t* count) {
    if (count == nullptr) {
        return guard([] { fail(FAISSNET_INVALID_ARGUMENT, "count must not be NULL"); });
    }
    return unavailable();
}

#define FAISSNET_UNAVAILABLE(name, ...)  \
    faissnet_status name(__VA_ARGS__) {  \
        return unavailable();            \
    }

FAISSNET_UNAVAILABLE(faissnet_gpu_device_name, int32_t, char*, int64_t, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_device_memory, int32_t, int64_t*, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_device_compute_capability, int32_t, int32_t*, int32_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_resources_new, int64_t, int64_t, int32_t, faissnet_gpu_resources**)
FAISSNET_UNAVAILABLE(faissnet_gpu_resources_memory, const faissnet_gpu_resources*, int32_t, int64_t*, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_resources_set_stream, faissnet_gpu_resources*, int32_t, void*)
FAISSNET_UNAVAILABLE(faissnet_gpu_resources_revert_stream, faissnet_gpu_resources*, int32_t)
FAISSNET_UNAVAILABLE(
        faissnet_gpu_flat_new, faissnet_gpu_resources*, int32_t, int32_t, const faissnet_gpu_options*, faissnet_index**)
FAISSNET_UNAVAILABLE(
        faissnet_gpu_ivf_flat_new, faissnet_gpu_resources*, int32_t, int64_t, int32_t, const faissnet_gpu_options*, faissnet_index**)
FAISSNET_UNAVAILABLE(
        faissnet_gpu_ivf_pq_new, faissnet_gpu_resources*, int32_t, int64_t, int64_t, int32_t, int32_t,
        const faissnet_gpu_options*, faissnet_index**)
FAISSNET_UNAVAILABLE(
        faissnet_gpu_index_from_cpu, faissnet_gpu_resources*, const faissnet_index*, const faissnet_gpu_options*, faissnet_index**)
FAISSNET_UNAVAILABLE(
        faissnet_gpu_index_from_cpu_multiple, int64_t, faissnet_gpu_resources* const*, const int32_t*, const faissnet_index*,
        const faissnet_gpu_options*, faissnet_index**)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_to_cpu, const faissnet_index*, faissnet_index**)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_clone, const faissnet_index*, faissnet_index**)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_search, const faissnet_index*, int64_t, const float*, int64_t, int64_t, float*, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_kind, const faissnet_index*, int32_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_max_k, const faissnet_index*, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_nlist, const faissnet_index*, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_get_nprobe, const faissnet_index*, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_set_nprobe, faissnet_index*, int64_t)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_list_sizes, const faissnet_index*, int64_t, int64_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_pq, const faissnet_index*, int64_t*, int32_t*)
FAISSNET_UNAVAILABLE(faissnet_gpu_index_reclaim, faissnet_index*, int64_t*)

void faissnet_gpu_resources_free(faissnet_gpu_resources*) {}

#endif
