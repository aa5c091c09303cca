// The training of OPQ with progress and cancellation.
#pragma once

#include <memory>

#include <faiss/VectorTransform.h>
#include <faiss/impl/ProductQuantizer.h>

#include "watched.hpp"

namespace faissnet {

// OPQ trains a product quantizer again and again. For as long as this lives it is one of ours, which sees the iterations, and is silent.
class WatchedOpq {
   public:
    // Nobody is told without a monitor.
    WatchedOpq(faiss::OPQMatrix& opq, int64_t n, const faissnet_monitor* monitor) : opq_(opq), pq_(opq.d_out, opq.M, 8) {
        if (n < static_cast<int64_t>(pq_.ksub)) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: OPQ trains codebooks of 256 centroids and needs at least as many vectors", static_cast<long long>(n));
        }
        pq_.cp.min_points_per_centroid = 0;
        pq_.cp.max_points_per_centroid = 1000; // as in OPQ's own
        if (monitor != nullptr) {
            auto counted = pq_.cp;
            counted.niter = opq.niter_pq;
            const int64_t first = (opq.niter_pq_0 + opq.niter_pq - 1) / opq.niter_pq;
            slot_ = std::make_unique<Slot>(
                    pq_.assign_index,
                    std::make_unique<WatchedFlat>(
                            static_cast<int>(pq_.dsub), faiss::METRIC_L2, counted, opq.M * (opq.niter - 1 + first), *monitor, FAISSNET_STAGE_TRANSFORM));
        }
        opq.A.clear(); // it starts from the matrix that it finds
        opq.pq = &pq_;
    }
    ~WatchedOpq() {
        opq_.pq = nullptr;
    }
    WatchedOpq(const WatchedOpq&) = delete;
    WatchedOpq& operator=(const WatchedOpq&) = delete;

    // nullptr if nobody is told.
    WatchedFlat* assigner() {
        return slot_ != nullptr ? &slot_->assigner() : nullptr;
    }

   private:
    faiss::OPQMatrix& opq_;
    faiss::ProductQuantizer pq_;
    std::unique_ptr<Slot> slot_;
};

} // namespace faissnet
