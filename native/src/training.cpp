// Training with progress and cancellation.
//
// FAISS lets an index of the caller's assign the training vectors to centroids: Level1Quantizer's
// clustering_index and ProductQuantizer's assign_index. A flat index that counts its searches there
// sees every k-means iteration, on the calling thread, and changes no result. FAISS's own
// InterruptCallback would be one for the whole process, polled from OpenMP's workers.

#include <algorithm>
#include <memory>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>

#include "handle.hpp"
#include "quantizers.hpp"

namespace faissnet {
namespace {

class Watch {
   public:
    Watch(const faissnet_monitor& monitor, int32_t stage, int64_t total)
            : monitor_(monitor), stage_(stage), total_(total) {}

    void check() const {
        if (monitor_.report(monitor_.context, stage_, done_, total_) != 0) {
            fail(FAISSNET_CANCELLED, "the training was cancelled");
        }
    }

    void step() {
        done_ = std::min(done_ + 1, total_);
        check();
    }

   private:
    const faissnet_monitor& monitor_;
    int32_t stage_;
    int64_t total_;
    int64_t done_ = 0;
};

// Assigns exactly as the flat index that FAISS would use, in pieces small enough to stop between them.
class WatchedFlat : public faiss::IndexFlat {
   public:
    WatchedFlat(int d, faiss::MetricType metric, Watch watch) : IndexFlat(d, metric), watch_(watch) {}

    void search(
            idx_t n,
            const float* x,
            idx_t k,
            float* distances,
            idx_t* labels,
            const faiss::SearchParameters* params) const override {
        for (idx_t first = 0; first < n;) {
            watch_.check();
            // The last piece takes the remainder, so that FAISS never sees a batch small enough to be
            // computed in another way; pieces are multiples of its own block of 4096 queries.
            const idx_t count = n - first < 2 * kPiece ? n - first : kPiece;
            IndexFlat::search(count, x + first * d, k, distances + first * k, labels + first * k, params);
            first += count;
        }
        watch_.step();
    }

   private:
    static constexpr idx_t kPiece = 4 * 4096;
    mutable Watch watch_;
};

// Puts a watched assigner into a slot of FAISS's for as long as it lives.
class Slot {
   public:
    Slot(faiss::Index*& slot, std::unique_ptr<WatchedFlat> assigner) : slot_(slot), assigner_(std::move(assigner)) {
        slot_ = assigner_.get();
    }
    ~Slot() {
        slot_ = nullptr;
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    faiss::Index*& slot_;
    std::unique_ptr<WatchedFlat> assigner_;
};

std::unique_ptr<Slot> watch_coarse(faiss::IndexIVF& ivf, const faissnet_monitor& monitor) {
    const bool assigns_flat = ivf.quantizer_trains_alone == 2 ||
            (ivf.quantizer_trains_alone == 0 && dynamic_cast<faiss::IndexFlat*>(ivf.quantizer) != nullptr);
    if (!assigns_flat || ivf.clustering_index != nullptr) {
        return nullptr;
    }
    const auto metric = ivf.quantizer_trains_alone == 2 ? faiss::METRIC_L2 : ivf.quantizer->metric_type;
    return std::make_unique<Slot>(
            ivf.clustering_index,
            std::make_unique<WatchedFlat>(
                    ivf.quantizer->d, metric, Watch(monitor, FAISSNET_STAGE_COARSE, ivf.cp.niter)));
}

std::unique_ptr<Slot> watch_codes(faiss::ProductQuantizer& pq, const faissnet_monitor& monitor) {
    if (pq.assign_index != nullptr) {
        return nullptr;
    }
    const auto runs = pq.train_type == faiss::ProductQuantizer::Train_shared ? 1 : static_cast<int64_t>(pq.M);
    return std::make_unique<Slot>(
            pq.assign_index,
            std::make_unique<WatchedFlat>(
                    static_cast<int>(pq.dsub), faiss::METRIC_L2, Watch(monitor, FAISSNET_STAGE_CODES, runs * pq.cp.niter)));
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_train(
        faissnet_index* index, int64_t n, const float* x, const faissnet_monitor* monitor) {
    return guard([&] {
        auto& target = open(index);
        require_vectors(target, n, x);
        auto ivf = find_inside<faiss::IndexIVF>(target);
        if (ivf != nullptr && !ivf->is_trained && n < static_cast<int64_t>(ivf->nlist)) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training nlist = %lld centroids needs at least as many vectors (and 39 times as many to train well)",
                 static_cast<long long>(n), static_cast<long long>(ivf->nlist));
        }
        auto pq = find_pq(target);
        if (pq != nullptr && !target.is_trained && n < static_cast<int64_t>(pq->ksub)) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training %lld centroids per sub-quantizer (nbits = %lld) needs at least as many vectors (and 39 times as many to train well)",
                 static_cast<long long>(n), static_cast<long long>(pq->ksub), static_cast<long long>(pq->nbits));
        }

        std::unique_ptr<Slot> coarse, codes;
        if (monitor != nullptr && monitor->report != nullptr) {
            coarse = ivf != nullptr ? watch_coarse(*ivf, *monitor) : nullptr;
            codes = pq != nullptr ? watch_codes(*pq, *monitor) : nullptr;
        }

        const bool coarse_was_empty = ivf != nullptr && ivf->quantizer->ntotal == 0;
        try {
            target.train(n, x);
        } catch (...) {
            // FAISS keeps coarse centroids that it finds; the next training must start from nothing.
            if (coarse_was_empty && !target.is_trained) {
                ivf->quantizer->reset();
            }
            throw;
        }
    });
}
