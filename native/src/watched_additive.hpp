// The training of additive quantizers with progress and cancellation: residual ones assign to codebooks in pieces, and local searches go by few
// vectors at a time.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <faiss/impl/LocalSearchQuantizer.h>
#include <faiss/impl/ResidualQuantizer.h>
#include <faiss/utils/distances.h>

#include "additive.hpp"
#include "interruption.hpp"
#include "lsq_training.hpp"
#include "watched.hpp"

namespace faissnet {

// How far the quantizers of an index's codes are, in iterations of k-means or of local searches.
class AdditiveProgress {
   public:
    // before: the stage that is over once this one begins; nullptr if there is none.
    AdditiveProgress(const faissnet_monitor& monitor, WatchedFlat* before, int64_t total) : watch_(monitor, FAISSNET_STAGE_CODES, total), before_(before) {}

    // As many iterations lie behind, though some of them were not needed.
    void start(int64_t iterations) {
        if (before_ != nullptr) {
            before_->finish();
            before_ = nullptr;
        }
        watch_.start_run(1, std::max<int64_t>(0, iterations));
    }

    void step() {
        watch_.step();
    }

    void finish() {
        watch_.finish();
    }

   private:
    Watch watch_;
    WatchedFlat* before_;
};

// Encodes as FAISS's own encoder does (LocalSearchQuantizer::icm_encode_impl), but a few vectors at a time where no vector depends on another.
class WatchedIcmEncoder : public faiss::lsq::IcmEncoder {
   public:
    WatchedIcmEncoder(const faiss::LocalSearchQuantizer* lsq, const Interruptible& caller) : IcmEncoder(lsq), caller_(caller) {}

    // LocalSearchQuantizer::compute_binary_terms, one codebook after the other: [M, M, K, K].
    void set_binary_term() override {
        const size_t M = lsq->M, K = lsq->K, d = lsq->d;
        binaries.resize(M * M * K * K);
        for (size_t m = 0; m < M; m++) {
            caller_.ask();
#pragma omp parallel for
            for (int64_t row = 0; row < static_cast<int64_t>(M * K); row++) { // of a code, with all codes of one codebook
                const auto code = lsq->codebooks.data() + (m * K + row % K) * d, others = lsq->codebooks.data() + row / K * K * d;
                const auto terms = binaries.data() + (m * M * K + row) * K;
                for (size_t other = 0; other < K; other++) {
                    terms[other] = 2 * faiss::fvec_inner_product(code, others + other * d, d);
                }
            }
        }
    }

    void encode(int32_t* codes, const float* x, std::mt19937& gen, size_t n, size_t ils_iters) const override {
        const size_t M = lsq->M, piece = this->piece();
        std::vector<std::vector<float>> unaries; // of each piece: [M, vectors, K]
        in_pieces(n, piece, caller_, [&](size_t first, size_t count) {
            unaries.emplace_back(count * M * lsq->K);
            lsq->compute_unary_terms(x + first * lsq->d, unaries.back().data(), count);
        });

        std::vector<int32_t> best(codes, codes + n * M);
        std::vector<float> best_objectives(n), objectives(n);
        evaluate(codes, x, n, best_objectives.data());
        for (size_t search = 0; search < ils_iters; search++) {
            lsq->perturb_codes(codes, n, gen);
            in_pieces(n, piece, caller_, [&](size_t first, size_t count) {
                lsq->icm_encode_step(codes + first * M, unaries[first / piece].data(), binaries.data(), count, lsq->icm_iters);
            });
            evaluate(codes, x, n, objectives.data());
            for (size_t i = 0; i < n; i++) {
                if (objectives[i] < best_objectives[i]) {
                    best_objectives[i] = objectives[i];
                    std::copy_n(codes + i * M, M, best.data() + i * M);
                }
            }
            std::copy(best.begin(), best.end(), codes);
        }
        caller_.ask(); // what FAISS does next has no question in it
    }

   private:
    void evaluate(const int32_t* codes, const float* x, size_t n, float* objectives) const {
        in_pieces(n, kEvaluated, caller_, [&](size_t first, size_t count) { lsq->evaluate(codes + first * lsq->M, x + first * lsq->d, count, objectives + first); });
    }

    // Vectors that are searched for in a twentieth of a second or so. So many, where there is little to do for each, that BLAS does not take
    // their products for small ones, which it rounds otherwise.
    size_t piece() const {
        constexpr size_t kSteps = size_t(1) << 26, kTile = 256;
        const size_t vectors = kSteps / std::max<size_t>(1, lsq->M * lsq->M * lsq->K * lsq->icm_iters);
        return std::max(kTile, vectors / kTile * kTile);
    }

    // Vectors that are decoded and compared in a twentieth of a second or less, of thousands of components too.
    static constexpr size_t kEvaluated = 8192;

    const Interruptible& caller_;
};

// Assigns to the codebooks of a residual quantizer, in its k-means and in its beam search.
class CodebookFlat : public AskingFlat {
   public:
    // iterations: how many of its searches, the first ones, are told to progress.
    CodebookFlat(int d, const Interruptible& caller, AdditiveProgress* progress, int64_t iterations)
            : AskingFlat(d, faiss::METRIC_L2, caller), progress_(progress), iterations_(iterations) {}

   private:
    void searched() const override {
        if (iterations_ > 0) {
            iterations_--;
            progress_->step();
        }
    }

    AdditiveProgress* progress_;
    mutable int64_t iterations_;
};

// A quantizer that is being trained. What its factory makes tells how far it is.
struct WatchedQuantizer {
    const Interruptible& caller;
    AdditiveProgress* progress; // nullptr if it is not counted
    int64_t before = 0;         // iterations of those that are trained first
    int64_t made = 0;           // by the factory
};

class WatchedLsq : WatchedQuantizer, faiss::lsq::IcmEncoderFactory {
   public:
    static int64_t iterations(const faiss::LocalSearchQuantizer& lsq) {
        return static_cast<int64_t>(lsq.train_iters);
    }

    WatchedLsq(faiss::LocalSearchQuantizer& lsq, faiss::AdditiveQuantizer** slot, const WatchedQuantizer& watched)
            : WatchedQuantizer(watched), lsq_(lsq), asking_(lsq, slot, caller) {
        lsq.icm_encoder_factory = this;
    }
    ~WatchedLsq() override {
        lsq_.icm_encoder_factory = nullptr;
    }
    WatchedLsq(const WatchedLsq&) = delete;
    WatchedLsq& operator=(const WatchedLsq&) = delete;

   private:
    // Once for each iteration, which encodes all vectors in several calls, and then for what is encoded afterwards.
    faiss::lsq::IcmEncoder* get(const faiss::LocalSearchQuantizer* lsq) override {
        if (progress != nullptr && made < iterations(lsq_)) {
            progress->start(before + made - 1);
            if (before + made > 0) {
                progress->step(); // the one before this has ended
            }
        }
        made++;
        return new WatchedIcmEncoder(lsq, caller);
    }

    faiss::LocalSearchQuantizer& lsq_;
    AskingLsq asking_;
};

class WatchedRq : WatchedQuantizer, faiss::ProgressiveDimIndexFactory {
   public:
    static int64_t iterations(const faiss::ResidualQuantizer& rq) {
        return static_cast<int64_t>(rq.M) * trainings(rq) * per_training(rq);
    }

    // The beam search is made for n vectors in steps of as many each, or nearly so; by FAISS itself for as many as go into 5 GiB.
    WatchedRq(faiss::ResidualQuantizer& rq, int64_t n, const WatchedQuantizer& watched)
            : WatchedQuantizer(watched), rq_(rq), memory_(rq.max_mem_distances) {
        const auto steps = std::max<size_t>(1, static_cast<size_t>(n) / kVectorsPerStep);
        const auto per_step = (static_cast<size_t>(n) + steps - 1) / steps;
        rq.assign_index_factory = this;
        rq.max_mem_distances = std::min(memory_, per_step * rq.memory_per_point());
    }
    ~WatchedRq() override {
        rq_.assign_index_factory = nullptr;
        rq_.max_mem_distances = memory_;
    }
    WatchedRq(const WatchedRq&) = delete;
    WatchedRq& operator=(const WatchedRq&) = delete;

   private:
    static constexpr size_t kVectorsPerStep = 4096;

    static bool is_progressive(const faiss::ResidualQuantizer& rq) {
        return (rq.train_type & faiss::ResidualQuantizer::Train_progressive_dim) != 0;
    }

    // k-means of a codebook: in more and more dimensions, or once in all.
    static int64_t trainings(const faiss::ResidualQuantizer& rq) {
        return is_progressive(rq) ? rq.cp.progressive_dim_steps : 1;
    }

    static int64_t per_training(const faiss::ResidualQuantizer& rq) {
        return int64_t{rq.cp.niter} * rq.cp.nredo;
    }

    // For each codebook once for its beam search, which is that of its only k-means too, or else once for each k-means after that.
    faiss::Index* operator()(int d) override {
        caller.ask(); // it is about to copy all residuals
        const int64_t per_codebook = is_progressive(rq_) ? trainings(rq_) + 1 : 1;
        const int64_t codebook = made / per_codebook, number = made % per_codebook - (is_progressive(rq_) ? 1 : 0);
        made++;
        const bool counts = progress != nullptr && number >= 0 && codebook < static_cast<int64_t>(rq_.M);
        if (counts) {
            progress->start(before + (codebook * trainings(rq_) + number) * per_training(rq_));
        }
        return new CodebookFlat(d, caller, progress, counts ? per_training(rq_) : 0);
    }

    faiss::ResidualQuantizer& rq_;
    size_t memory_;
};

// For as long as this lives the additive quantizers of an index can be stopped, and those of its codes are counted.
class WatchedAdditive {
   public:
    // before: the stage before that of the codes, if there is one; counts: whether nothing else belongs to that of the codes.
    WatchedAdditive(faiss::Index& index, int64_t n, const Interruptible& caller, WatchedFlat* before, bool counts) {
        if (caller.monitor() == nullptr) {
            return;
        }
        int64_t total = 0;
        const auto counted = counts ? code_quantizers(index) : std::vector<faiss::AdditiveQuantizer*>();
        for (auto quantizer : counted) {
            total += iterations(*quantizer);
        }
        if (total > 0) {
            progress_ = std::make_unique<AdditiveProgress>(*caller.monitor(), before, total);
        }
        int64_t behind = 0;
        for (auto slot : additive_quantizer_slots(index)) {
            const auto quantizer = *slot;
            const bool is_counted = std::find(counted.begin(), counted.end(), quantizer) != counted.end();
            watch(slot, n, {caller, is_counted ? progress_.get() : nullptr, behind});
            behind += is_counted ? iterations(*quantizer) : 0;
        }
    }

    void finish() {
        if (progress_ != nullptr) {
            progress_->finish();
        }
    }

   private:
    static int64_t iterations(const faiss::AdditiveQuantizer& quantizer) {
        if (auto lsq = dynamic_cast<const faiss::LocalSearchQuantizer*>(&quantizer)) {
            return WatchedLsq::iterations(*lsq);
        }
        auto rq = dynamic_cast<const faiss::ResidualQuantizer*>(&quantizer);
        return rq != nullptr ? WatchedRq::iterations(*rq) : 0; // a product is its parts
    }

    void watch(faiss::AdditiveQuantizer** slot, int64_t n, const WatchedQuantizer& watched) {
        auto lsq = dynamic_cast<faiss::LocalSearchQuantizer*>(*slot);
        const bool is_watched = dynamic_cast<AskingLsq*>(lsq) != nullptr;
        if (lsq != nullptr && lsq->icm_encoder_factory == nullptr && !is_watched) {
            searching_.push_back(std::make_unique<WatchedLsq>(*lsq, slot, watched));
        } else if (auto rq = dynamic_cast<faiss::ResidualQuantizer*>(*slot); rq != nullptr && rq->assign_index_factory == nullptr) {
            beams_.push_back(std::make_unique<WatchedRq>(*rq, n, watched));
        }
    }

    std::unique_ptr<AdditiveProgress> progress_;
    std::vector<std::unique_ptr<WatchedLsq>> searching_;
    std::vector<std::unique_ptr<WatchedRq>> beams_;
};

} // namespace faissnet
