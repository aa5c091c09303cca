// The training of additive quantizers with cancellation: residual ones assign to codebooks in pieces, and local searches go by few vectors at a time.
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
#include "watched.hpp"

namespace faissnet {

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

    static constexpr size_t kEvaluated = 8192;

    const Interruptible& caller_;
};

// Assigns to the codebooks of a residual quantizer.
class AskingFlat : public PiecewiseFlat {
   public:
    AskingFlat(int d, const Interruptible& caller) : PiecewiseFlat(d, faiss::METRIC_L2), caller_(caller) {}

   private:
    void ask() const override {
        caller_.ask();
    }

    const Interruptible& caller_;
};

// For as long as this lives the additive quantizers of an index can be stopped.
class WatchedAdditive {
   public:
    WatchedAdditive(faiss::Index& index, int64_t n, const Interruptible& caller) {
        if (caller.monitor() == nullptr) {
            return;
        }
        encoders_.caller = assigners_.caller = &caller;
        // As many vectors in each step, or nearly so.
        const auto steps = std::max<size_t>(1, static_cast<size_t>(n) / kVectorsPerStep);
        const auto per_step = (static_cast<size_t>(n) + steps - 1) / steps;
        for (auto quantizer : additive_quantizers(index)) {
            if (auto lsq = dynamic_cast<faiss::LocalSearchQuantizer*>(quantizer); lsq != nullptr && lsq->icm_encoder_factory == nullptr) {
                lsq->icm_encoder_factory = &encoders_;
                searching_.push_back(lsq);
            } else if (auto residual = dynamic_cast<faiss::ResidualQuantizer*>(quantizer); residual != nullptr && residual->assign_index_factory == nullptr) {
                residual->assign_index_factory = &assigners_;
                beams_.emplace_back(residual, residual->max_mem_distances);
                residual->max_mem_distances = std::min(residual->max_mem_distances, per_step * residual->memory_per_point());
            }
        }
    }
    ~WatchedAdditive() {
        for (auto lsq : searching_) {
            lsq->icm_encoder_factory = nullptr;
        }
        for (auto& [residual, memory] : beams_) {
            residual->assign_index_factory = nullptr;
            residual->max_mem_distances = memory;
        }
    }
    WatchedAdditive(const WatchedAdditive&) = delete;
    WatchedAdditive& operator=(const WatchedAdditive&) = delete;

   private:
    // Of the beam search, which FAISS otherwise makes for as many as go into 5 GiB.
    static constexpr size_t kVectorsPerStep = 4096;

    struct Encoders : faiss::lsq::IcmEncoderFactory {
        const Interruptible* caller = nullptr;

        faiss::lsq::IcmEncoder* get(const faiss::LocalSearchQuantizer* lsq) override {
            return new WatchedIcmEncoder(lsq, *caller);
        }
    };

    struct Assigners : faiss::ProgressiveDimIndexFactory {
        const Interruptible* caller = nullptr;

        faiss::Index* operator()(int d) override {
            caller->ask(); // it is about to copy all residuals
            return new AskingFlat(d, *caller);
        }
    };

    Encoders encoders_;
    Assigners assigners_;
    std::vector<faiss::LocalSearchQuantizer*> searching_;
    std::vector<std::pair<faiss::ResidualQuantizer*, size_t>> beams_;
};

} // namespace faissnet
