// The training of additive quantizers with cancellation. Products of matrices ask whether to go on by themselves (blas.cpp); here is what makes
// residual quantizers compute them in small parts, and what asks within the local searches, which have none.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <faiss/impl/LocalSearchQuantizer.h>
#include <faiss/impl/ResidualQuantizer.h>

#include "additive.hpp"
#include "interruption.hpp"

namespace faissnet {

// Encodes as FAISS's own encoder does (LocalSearchQuantizer::icm_encode_impl), to the bit, but a few vectors at a time where no vector depends on
// another.
class WatchedIcmEncoder : public faiss::lsq::IcmEncoder {
   public:
    WatchedIcmEncoder(const faiss::LocalSearchQuantizer* lsq, const Interruptible& caller) : IcmEncoder(lsq), caller_(caller) {}

    void encode(int32_t* codes, const float* x, std::mt19937& gen, size_t n, size_t ils_iters) const override {
        const size_t M = lsq->M, piece = this->piece();
        std::vector<std::vector<float>> unaries; // of each piece: [M, vectors, K]
        for (size_t first = 0; first < n; first += piece) {
            const size_t count = std::min(piece, n - first);
            caller_.ask();
            unaries.emplace_back(count * M * lsq->K);
            lsq->compute_unary_terms(x + first * lsq->d, unaries.back().data(), count);
        }

        std::vector<int32_t> best(codes, codes + n * M);
        std::vector<float> best_objectives(n), objectives(n);
        lsq->evaluate(codes, x, n, best_objectives.data());
        for (size_t search = 0; search < ils_iters; search++) {
            lsq->perturb_codes(codes, n, gen);
            for (size_t first = 0; first < n; first += piece) {
                caller_.ask();
                lsq->icm_encode_step(codes + first * M, unaries[first / piece].data(), binaries.data(), std::min(piece, n - first), lsq->icm_iters);
            }
            lsq->evaluate(codes, x, n, objectives.data());
            for (size_t i = 0; i < n; i++) {
                if (objectives[i] < best_objectives[i]) {
                    best_objectives[i] = objectives[i];
                    std::copy_n(codes + i * M, M, best.data() + i * M);
                }
            }
            std::copy(best.begin(), best.end(), codes);
        }
    }

   private:
    // Vectors that are searched for in a twentieth of a second or so. So many, where there is little to do for each, that BLAS does not take
    // their products for small ones, which it rounds otherwise.
    size_t piece() const {
        constexpr size_t kSteps = size_t(1) << 26, kTile = 256;
        const size_t vectors = kSteps / std::max<size_t>(1, lsq->M * lsq->M * lsq->K * lsq->icm_iters);
        return std::max(kTile, vectors / kTile * kTile);
    }

    const Interruptible& caller_;
};

// For as long as this lives the additive quantizers of an index can be stopped.
class WatchedAdditive {
   public:
    WatchedAdditive(faiss::Index& index, const Interruptible& caller) {
        if (caller.monitor() == nullptr) {
            return;
        }
        factory_.caller = &caller;
        for (auto quantizer : additive_quantizers(index)) {
            if (auto lsq = dynamic_cast<faiss::LocalSearchQuantizer*>(quantizer); lsq != nullptr && lsq->icm_encoder_factory == nullptr) {
                lsq->icm_encoder_factory = &factory_;
                searching_.push_back(lsq);
            } else if (auto residual = dynamic_cast<faiss::ResidualQuantizer*>(quantizer)) {
                beams_.emplace_back(residual, residual->max_mem_distances);
                residual->max_mem_distances = std::min(residual->max_mem_distances, kVectorsPerStep * residual->memory_per_point());
            }
        }
    }
    ~WatchedAdditive() {
        for (auto lsq : searching_) {
            lsq->icm_encoder_factory = nullptr;
        }
        for (auto& [residual, memory] : beams_) {
            residual->max_mem_distances = memory;
        }
    }
    WatchedAdditive(const WatchedAdditive&) = delete;
    WatchedAdditive& operator=(const WatchedAdditive&) = delete;

   private:
    // Of the beam search, which FAISS otherwise makes for as many as go into 5 GiB.
    static constexpr size_t kVectorsPerStep = 4096;

    struct Factory : faiss::lsq::IcmEncoderFactory {
        const Interruptible* caller = nullptr;

        faiss::lsq::IcmEncoder* get(const faiss::LocalSearchQuantizer* lsq) override {
            return new WatchedIcmEncoder(lsq, *caller);
        }
    };

    Factory factory_;
    std::vector<faiss::LocalSearchQuantizer*> searching_;
    std::vector<std::pair<faiss::ResidualQuantizer*, size_t>> beams_;
};

} // namespace faissnet
