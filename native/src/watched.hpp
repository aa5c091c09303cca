// k-means with progress and cancellation.
//
// FAISS lets an index of the caller's assign the training vectors to centroids: Level1Quantizer's
// clustering_index and ProductQuantizer's assign_index. A flat index that counts its searches there
// sees every k-means iteration, on the calling thread, and changes no result. FAISS's own
// InterruptCallback would be one for the whole process, polled from OpenMP's workers.
#pragma once

#include <algorithm>
#include <memory>

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/utils/distances.h>

#include "guard.hpp"
#include "interruption.hpp"
#include "version.hpp"

namespace faissnet {

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

    // k-means ends before its last iteration where nothing moves any more: the next run starts where it would have.
    void start_run(int64_t run, int64_t iterations) {
        done_ = std::max(done_, std::min(run * iterations, total_));
    }

    // The stage is over. Said once, and there is nothing left to cancel.
    void finish() {
        if (done_ < total_) {
            done_ = total_;
            monitor_.report(monitor_.context, stage_, done_, total_);
        }
    }

   private:
    const faissnet_monitor& monitor_;
    int32_t stage_;
    int64_t total_;
    int64_t done_ = 0;
};

// Searches exactly as the flat index that FAISS would use, in pieces small enough to stop between them.
class PiecewiseFlat : public faiss::IndexFlat {
   public:
    void search(
            idx_t n,
            const float* x,
            idx_t k,
            float* distances,
            idx_t* labels,
            const faiss::SearchParameters* params) const override {
        in_pieces(n, piece(), *this, [&](size_t first, size_t count) {
            IndexFlat::search(count, x + first * d, k, distances + first * k, labels + first * k, params);
        });
        searched();
    }

    // Throws if the call is to end.
    virtual void ask() const = 0;

   protected:
    using IndexFlat::IndexFlat;

    // All queries of a call are answered.
    virtual void searched() const {}

   private:
    // A twentieth of a second or so of a matrix product, in whole tiles of it, so that the rows of two pieces are computed as those of one
    // would be. Below its threshold (of queries, since 1.14 of their floats) FAISS computes without BLAS, and rounds otherwise.
    idx_t piece() const {
        constexpr idx_t kOperations = idx_t(1) << 31, kTile = 256;
        const idx_t with_blas = faiss::distance_compute_blas_threshold / d + 1;
        const idx_t most = 4 * faiss::distance_compute_blas_query_bs;
        const idx_t rows = std::max(with_blas, std::min(most, kOperations / (std::max<idx_t>(ntotal, 1) * d)));
        return (rows + kTile - 1) / kTile * kTile;
    }
};

// Only stops: its searches are no iterations of k-means.
class AskingFlat : public PiecewiseFlat {
   public:
    AskingFlat(int d, faiss::MetricType metric, const Interruptible& caller) : PiecewiseFlat(d, metric), caller_(caller) {}

    void ask() const override {
        caller_.ask();
    }

   private:
    const Interruptible& caller_;
};

// Assigns in k-means, whose iterations it counts.
class WatchedFlat : public PiecewiseFlat {
   public:
    WatchedFlat(int d, faiss::MetricType metric, const faiss::ClusteringParameters& cp, int64_t runs, const faissnet_monitor& monitor, int32_t stage)
            : PiecewiseFlat(d, metric), iterations_(cp.niter), watch_(monitor, stage, runs * cp.nredo * cp.niter) {}

    // The stage that is over once this one begins.
    WatchedFlat* before = nullptr;

    // k-means adds its centroids, searches, adds the better ones, and so on: two times in a row is where a run begins.
    void add(idx_t n, const float* x) override {
        if (!searched_) {
            if (runs_ == 0 && before != nullptr) {
                before->finish();
            }
            watch_.start_run(runs_++, iterations_);
        }
        searched_ = false;
        IndexFlat::add(n, x);
    }

    void finish() {
        if (runs_ > 0) {
            watch_.finish();
        }
    }

   private:
    void searched() const override {
        searched_ = true;
        watch_.step();
    }

    void ask() const override {
        watch_.check();
    }

    int64_t iterations_;
    int64_t runs_ = 0;
    mutable bool searched_ = false;
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
    WatchedFlat& assigner() {
        return *assigner_;
    }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;

   private:
    faiss::Index*& slot_;
    std::unique_ptr<WatchedFlat> assigner_;
};

// FAISS prints a warning to stderr for each k-means with few vectors: one for every sub-quantizer. A library has no
// business there; the caller knows how many vectors it gave, and the documentation how many are enough.
class Quiet {
   public:
    explicit Quiet(faiss::ClusteringParameters* parameters) : parameters_(parameters) {
        if (parameters_ != nullptr) {
            minimum_ = parameters_->min_points_per_centroid;
            parameters_->min_points_per_centroid = 0;
        }
    }
    ~Quiet() {
        if (parameters_ != nullptr) {
            parameters_->min_points_per_centroid = minimum_;
        }
    }
    Quiet(Quiet&& other) noexcept : parameters_(other.parameters_), minimum_(other.minimum_) {
        other.parameters_ = nullptr;
    }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    faiss::ClusteringParameters* parameters_;
    int minimum_ = 0;
};

} // namespace faissnet
