// Training with progress and cancellation.

#include <algorithm>
#include <memory>
#include <vector>

#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexNSG.h>
#include <faiss/VectorTransform.h>

#include "additive.hpp"
#include "anew.hpp"
#include "composed.hpp"
#include "graphs.hpp"
#include "handle.hpp"
#include "interruption.hpp"
#include "lsq_turn.hpp"
#include "quantizers.hpp"
#include "watched_additive.hpp"
#include "watched_opq.hpp"

namespace faissnet {
namespace {

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

// The first OPQ that is going to be trained; nullptr if there is none.
std::unique_ptr<WatchedOpq> watch_opq(faiss::Index& target, int64_t n, const faissnet_monitor* monitor) {
    if (auto chain = find_inside<faiss::IndexPreTransform>(target)) {
        for (auto transform : chain->chain) {
            auto opq = dynamic_cast<faiss::OPQMatrix*>(transform);
            if (opq != nullptr && !opq->is_trained && opq->pq == nullptr) {
                return std::make_unique<WatchedOpq>(*opq, n, monitor);
            }
        }
    }
    return nullptr;
}

// Between the k-means of the coarse centroids and that of the codes FAISS assigns all vectors to their lists in one call. A flat quantizer is
// replaced for as long as it trains by one that can be stopped there.
class Quantizer {
   public:
    // Does nothing if nobody listens.
    Quantizer(faiss::IndexIVF* ivf, const Interruptible& caller) : ivf_(ivf) {
        own_ = ivf != nullptr && caller.monitor() != nullptr ? dynamic_cast<faiss::IndexFlat*>(ivf->quantizer) : nullptr;
        if (own_ == nullptr || ivf->quantizer_trains_alone != 0) {
            own_ = nullptr;
            return;
        }
        watched_ = std::make_unique<AskingFlat>(own_->d, own_->metric_type, caller);
        if (own_->ntotal > 0) {
            watched_->add(own_->ntotal, own_->get_xb());
        }
        ivf->quantizer = watched_.get();
    }

    // What was learnt. Nothing can stop it any more.
    void keep() {
        const Interruptible::Suspended suspended;
        if (own_ != nullptr && own_->ntotal != watched_->ntotal) {
            own_->reset();
            own_->add(watched_->ntotal, watched_->get_xb());
        }
    }

    ~Quantizer() {
        if (own_ != nullptr) {
            ivf_->quantizer = own_;
        }
    }
    Quantizer(const Quantizer&) = delete;
    Quantizer& operator=(const Quantizer&) = delete;

   private:
    faiss::IndexIVF* ivf_;
    faiss::IndexFlat* own_;
    std::unique_ptr<AskingFlat> watched_;
};

// What FAISS keeps of a training that failed, and would go on from: coarse centroids, learnt transforms, and codebooks.
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
        for (auto quantizer : additive_quantizers(index)) {
            if (!quantizer->is_trained) {
                untrained_codebooks_.push_back(quantizer);
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
            forget_learnt(*transform);
        }
        forget_codebooks(untrained_codebooks_);
    }

   private:
    faiss::Index* quantizer_ = nullptr;
    bool quantizer_was_trained_ = false;
    std::vector<faiss::VectorTransform*> untrained_;
    std::vector<faiss::AdditiveQuantizer*> untrained_codebooks_;
};

// Of residual quantizers, and of the second quantizer of an IVFPQR.
std::vector<Quiet> silence_residuals(faiss::Index& index) {
    std::vector<Quiet> quiet;
    for (auto quantizer : additive_quantizers(index)) {
        if (auto residual = dynamic_cast<faiss::ResidualQuantizer*>(quantizer)) {
            quiet.emplace_back(&residual->cp);
        }
    }
    if (auto refined = find_inside<faiss::IndexIVFPQR>(index)) {
        quiet.emplace_back(&refined->refine_pq.cp);
    }
    return quiet;
}

// Counts the members of several that are trained before the one that is.
struct SeveralMonitor {
    const faissnet_monitor& monitor;
    int64_t member, members;

    static int32_t report(void* context, int32_t stage, int64_t done, int64_t total) {
        const auto& self = *static_cast<SeveralMonitor*>(context);
        return self.monitor.report(self.monitor.context, stage, self.member * total + done, self.members * total);
    }
};

void require_enough(const faiss::ResidualQuantizer& residual, int64_t n) {
    const auto number = static_cast<long long>(n);
    int64_t residuals = n; // that a codebook is trained with: those of all beams
    for (size_t m = 0; m < residual.M; m++) {
        const auto centroids = int64_t{1} << residual.nbits[m];
        if (residuals < centroids) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training %lld centroids per codebook (nbits = %lld) needs at least as many vectors (and 39 times as many to train well)",
                 number, static_cast<long long>(centroids), static_cast<long long>(residual.nbits[m]));
        }
        if ((residual.train_type & faiss::ResidualQuantizer::Train_top_beam) == 0) {
            residuals = std::min(residuals * centroids, n * residual.max_beam_size);
        }
    }
    if ((residual.train_type & faiss::ResidualQuantizer::Train_progressive_dim) != 0 && n < static_cast<int64_t>(residual.d)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: a residual quantizer of d = %lld is trained along the principal components of its vectors, which needs at least as many",
             number, static_cast<long long>(residual.d));
    }
    if ((residual.train_type & faiss::ResidualQuantizer::Train_refine_codebook) != 0 && n < static_cast<int64_t>(residual.total_codebook_size)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: refining the %lld centroids of all codebooks together needs at least as many vectors", number,
             static_cast<long long>(residual.total_codebook_size));
    }
}

// FAISS says the same in terms of what it does with them, and for some only after it has begun.
void require_enough(faiss::Index& target, const faiss::IndexIVF* ivf, const faiss::ProductQuantizer* pq, int64_t n, bool anew) {
    const auto number = static_cast<long long>(n);
    if (ivf != nullptr && (anew || !ivf->is_trained) && n < static_cast<int64_t>(ivf->nlist)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training nlist = %lld centroids needs at least as many vectors (and 39 times as many to train well)",
             number, static_cast<long long>(ivf->nlist));
    }
    if (pq != nullptr && (anew || !target.is_trained) && n < static_cast<int64_t>(pq->ksub)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training %lld centroids per sub-quantizer (nbits = %lld) needs at least as many vectors (and 39 times as many to train well)",
             number, static_cast<long long>(pq->ksub), static_cast<long long>(pq->nbits));
    }
    for (auto quantizer : additive_quantizers(target)) {
        auto residual = dynamic_cast<const faiss::ResidualQuantizer*>(quantizer);
        // A coarse one that was trained by itself stays as it is.
        if (residual != nullptr && (!residual->is_trained || (anew && target.is_trained))) {
            require_enough(*residual, n);
        }
    }
}

void train(faiss::Index& target, int64_t n, const float* x, const faissnet_monitor* given) {
    if (is_composed(target)) {
        const auto members = members_of(target);
        for (size_t i = 0; i < members.size(); i++) {
            if (given == nullptr || given->report == nullptr) {
                train(*members[i].index, n, x, nullptr);
                continue;
            }
            SeveralMonitor several{*given, static_cast<int64_t>(i), static_cast<int64_t>(members.size())};
            const faissnet_monitor one{SeveralMonitor::report, &several};
            train(*members[i].index, n, x, &one);
        }
        return;
    }
    const Interruptible interruptible(given);
    const auto monitor = interruptible.monitor();
    if (monitor != nullptr) {
        interruptible.ask(); // to see that the vectors are finite took its time
    }
    // A training that no vector was encoded with may be replaced by another.
    const bool anew = target.ntotal == 0;
    auto ivf = find_inside<faiss::IndexIVF>(target);
    auto pq = find_pq(target);
    require_enough(target, ivf, pq, n, anew);
    if (auto nsg = ivf != nullptr && !ivf->is_trained ? dynamic_cast<faiss::IndexNSG*>(ivf->quantizer) : nullptr) {
        if (ivf->nlist < kSmallestNsg) {
            fail(FAISSNET_INVALID_ARGUMENT, "nlist is %lld: an NSG coarse quantizer needs at least %d centroids", static_cast<long long>(ivf->nlist), kSmallestNsg);
        }
        choose_build(*nsg, static_cast<int64_t>(ivf->nlist));
    }

    const Quiet quiet_coarse(ivf != nullptr ? &ivf->cp : nullptr), quiet_codes(pq != nullptr ? &pq->cp : nullptr);
    const auto quiet_residuals = silence_residuals(target);
    std::unique_ptr<Slot> coarse, codes;
    if (monitor != nullptr) {
        coarse = ivf != nullptr ? watch_coarse(*ivf, *monitor) : nullptr;
        codes = pq != nullptr ? watch_codes(*pq, *monitor) : nullptr;
    }

    if (anew && target.is_trained) {
        forget_training(target);
    }
    const auto opq = watch_opq(target, n, monitor);
    std::vector<WatchedFlat*> stages;
    for (auto stage : {opq != nullptr ? opq->assigner() : nullptr, coarse != nullptr ? &coarse->assigner() : nullptr, codes != nullptr ? &codes->assigner() : nullptr}) {
        if (stage != nullptr) {
            stage->before = stages.empty() ? nullptr : stages.back();
            stages.push_back(stage);
        }
    }

    Remains remains(target);
    bool has_trained = false;
    try {
        Quantizer quantizer(ivf, interruptible);
        const LsqTurn turn(target, &interruptible);
        WatchedAdditive additive(target, n, interruptible, stages.empty() ? nullptr : stages.back(), pq == nullptr);
        target.train(n, x);
        has_trained = true;
        if (interruptible.has_ended()) {
            interruptible.ask();
        }
        quantizer.keep();
        has_trained = false;
        for (auto stage : stages) {
            stage->finish();
        }
        additive.finish();
    } catch (...) {
        if (has_trained) { // but not all of it was learnt, or not all of it kept
            forget_training(target);
            target.is_trained = false;
        }
        if (!target.is_trained) {
            remains.clear();
        }
        if (interruptible.has_ended()) {
            interruptible.ask(); // whatever FAISS made of what was cut short
        }
        throw;
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_train(
        faissnet_index* index, int64_t n, const float* x, const faissnet_monitor* monitor) {
    return guard([&] {
        auto& target = open(index);
        require_vectors(target, n, x);
        require(n > 0 || target.is_trained, "n is 0: training needs vectors");
        if (n > 0) {
            const Change change(*index, Change::kTraining);
            train(target, n, x, monitor);
        }
    });
}
