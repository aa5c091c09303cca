#ifdef FAISSNET_ENABLE_GPU

#include "gpu.hpp"

#include <algorithm>

namespace faissnet {
namespace {

constexpr int64_t kMiB = int64_t(1) << 20;

// What StandardGpuResources sets aside on a device of this size, at most.
int64_t most_temporary(int64_t total) {
    return total <= 4096 * kMiB ? 512 * kMiB : total <= 8192 * kMiB ? 1024 * kMiB : 1536 * kMiB;
}

// Streams and the work space of cuBLAS.
constexpr int64_t kHandles = 64 * kMiB;

// The oldest device that FAISS's code checks for; it ends the process on older ones.
constexpr int kOldestMajor = 3;

} // namespace

Resources::Resources(int64_t temporary_bytes, int64_t pinned_bytes, bool null_stream)
        : provider(std::make_unique<faiss::gpu::StandardGpuResources>()), temporary_bytes_(temporary_bytes) {
    if (temporary_bytes >= 0) {
        provider->setTempMemory(static_cast<size_t>(temporary_bytes));
    }
    if (pinned_bytes >= 0) {
        provider->setPinnedMemory(static_cast<size_t>(pinned_bytes));
    }
    if (null_stream) {
        provider->setDefaultNullStreamAllDevices();
    }
}

Resources::~Resources() {
    // To free what is on a failed device ends the process.
    if (!std::all_of(devices_.begin(), devices_.end(), is_healthy)) {
        static_cast<void>(provider.release());
    }
}

void Resources::prepare(int device, double bytes, bool unified) {
    require_device(device);
    require_healthy(device);
    if (broken_) {
        fail(FAISSNET_GPU, "these resources could not be set up on a device before: create new ones");
    }
    double needed = unified ? 0 : bytes;
    if (!is_prepared(device)) {
        if (const int major = device_attribute(device, cudaDevAttrComputeCapabilityMajor); major < kOldestMajor) {
            fail(FAISSNET_UNSUPPORTED, "device %d has compute capability %d: FAISS needs %d or more", device, major, kOldestMajor);
        }
        cudaDeviceProp properties;
        require_cuda(cudaGetDeviceProperties(&properties, device), "asking for the device's properties");
        const int64_t most = most_temporary(static_cast<int64_t>(properties.totalGlobalMem));
        needed += static_cast<double>(kHandles + (temporary_bytes_ < 0 ? most : std::min(most, temporary_bytes_)));
    }
    const int64_t available = free_bytes(device);
    if (needed > static_cast<double>(available)) {
        fail(FAISSNET_OUT_OF_MEMORY,
             "device %d has %lld MiB free, and this takes about %.0f MiB: use less temporary memory, float16, 32-bit ids, several devices "
             "as shards or unified memory, or search the index on the CPU",
             device, static_cast<long long>(available / kMiB), needed / static_cast<double>(kMiB));
    }
    if (!is_prepared(device)) {
        // FAISS takes a device that it has set up in part for one that is ready.
        broken_ = true;
        on_device_memory([&] { provider->getResources()->initializeForDevice(device); });
        broken_ = false;
        devices_.insert(device);
    }
}

Exclusive::Exclusive(const std::vector<Place>& places) {
    std::vector<Resources*> all;
    for (const auto& place : places) {
        all.push_back(place.resources.get());
    }
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    for (auto resources : all) {
        locks_.emplace_back(resources->mutex);
    }
}

namespace {

Resources& open(const faissnet_gpu_resources* resources) {
    require(resources != nullptr, "resources must not be NULL");
    return *resources->resources;
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_gpu_resources_new(
        int64_t temporary_bytes, int64_t pinned_bytes, int32_t null_stream, faissnet_gpu_resources** resources) {
    return guard([&] {
        require(resources != nullptr, "the out-parameter for the resources must not be NULL");
        if (temporary_bytes < -1 || pinned_bytes < -1) {
            fail(FAISSNET_INVALID_ARGUMENT, "temporary_bytes is %lld and pinned_bytes is %lld: expected 0 or more, or -1 for FAISS's choice",
                 static_cast<long long>(temporary_bytes), static_cast<long long>(pinned_bytes));
        }
        require_device(0);
        auto made = std::make_unique<faissnet_gpu_resources>();
        made->resources = std::make_shared<Resources>(temporary_bytes, pinned_bytes, null_stream != 0);
        *resources = made.release();
    });
}

void faissnet_gpu_resources_free(faissnet_gpu_resources* resources) {
    guard([&] { delete resources; });
}

faissnet_status faissnet_gpu_resources_memory(
        const faissnet_gpu_resources* resources, int32_t device, int64_t* allocated, int64_t* temporary_available) {
    return guard([&] {
        auto& source = open(resources);
        require(allocated != nullptr && temporary_available != nullptr, "allocated and temporary_available must not be NULL");
        require_device(device);
        const std::lock_guard<std::mutex> lock(source.mutex);
        int64_t bytes = 0;
        if (source.is_prepared(device)) {
            const auto all = source.provider->getMemoryInfo();
            if (auto found = all.find(device); found != all.end()) {
                for (const auto& kind : found->second) {
                    bytes += static_cast<int64_t>(kind.second.second);
                }
            }
        }
        *allocated = bytes;
        *temporary_available = source.is_prepared(device) ? static_cast<int64_t>(source.provider->getTempMemoryAvailable(device)) : 0;
    });
}

faissnet_status faissnet_gpu_resources_set_stream(faissnet_gpu_resources* resources, int32_t device, void* stream) {
    return guard([&] {
        auto& target = open(resources);
        require_device(device);
        const std::lock_guard<std::mutex> lock(target.mutex);
        require_healthy(device);
        const auto chosen = static_cast<cudaStream_t>(stream);
        const auto state = cudaStreamQuery(chosen);
        cudaGetLastError();
        require(state == cudaSuccess || state == cudaErrorNotReady, "stream is no CUDA stream of this process");
        target.provider->setDefaultStream(device, chosen);
    });
}

faissnet_status faissnet_gpu_resources_revert_stream(faissnet_gpu_resources* resources, int32_t device) {
    return guard([&] {
        auto& target = open(resources);
        require_device(device);
        const std::lock_guard<std::mutex> lock(target.mutex);
        require_healthy(device);
        target.provider->revertDefaultStream(device);
    });
}

#endif
