#ifdef FAISSNET_ENABLE_GPU

#include "gpu.hpp"

#include <string>

namespace faissnet {
namespace {

// Makes a device the calling thread's, and takes that back.
class CurrentDevice {
   public:
    explicit CurrentDevice(int device) {
        require_cuda(cudaGetDevice(&previous_), "asking for the current device");
        require_cuda(cudaSetDevice(device), "choosing the device");
    }
    ~CurrentDevice() {
        cudaSetDevice(previous_);
    }
    CurrentDevice(const CurrentDevice&) = delete;
    CurrentDevice& operator=(const CurrentDevice&) = delete;

   private:
    int previous_ = 0;
};

// What earlier work on the device left behind. CUDA keeps some errors until the process ends.
cudaError_t state_of(int device) {
    const CurrentDevice scope(device);
    // A forgotten error of somebody else's would be taken for one of FAISS's.
    cudaGetLastError();
    const auto result = cudaStreamQuery(nullptr);
    cudaGetLastError();
    return result == cudaErrorNotReady ? cudaSuccess : result;
}

} // namespace

void require_cuda(cudaError_t result, const char* what) {
    if (result != cudaSuccess) {
        cudaGetLastError();
        fail(result == cudaErrorMemoryAllocation ? FAISSNET_OUT_OF_MEMORY : FAISSNET_GPU, "CUDA: %s failed: %s (%d)", what,
             cudaGetErrorString(result), static_cast<int>(result));
    }
}

int device_count() {
    int count = 0;
    const auto result = cudaGetDeviceCount(&count);
    if (result == cudaErrorNoDevice || result == cudaErrorInsufficientDriver) {
        cudaGetLastError();
        return 0;
    }
    require_cuda(result, "counting the devices");
    return count;
}

void require_device(int device) {
    const int count = device_count();
    if (count == 0) {
        fail(FAISSNET_UNSUPPORTED, "there is no CUDA device here, or no driver that this library's CUDA works with");
    }
    if (device < 0 || device >= count) {
        fail(FAISSNET_INVALID_ARGUMENT, "device is %d: expected 0 to %d", device, count - 1);
    }
}

int device_attribute(int device, cudaDeviceAttr attribute) {
    int value = 0;
    require_cuda(cudaDeviceGetAttribute(&value, attribute, device), "asking for an attribute of the device");
    return value;
}

bool is_healthy(int device) noexcept {
    try {
        return state_of(device) == cudaSuccess;
    } catch (...) {
        return false;
    }
}

void require_healthy(int device) {
    if (const auto state = state_of(device); state != cudaSuccess) {
        fail(FAISSNET_GPU, "device %d does not work in this process any more, after an earlier error (%s): start the process anew",
             device, cudaGetErrorString(state));
    }
}

int64_t free_bytes(int device) {
    const CurrentDevice scope(device);
    size_t available = 0, total = 0;
    require_cuda(cudaMemGetInfo(&available, &total), "asking for the free memory");
    return static_cast<int64_t>(available);
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_gpu_device_count(int32_t* count) {
    return guard([&] {
        require(count != nullptr, "count must not be NULL");
        *count = device_count();
    });
}

faissnet_status faissnet_gpu_device_name(int32_t device, char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] {
        require_device(device);
        cudaDeviceProp properties;
        require_cuda(cudaGetDeviceProperties(&properties, device), "asking for the device's properties");
        copy_text(properties.name, buffer, capacity, length);
    });
}

faissnet_status faissnet_gpu_device_memory(int32_t device, int64_t* available, int64_t* total) {
    return guard([&] {
        require(available != nullptr && total != nullptr, "available and total must not be NULL");
        require_device(device);
        cudaDeviceProp properties;
        require_cuda(cudaGetDeviceProperties(&properties, device), "asking for the device's properties");
        const int64_t free = free_bytes(device);
        *available = free;
        *total = static_cast<int64_t>(properties.totalGlobalMem);
    });
}

faissnet_status faissnet_gpu_device_compute_capability(int32_t device, int32_t* major, int32_t* minor) {
    return guard([&] {
        require(major != nullptr && minor != nullptr, "major and minor must not be NULL");
        require_device(device);
        const int first = device_attribute(device, cudaDevAttrComputeCapabilityMajor);
        *minor = device_attribute(device, cudaDevAttrComputeCapabilityMinor);
        *major = first;
    });
}

#endif
