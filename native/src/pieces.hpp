// What the parts of FAISS that stand for themselves share: clustering, quantizers, transforms.
#pragma once

#include <faiss/Clustering.h>

#include "guard.hpp"
#include "version.hpp"

namespace faissnet {

// FAISS's newer readers refuse files above it.
constexpr int64_t kLargestDimension = 1 << 20;

inline void require_size(int64_t value, const char* name, int64_t min, int64_t max) {
    if (value < min || value > max) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s is %lld: expected %lld to %lld", name, static_cast<long long>(value), static_cast<long long>(min),
             static_cast<long long>(max));
    }
}

inline void require_floats(int64_t n, int64_t d, const void* x, const char* name) {
    if (n < 0 || (n > 0 && x == nullptr)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected n >= 0 and n * d values behind %s", static_cast<long long>(n), name);
    }
    if (n > INT64_MAX / 64 / d) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: n * d does not fit into memory", static_cast<long long>(n));
    }
}

// Into FAISS's own, whose warning about few vectors stays off: the documentation says how many are enough.
void apply(const faissnet_clustering_parameters* from, faiss::ClusteringParameters& to);

} // namespace faissnet
