#ifdef FAISSNET_ENABLE_GPU

#include "gpu.hpp"

#include <algorithm>
#include <limits>
#include <string>

#include <faiss/IndexReplicas.h>
#include <faiss/IndexShards.h>
#include <faiss/gpu/GpuCloner.h>
#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/GpuIndexIVFFlat.h>
#include <faiss/gpu/GpuIndexIVFPQ.h>
#include <faiss/gpu/GpuIndexIVFScalarQuantizer.h>

#include "watched.hpp"

namespace faissnet {
namespace {

using faiss::gpu::GpuIndex;
using faiss::gpu::GpuIndexFlat;
using faiss::gpu::GpuIndexIVF;
using faiss::gpu::GpuIndexIVFPQ;
using faiss::gpu::GpuIndexIVFScalarQuantizer;

// FAISS counts the vectors of one call in 32 bits, and wants all of its results on the device at once.
constexpr int64_t kMostVectors = int64_t(1) << 30;
constexpr int64_t kMostBytes = int64_t(256) << 20;

// The indexes on devices inside an index, in order.
void collect(const faiss::Index& index, std::vector<GpuIndex*>& found) {
    const auto each = [&](const auto& parts) {
        for (int i = 0; i < parts.count(); i++) {
            collect(*parts.at(i), found);
        }
    };
    if (auto gpu = dynamic_cast<const GpuIndex*>(&index)) {
        found.push_back(const_cast<GpuIndex*>(gpu));
    } else if (auto replicas = dynamic_cast<const faiss::IndexReplicas*>(&index)) {
        each(*replicas);
    } else if (auto shards = dynamic_cast<const faiss::IndexShards*>(&index)) {
        each(*shards);
    } else if (auto inner = unwrap_once(index)) {
        collect(*inner, found);
    }
}

double bytes_per_vector(const GpuIndexIVF& ivf, const faissnet_gpu_options& options) {
    const auto* pq = dynamic_cast<const GpuIndexIVFPQ*>(&ivf);
    const auto* sq = dynamic_cast<const GpuIndexIVFScalarQuantizer*>(&ivf);
    const double code = pq != nullptr ? pq->getNumSubQuantizers() : sq != nullptr ? static_cast<double>(sq->sq.code_size) : 4.0 * ivf.d;
    return code + static_cast<double>(gpu_id_bytes(options));
}

int64_t nprobe_of(const GpuIndexIVF& ivf) {
    return static_cast<int64_t>(ivf.nprobe);
}

// Sets nprobe on all parts for one call. FAISS's replicas, shards and wrappers pass no parameters on.
class Probing {
   public:
    Probing(const std::vector<GpuIndexIVF*>& ivfs, int64_t nprobe) : ivfs_(ivfs) {
        for (auto ivf : ivfs_) {
            before_.push_back(nprobe_of(*ivf));
            if (nprobe > 0) {
                ivf->nprobe = static_cast<decltype(ivf->nprobe)>(std::min(nprobe, static_cast<int64_t>(ivf->nlist)));
            }
        }
    }
    ~Probing() {
        for (size_t i = 0; i < ivfs_.size(); i++) {
            ivfs_[i]->nprobe = static_cast<decltype(ivfs_[i]->nprobe)>(before_[i]);
        }
    }
    Probing(const Probing&) = delete;
    Probing& operator=(const Probing&) = delete;

   private:
    std::vector<GpuIndexIVF*> ivfs_;
    std::vector<int64_t> before_;
};

} // namespace

OnGpu::OnGpu(
        std::vector<Place> places, const faissnet_gpu_options& options, const faiss::Index& like,
        std::unique_ptr<faiss::Index> inner)
        : faiss::Index(like.d, like.metric_type), places_(std::move(places)), options_(options), inner_(std::move(inner)) {
    metric_arg = like.metric_arg;
    take_over_state();
}

OnGpu::~OnGpu() {
    try {
        const Exclusive lock(places_);
        const bool works = std::all_of(places_.begin(), places_.end(), [](const Place& place) { return is_healthy(place.device); });
        if (works) {
            inner_.reset();
        }
    } catch (...) {
        // Without the lock there is nothing that may be done.
    }
    // To free what is on a failed device ends the process.
    static_cast<void>(inner_.release());
}

void OnGpu::take_over_state() {
    ntotal = inner_->ntotal;
    is_trained = inner_->is_trained;
}

std::vector<GpuIndex*> OnGpu::leaves() const {
    std::vector<GpuIndex*> found;
    collect(*inner_, found);
    return found;
}

std::vector<GpuIndexIVF*> OnGpu::ivfs() const {
    std::vector<GpuIndexIVF*> found;
    for (auto leaf : leaves()) {
        if (auto ivf = dynamic_cast<GpuIndexIVF*>(leaf)) {
            found.push_back(ivf);
        }
    }
    return found;
}

int64_t OnGpu::max_selection() const {
    int64_t most = std::numeric_limits<int64_t>::max();
    for (const auto& place : places_) {
        most = std::min(most, max_gpu_selection(uses_cuvs(options_, place.device)));
    }
    return most;
}

void OnGpu::require_usable() const {
    for (const auto& place : places_) {
        require_healthy(place.device);
    }
}

void OnGpu::require_room(int64_t n) const {
    if (options_.memory_space == FAISSNET_GPU_MEMORY_UNIFIED) {
        return;
    }
    const auto all = leaves();
    const bool sharded = dynamic_cast<const faiss::IndexShards*>(inner_.get()) != nullptr;
    const int64_t here = sharded ? (n + static_cast<int64_t>(all.size()) - 1) / static_cast<int64_t>(all.size()) : n;
    for (auto leaf : all) {
        const auto* ivf = dynamic_cast<const GpuIndexIVF*>(leaf);
        // A flat index moves to a larger place, and has both while it copies.
        const double needed = ivf != nullptr ? static_cast<double>(here) * bytes_per_vector(*ivf, options_)
                                             : gpu_flat_bytes(leaf->ntotal + here, leaf->d, options_.float16 != 0);
        const int64_t available = free_bytes(leaf->getDevice());
        if (needed > static_cast<double>(available)) {
            fail(FAISSNET_OUT_OF_MEMORY,
                 "n is %lld: device %d has %lld MiB free, and these vectors take about %.0f MiB; add fewer, or to the CPU index that "
                 "ToCpu gives",
                 static_cast<long long>(n), leaf->getDevice(), static_cast<long long>(available >> 20), needed / (1 << 20));
        }
    }
}

void OnGpu::require_ids(int64_t n, const int64_t* ids) const {
    if (options_.indices != FAISSNET_GPU_INDICES_BIT32 || ivfs().empty()) {
        return;
    }
    constexpr int64_t least = std::numeric_limits<int32_t>::min(), most = std::numeric_limits<int32_t>::max();
    const auto refused = [&](int64_t id) {
        fail(FAISSNET_INVALID_ARGUMENT, "the id %lld does not fit into the 32 bits that this index keeps ids in", static_cast<long long>(id));
    };
    if (ids == nullptr) {
        if (ntotal > most - n + 1) {
            refused(ntotal + n - 1);
        }
        return;
    }
    const auto bad = std::find_if(ids, ids + n, [&](int64_t id) { return id < least || id > most; });
    if (bad != ids + n) {
        refused(*bad);
    }
}

void OnGpu::train(int64_t n, const float* x) {
    const Exclusive lock(places_);
    require_usable();
    const auto existing = ivfs();
    if (existing.empty() && is_trained) {
        return; // a flat index has nothing to learn
    }
    if (n > std::numeric_limits<int32_t>::max()) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: FAISS trains an index on a GPU with at most 2147483647 vectors", static_cast<long long>(n));
    }
    if (is_trained) {
        if (!fresh) {
            fail(FAISSNET_UNSUPPORTED, "this index came to the GPU trained: train the CPU index anew, and take that to the GPU");
        }
        const int64_t nprobe = nprobe_of(*existing.front());
        inner_ = on_device_memory(fresh);
        for (auto ivf : ivfs()) {
            ivf->nprobe = static_cast<decltype(ivf->nprobe)>(nprobe);
        }
        take_over_state();
    }
    std::vector<std::unique_ptr<Quiet>> quiet;
    for (auto ivf : ivfs()) {
        if (n < static_cast<int64_t>(ivf->nlist)) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training nlist = %lld centroids needs at least as many vectors (and 39 times as many to train well)",
                 static_cast<long long>(n), static_cast<long long>(ivf->nlist));
        }
        quiet.push_back(std::make_unique<Quiet>(&ivf->cp));
        if (auto pq = dynamic_cast<GpuIndexIVFPQ*>(ivf)) {
            if (n < static_cast<int64_t>(pq->pq.ksub)) {
                fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training %lld centroids per sub-quantizer needs at least as many vectors (and 39 times as many to train well)",
                     static_cast<long long>(n), static_cast<long long>(pq->pq.ksub));
            }
            quiet.push_back(std::make_unique<Quiet>(&pq->pq.cp));
        }
    }
    try {
        on_device_memory([&] { inner_->train(n, x); });
    } catch (...) {
        // FAISS would go on from the coarse centroids.
        for (auto ivf : ivfs()) {
            if (!ivf->is_trained) {
                ivf->quantizer->reset();
            }
        }
        take_over_state();
        throw;
    }
    take_over_state();
}

void OnGpu::add(int64_t n, const float* x) {
    const Exclusive lock(places_);
    require_usable();
    if (dynamic_cast<const faiss::IndexIDMap*>(inner_.get()) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "an IDMap index needs the caller's ids: add with ids");
    }
    if (auto shards = dynamic_cast<const faiss::IndexShards*>(inner_.get()); shards != nullptr && shards->successive_ids && ntotal > 0) {
        fail(FAISSNET_UNSUPPORTED, "shards of a flat index take vectors once: add to the CPU index, and take that to the GPUs");
    }
    require_ids(n, nullptr);
    require_room(n);
    try {
        for (int64_t first = 0; first < n; first += kMostVectors) {
            on_device_memory([&] { inner_->add(std::min(kMostVectors, n - first), x + first * d); });
        }
    } catch (...) {
        take_over_state();
        throw;
    }
    take_over_state();
}

void OnGpu::add_with_ids(int64_t n, const float* x, const int64_t* ids) {
    const Exclusive lock(places_);
    require_usable();
    if (dynamic_cast<const GpuIndexFlat*>(inner_.get()) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "this index type numbers its vectors itself and stores no ids: take an \"IDMap,Flat\" to the GPU");
    }
    require_ids(n, ids);
    require_room(n);
    try {
        for (int64_t first = 0; first < n; first += kMostVectors) {
            on_device_memory([&] { inner_->add_with_ids(std::min(kMostVectors, n - first), x + first * d, ids + first); });
        }
    } catch (...) {
        take_over_state();
        throw;
    }
    take_over_state();
}

void OnGpu::reset() {
    const Exclusive lock(places_);
    require_usable();
    inner_->reset();
    take_over_state();
}

void OnGpu::search(
        int64_t n, const float* x, int64_t k, float* distances, int64_t* labels, const faiss::SearchParameters* parameters) const {
    if (parameters != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "an index on a GPU takes nprobe per call and no other parameters");
    }
    search_probing(n, x, k, 0, distances, labels);
}

void OnGpu::search_probing(int64_t n, const float* x, int64_t k, int64_t nprobe, float* distances, int64_t* labels) const {
    const Exclusive lock(places_);
    require_usable();
    const auto all = ivfs();
    const int64_t most = max_selection();
    if (k > most) {
        fail(FAISSNET_UNSUPPORTED, "k is %lld: FAISS finds at most %lld neighbours per query on a GPU; the CPU index that ToCpu gives has no such limit",
             static_cast<long long>(k), static_cast<long long>(most));
    }
    if (nprobe > 0 && all.empty()) {
        fail(FAISSNET_UNSUPPORTED, "nprobe has no meaning for this index: there is no IVF in it");
    }
    const Probing probing(all, nprobe);
    for (auto ivf : all) {
        if (nprobe_of(*ivf) > most) {
            fail(FAISSNET_UNSUPPORTED, "nprobe is %lld: FAISS visits at most %lld lists per query on a GPU; the CPU index that ToCpu gives has no such limit",
                 static_cast<long long>(nprobe_of(*ivf)), static_cast<long long>(most));
        }
    }
    const int64_t tile = std::clamp<int64_t>(kMostBytes / (4 * int64_t(d) + 12 * k), 1, kMostVectors);
    for (int64_t first = 0; first < n; first += tile) {
        on_device_memory([&] {
            inner_->search(std::min(tile, n - first), x + first * d, k, distances + first * k, labels + first * k);
        });
    }
}

void OnGpu::reconstruct(int64_t id, float* vector) const {
    const Exclusive lock(places_);
    require_usable();
    if (dynamic_cast<const GpuIndexFlat*>(inner_.get()) == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "of the indexes on a GPU only a flat one can reconstruct: the CPU index that ToCpu gives can");
    }
    on_device_memory([&] { inner_->reconstruct(id, vector); });
}

std::unique_ptr<faiss::Index> OnGpu::to_cpu() const {
    const Exclusive lock(places_);
    require_usable();
    // FAISS ends the process over an untrained one.
    require_trained(*this);
    if (options_.indices == FAISSNET_GPU_INDICES_IVF && !ivfs().empty()) {
        fail(FAISSNET_UNSUPPORTED, "this index keeps no ids (indices = 1), without which there is no CPU index");
    }
    return on_device_memory([&] { return std::unique_ptr<faiss::Index>(faiss::gpu::index_gpu_to_cpu(inner_.get())); });
}

int64_t OnGpu::reclaim() {
    const Exclusive lock(places_);
    require_usable();
    int64_t bytes = 0;
    for (auto ivf : ivfs()) {
        if (auto flat = dynamic_cast<faiss::gpu::GpuIndexIVFFlat*>(ivf)) {
            bytes += static_cast<int64_t>(flat->reclaimMemory());
        } else if (auto pq = dynamic_cast<GpuIndexIVFPQ*>(ivf)) {
            bytes += static_cast<int64_t>(pq->reclaimMemory());
        } else if (auto sq = dynamic_cast<GpuIndexIVFScalarQuantizer*>(ivf)) {
            bytes += static_cast<int64_t>(sq->reclaimMemory());
        }
    }
    return bytes;
}

} // namespace faissnet

#endif
