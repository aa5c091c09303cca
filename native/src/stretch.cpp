#include "stretch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <faiss/IndexPreTransform.h>
#include <faiss/VectorTransform.h>

#include "composed.hpp"
#include "handle.hpp"

namespace faissnet {
namespace {

// Between two vectors of this length the squared distance is at most the largest float.
const double kLongest = std::sqrt(static_cast<double>(std::numeric_limits<float>::max()) / 4);

double length(const float* x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += static_cast<double>(x[i]) * x[i];
    }
    return std::sqrt(sum);
}

double length(const std::vector<float>& x) {
    return length(x.data(), x.size());
}

// What comes out is no longer than gain * (what goes in) + offset.
struct Stretch {
    double gain = 1;
    double offset = 0;

    void by(const faiss::LinearTransform& linear) {
        // Empty before training, and then nothing can be searched or added.
        if (linear.A.empty()) {
            return;
        }
        // Rounding aside, orthonormal rows stretch nothing. FAISS knows that of no matrix with more rows than columns.
        const double all = length(linear.A);
        const bool stretches_nothing = linear.is_orthonormal && linear.d_out <= linear.d_in && all <= 1.001 * std::sqrt(static_cast<double>(linear.d_out));
        const double norm = stretches_nothing ? 1.001 : all;
        gain *= norm;
        offset = offset * norm + (linear.have_bias ? length(linear.b) : 0);
    }

    void by(const faiss::VectorTransform& transform) {
        if (auto linear = dynamic_cast<const faiss::LinearTransform*>(&transform)) {
            by(*linear);
        } else if (auto centering = dynamic_cast<const faiss::CenteringTransform*>(&transform)) {
            offset += length(centering->mean);
        } else if (auto itq = dynamic_cast<const faiss::ITQTransform*>(&transform)) {
            offset += length(itq->mean);
            by(itq->pca_then_itq);
        } else if (dynamic_cast<const faiss::NormalizationTransform*>(&transform) != nullptr) {
            gain = 0;
            offset = 1;
        } else if (dynamic_cast<const faiss::RemapDimensionsTransform*>(&transform) != nullptr) {
            const double copies = std::sqrt(static_cast<double>(transform.d_out));
            gain *= copies;
            offset *= copies;
        }
    }
};

} // namespace

double longest_input(const faiss::Index& index) {
    double longest = std::numeric_limits<double>::infinity();
    for (const auto& member : members_of(index)) {
        longest = std::min(longest, longest_input(*member.index));
    }
    Stretch stretch;
    for (const faiss::Index* inner = &index; inner != nullptr; inner = unwrap_once(*inner)) {
        auto chain = dynamic_cast<const faiss::IndexPreTransform*>(inner);
        if (chain == nullptr) {
            continue;
        }
        for (const auto* transform : chain->chain) {
            stretch.by(*transform);
            if (!(stretch.offset < kLongest) || !std::isfinite(stretch.gain)) {
                return -1;
            }
            if (stretch.gain > 0) {
                longest = std::min(longest, (kLongest - stretch.offset) / stretch.gain);
            }
        }
    }
    return longest;
}

void require_bearable(const faissnet_index& index, int64_t n, const float* x) {
    // Searches may come to this side by side: all of them find the same.
    const uint64_t trained = index.family->whole().trained;
    if (index.longest_trained.load(std::memory_order_acquire) != trained) {
        index.longest.store(longest_input(*index.index), std::memory_order_relaxed);
        index.longest_trained.store(trained, std::memory_order_release);
    }
    const double longest = index.longest.load(std::memory_order_relaxed);
    if (std::isinf(longest)) {
        return;
    }
    if (longest < 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "the transforms of this index hold numbers that are not finite, or too large to compute distances behind them");
    }
    const auto d = static_cast<size_t>(index.index->d);
    for (int64_t i = 0; i < n; i++) {
        if (const double found = length(x + i * d, d); !(found <= longest)) {
            fail(FAISSNET_INVALID_ARGUMENT, "vector %lld has a length of %g, which the transforms of this index could stretch until distances overflow: expected at most %g",
                 static_cast<long long>(i), found, longest);
        }
    }
}

} // namespace faissnet
