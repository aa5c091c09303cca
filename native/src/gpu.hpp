// What stands behind FAISS's GPU classes in this interface. Only in builds with GPU support.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include <faiss/gpu/GpuIndexIVF.h>
#include <faiss/gpu/StandardGpuResources.h>

#include "gpu_memory.hpp"
#include "handle.hpp"

namespace faissnet {

/* ---- Devices. Where CUDA fails, FAISS ends the process: what can fail is tried here first. ---- */

// Fails with FAISSNET_GPU unless CUDA gave success.
void require_cuda(cudaError_t result, const char* what);

// 0 also where there is no driver, or one that is too old.
int device_count();

void require_device(int device);

// cudaDeviceGetAttribute.
int device_attribute(int device, cudaDeviceAttr attribute);

// Fails if an earlier error has made the device unusable for this process; forgets errors that have not.
void require_healthy(int device);
bool is_healthy(int device) noexcept;

int64_t free_bytes(int device);

/* ---- Resources ---- */

// One of FAISS's resource objects. FAISS lets one thread at a time use it and all indexes on it.
class Resources {
   public:
    Resources(int64_t temporary_bytes, int64_t pinned_bytes, bool null_stream);
    ~Resources();

    // Sets the device up, after a look at whether its memory is enough for that and `bytes` more. To be called locked.
    void prepare(int device, double bytes, bool unified);

    bool is_prepared(int device) const {
        return devices_.count(device) != 0;
    }

    std::mutex mutex;
    std::unique_ptr<faiss::gpu::StandardGpuResources> provider;

   private:
    int64_t temporary_bytes_;
    std::set<int> devices_;
    bool broken_ = false;
};

struct Place {
    std::shared_ptr<Resources> resources;
    int device;
};

// Holds all resources of an index. In one order for all, so that no two calls wait for each other.
class Exclusive {
   public:
    explicit Exclusive(const std::vector<Place>& places);

   private:
    std::vector<std::unique_lock<std::mutex>> locks_;
};

/* ---- Indexes ---- */

// A GPU index as the rest of the shim sees it: one call at a time, with the conditions checked under which FAISS would end the
// process. Throws FAISS's "not implemented" for what the GPU cannot do, as FAISS's own classes do.
class OnGpu final : public faiss::Index, public Carrier {
   public:
    // inner: made by FAISS on these places, perhaps replicas, shards, or a wrapper on the CPU; like: its dimension and metric.
    OnGpu(std::vector<Place> places, const faissnet_gpu_options& options, const faiss::Index& like, std::unique_ptr<faiss::Index> inner);
    ~OnGpu() override;

    const faiss::Index& carried() const override {
        return *inner_;
    }

    void train(int64_t n, const float* x) override;
    void add(int64_t n, const float* x) override;
    void add_with_ids(int64_t n, const float* x, const int64_t* ids) override;
    void reset() override;
    void search(
            int64_t n, const float* x, int64_t k, float* distances, int64_t* labels,
            const faiss::SearchParameters* parameters = nullptr) const override;
    void reconstruct(int64_t id, float* vector) const override;

    void search_probing(int64_t n, const float* x, int64_t k, int64_t nprobe, float* distances, int64_t* labels) const;
    std::unique_ptr<faiss::Index> to_cpu() const;
    int64_t max_selection() const;
    int64_t reclaim();

    // All IVFs on all devices; empty if there is none.
    std::vector<faiss::gpu::GpuIndexIVF*> ivfs() const;
    const std::vector<Place>& places() const {
        return places_;
    }
    const faissnet_gpu_options& options() const {
        return options_;
    }

    // Makes the same anew, untrained; empty for an index that came from the CPU.
    std::function<std::unique_ptr<faiss::Index>()> fresh;

   private:
    void require_usable() const;
    void require_room(int64_t n) const;
    void require_ids(int64_t n, const int64_t* ids) const;
    void take_over_state();
    std::vector<faiss::gpu::GpuIndex*> leaves() const;

    std::vector<Place> places_;
    faissnet_gpu_options options_;
    std::unique_ptr<faiss::Index> inner_;
};

} // namespace faissnet

struct faissnet_gpu_resources : faissnet::Counted {
    std::shared_ptr<faissnet::Resources> resources;
};

namespace faissnet {

// The index as one on a GPU; refuses others.
const OnGpu& open_gpu(const faissnet_index* index);

inline OnGpu& open_gpu(faissnet_index* index) {
    return const_cast<OnGpu&>(open_gpu(static_cast<const faissnet_index*>(index)));
}

// Whether an index with these options uses NVIDIA's implementation; refuses to where FAISS was built without it.
bool wants_cuvs(const faissnet_gpu_options& options);
bool uses_cuvs(const faissnet_gpu_options& options, int device);

// FAISS says by a text that cudaMalloc failed.
template <typename Body>
auto on_device_memory(Body&& body) -> decltype(body()) {
    try {
        return body();
    } catch (const faiss::FaissException& error) {
        if (std::strstr(error.what(), "alloc fail") != nullptr) {
            fail(FAISSNET_OUT_OF_MEMORY, "the memory of the GPU is not enough for this call: %.600s", error.what());
        }
        throw;
    }
}

// Fails unless the device can hold an IVFPQ of this shape.
void require_gpu_pq(int64_t d, int64_t m, int64_t nbits, const faissnet_gpu_options& options, int device);

// Fails unless FAISS can take the index to a GPU, and would not end the process over it.
void require_gpu_form(const faissnet_index& cpu, const faissnet_gpu_options& options, const std::vector<int>& devices);

} // namespace faissnet
