#include "guard.hpp"

#ifdef FAISSNET_ENABLE_GPU
#include <faiss/gpu/utils/DeviceUtils.h>
#endif

using namespace faissnet;

faissnet_status faissnet_gpu_device_count(int32_t* count) {
    return guard([&] {
        require(count != nullptr, "count must not be NULL");
#ifdef FAISSNET_ENABLE_GPU
        *count = faiss::gpu::getNumDevices();
#else
        fail(FAISSNET_UNSUPPORTED, "this build of the native library has no GPU support (FAISSNET_ENABLE_GPU is off)");
#endif
    });
}
