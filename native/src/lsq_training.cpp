#include "lsq_training.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include <faiss/impl/FaissAssert.h>
#include <faiss/utils/distances.h>

namespace faissnet {
namespace {

// Components that are read, or decoded, in a fiftieth of a second or so.
constexpr size_t kComponents = size_t(1) << 23;

size_t piece_of(const faiss::LocalSearchQuantizer& lsq) {
    return std::max<size_t>(1, kComponents / lsq.d);
}

// The square of a vector's difference, added as in FAISS's loop over vectors. GCC makes that loop four vectors at a time, whose squares are rounded, and
// where the processor has FMA it fuses those of the rest (this file is compiled without such fusions of its own: FaissNetVariants.cmake).
float add_square(float sum, float difference, [[maybe_unused]] bool is_rest) {
#ifdef __FMA__
    if (is_rest) {
        return std::fma(difference, difference, sum);
    }
#endif
    return sum + difference * difference;
}

// Of each component. The sums run in FAISS's order and are rounded as its own are: by another compiler those may differ in the last bit.
std::vector<float> standard_deviations(const faiss::LocalSearchQuantizer& lsq, size_t n, const float* x, const Interruptible& caller) {
    const size_t d = lsq.d;
    std::vector<float> means(d), deviations(d);
    in_pieces(n, piece_of(lsq), caller, [&](size_t first, size_t count) {
        for (size_t i = first; i < first + count; i++) {
            for (size_t j = 0; j < d; j++) {
                means[j] += x[i * d + j];
            }
        }
    });
    for (auto& mean : means) {
        mean = mean / n;
    }
    in_pieces(n, piece_of(lsq), caller, [&](size_t first, size_t count) {
        for (size_t i = first; i < first + count; i++) {
            const bool is_rest = i >= n / 4 * 4;
            for (size_t j = 0; j < d; j++) {
                deviations[j] = add_square(deviations[j], x[i * d + j] - means[j], is_rest);
            }
        }
    });
    for (auto& deviation : deviations) {
        deviation = std::sqrt(deviation / n);
    }
    return deviations;
}

// The squared norms of what the codes stand for.
std::vector<float> decoded_norms(const faiss::LocalSearchQuantizer& lsq, const std::vector<int32_t>& codes, size_t n, const Interruptible& caller) {
    std::vector<float> norms(n), decoded;
    in_pieces(n, piece_of(lsq), caller, [&](size_t first, size_t count) {
        decoded.resize(count * lsq.d);
        lsq.decode_unpacked(codes.data() + first * lsq.M, decoded.data(), count);
        faiss::fvec_norms_L2sqr(norms.data() + first, decoded.data(), lsq.d, count);
    });
    return norms;
}

// The same steps as LocalSearchQuantizer::train, without what it prints and without its table of times.
void train_in_pieces(faiss::LocalSearchQuantizer& lsq, size_t n, const float* x, const Interruptible& caller) {
    FAISS_THROW_IF_NOT(lsq.K == size_t(1) << lsq.nbits[0]);
    lsq.nperts = std::min(lsq.nperts, lsq.M);
    lsq.codebooks.resize(lsq.M * lsq.K * lsq.d);

    std::mt19937 random(lsq.random_seed);
    std::uniform_int_distribution<int32_t> any_code(0, static_cast<int32_t>(lsq.K) - 1);
    std::vector<int32_t> codes(n * lsq.M);
    for (auto& code : codes) {
        code = any_code(random);
    }

    const auto deviations = standard_deviations(lsq, n, x, caller);
    for (size_t i = 0; i < lsq.train_iters; i++) {
        lsq.update_codebooks(x, codes.data(), n);
        const double temperature = std::pow(static_cast<double>(1.0f - (i + 1.0f) / lsq.train_iters), static_cast<double>(lsq.p));
        lsq.perturb_codebooks(static_cast<float>(temperature), deviations, random);
        lsq.icm_encode(codes.data(), x, n, lsq.train_ils_iters, random);
    }

    lsq.is_trained = true;
    lsq.train_norm(n, decoded_norms(lsq, codes, n, caller).data());
}

} // namespace

AskingLsq::AskingLsq(faiss::LocalSearchQuantizer& own, faiss::AdditiveQuantizer** slot, const Interruptible& caller)
        : LocalSearchQuantizer(own), own_(own), slot_(slot), caller_(caller) {
    *slot_ = this;
}

AskingLsq::~AskingLsq() {
    *slot_ = &own_;
}

void AskingLsq::train(size_t n, const float* x) {
    *slot_ = &own_;
    train_in_pieces(own_, n, x, caller_);
}

} // namespace faissnet

#ifdef FAISSNET_WRAP_FAISS

extern "C" {
void __real__ZN5faiss20LocalSearchQuantizer5trainEmPKf(faiss::LocalSearchQuantizer* lsq, size_t n, const float* x);
void __wrap__ZN5faiss20LocalSearchQuantizer5trainEmPKf(faiss::LocalSearchQuantizer* lsq, size_t n, const float* x);
}

void __wrap__ZN5faiss20LocalSearchQuantizer5trainEmPKf(faiss::LocalSearchQuantizer* lsq, size_t n, const float* x) {
    const auto caller = faissnet::Interruptible::current();
    if (caller == nullptr) {
        __real__ZN5faiss20LocalSearchQuantizer5trainEmPKf(lsq, n, x);
    } else {
        faissnet::train_in_pieces(*lsq, n, x, *caller);
    }
}

#endif
