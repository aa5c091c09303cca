// Training with progress and cancellation.
//
// FAISS lets an index of the caller's assign the training vectors to centroids: Level1Quantizer's
// clustering_index and ProductQuantizer's assign_index. A flat index that counts its searches there
// sees every k-means iteration, on the calling thread, and changes no result. FAISS's own
// InterruptCallback would be one for the whole process, polled from OpenMP's workers.

#include <algorithm>
#include <memory>
#include <vector>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexNSG.h>
#include <faiss/VectorTransform.h>
#include <faiss/utils/distances.h>

#include "anew.hpp"
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

// Assigns exactly as the flat index that FAISS would use, in pieces small enough to stop between them.
class WatchedFlat : public faiss::IndexFlat {
   public:
    WatchedFlat(int d, faiss::MetricType metric, const faiss::ClusteringParameters& cp, int64_t runs, const faissnet_monitor& monitor, int32_t stage)
            : IndexFlat(d, metric), iterations_(cp.niter), watch_(monitor, stage, runs * cp.nredo * cp.niter) {}

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
            // computed in another way; pieces are multiples of its own block of queries.
            const idx_t count = n - first < 2 * piece_ ? n - first : piece_;
            IndexFlat::search(count, x + first * d, k, distances + first * k, labels + first * k, params);
            first += count;
        }
        searched_ = true;
        watch_.step();
    }

   private:
    // Below its threshold (of queries, since 1.14 of their floats) FAISS computes distances without BLAS, and rounds otherwise.
    static idx_t piece(int d) {
        const idx_t block = faiss::distance_compute_blas_query_bs;
        const idx_t with_blas = faiss::distance_compute_blas_threshold / d / block + 1;
        return block * std::max<idx_t>(4, with_blas);
    }

    idx_t piece_ = piece(d);
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

std::unique_ptr<Slot> watch_coarse(faiss::IndexIVF& ivf, const faissnet_monitor& monitor) {
    const bool assigns_flat = ivf.quantizer_trains_alone == 2 ||
            (ivf.quantizer_trains_alone == 0 && dynamic_cast<faiss::IndexFlat*>(ivf.quantizer) != nullptr);
    if (!assigns_flat || ivf.clustering_index != nullptr) {
        return nullptr;
    }
    const auto metric = ivf.quantizer_trains_alone == 2 ? faiss::METRIC_L2 : ivf.quantizer->metric_type;
    return std::make_unique<Slot>(
            ivf.clustering_index,
            std::make_unique<WatchedFlat>(ivf.quantizer->d, metric, ivf.cp, 1, monitor, FAISSNET_STAGE_COARSE));
}

std::unique_ptr<Slot> watch_codes(faiss::ProductQuantizer& pq, const faissnet_monitor& monitor) {
    if (pq.assign_index != nullptr) {
        return nullptr;
    }
    const auto runs = pq.train_type == faiss::ProductQuantizer::Train_shared ? 1 : static_cast<int64_t>(pq.M);
    return std::make_unique<Slot>(
            pq.assign_index,
            std::make_unique<WatchedFlat>(
                    static_cast<int>(pq.dsub), faiss::METRIC_L2, pq.cp, runs, monitor, FAISSNET_STAGE_CODES));
}

// What FAISS keeps of a training that failed, and would go on from: coarse centroids and learnt transforms.
class Remains {
   public:
    explicit Remains(faiss::Index& index) {
        if (auto ivf = find_inside<faiss::IndexIVF>(index); ivf != nullptr && (ivf->quantizer->ntotal == 0 || !ivf->quantizer->is_trained)) {
            quantizer_ = ivf->quantizer;
            quantizer_was_trained_ = quantizer_->is_trained;
        }
        if (auto chain = find_inside<faiss::IndexPreTransform>(index)) {
            for (auto transform : chain->chain) {
                if (!transform->is_trained) {
                    untrained_.push_back(transform);
                }
            }
        }
    }

    void clear() {
        if (quantizer_ != nullptr) {
            try {
                quantizer_->reset();
            } catch (const faiss::FaissException&) {
                quantizer_->ntotal = 0; // a MultiIndexQuantizer only counts its centroids, and has no reset
            }
            quantizer_->is_trained = quantizer_was_trained_;
        }
        for (auto transform : untrained_) {
            transform->is_trained = false;
            if (auto linear = dynamic_cast<faiss::LinearTransform*>(transform)) {
                linear->A.clear(); // OPQ starts from the matrix that it finds
            }
        }
    }

   private:
    faiss::Index* quantizer_ = nullptr;
    bool quantizer_was_trained_ = false;
    std::vector<faiss::VectorTransform*> untrained_;
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
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;

   private:
    faiss::ClusteringParameters* parameters_;
    int minimum_ = 0;
};

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_train(
        faissnet_index* index, int64_t n, const float* x, const faissnet_monitor* monitor) {
    return guard([&] {
        auto& target = open(index);
        require_vectors(target, n, x);
        require(n > 0 || target.is_trained, "n is 0: training needs vectors");
        if (n == 0) {
            return;
        }
        // A training that no vector was encoded with may be replaced by another.
        const bool anew = target.ntotal == 0;
        auto ivf = find_inside<faiss::IndexIVF>(target);
        if (ivf != nullptr && (anew || !ivf->is_trained) && n < static_cast<int64_t>(ivf->nlist)) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training nlist = %lld centroids needs at least as many vectors (and 39 times as many to train well)",
                 static_cast<long long>(n), static_cast<long long>(ivf->nlist));
        }
        auto pq = find_pq(target);
        if (pq != nullptr && (anew || !target.is_trained) && n < static_cast<int64_t>(pq->ksub)) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training %lld centroids per sub-quantizer (nbits = %lld) needs at least as many vectors (and 39 times as many to train well)",
                 static_cast<long long>(n), static_cast<long long>(pq->ksub), static_cast<long long>(pq->nbits));
        }
        // NN-descent, from which NSG builds its graph, divides by zero on a small one.
        if (ivf != nullptr && !ivf->is_trained && ivf->nlist < 100 && dynamic_cast<faiss::IndexNSG*>(ivf->quantizer) != nullptr) {
            fail(FAISSNET_INVALID_ARGUMENT, "nlist is %lld: an NSG coarse quantizer needs at least 100 centroids", static_cast<long long>(ivf->nlist));
        }

        const Quiet quiet_coarse(ivf != nullptr ? &ivf->cp : nullptr), quiet_codes(pq != nullptr ? &pq->cp : nullptr);
        std::unique_ptr<Slot> coarse, codes;
        if (monitor != nullptr && monitor->report != nullptr) {
            coarse = ivf != nullptr ? watch_coarse(*ivf, *monitor) : nullptr;
            codes = pq != nullptr ? watch_codes(*pq, *monitor) : nullptr;
        }

        if (coarse != nullptr && codes != nullptr) {
            codes->assigner().before = &coarse->assigner();
        }

        if (anew && target.is_trained) {
            forget_training(target);
        }
        Remains remains(target);
        try {
            target.train(n, x);
        } catch (...) {
            if (!target.is_trained) {
                remains.clear();
            }
            throw;
        }
        for (const auto& slot : {coarse.get(), codes.get()}) {
            if (slot != nullptr) {
                slot->assigner().finish();
            }
        }
    });
}
