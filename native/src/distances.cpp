// Distances and neighbours without an index.

#include <algorithm>
#include <limits>
#include <vector>

#include <faiss/utils/Heap.h>
#include <faiss/utils/distances.h>
#include <faiss/utils/extra_distances.h>

#include "pieces.hpp"
#include "thread_share.hpp"

namespace faissnet {
namespace {

struct Sides {
    int32_t d;
    int64_t n;
    const float* x;
    int64_t nb;
    const float* vectors;
};

void check(const Sides& sides, int32_t metric) {
    require_size(sides.d, "d", 1, kLargestDimension);
    require_floats(sides.n, sides.d, sides.x, "x");
    require_floats(sides.nb, sides.d, sides.vectors, "vectors");
    const bool known = (metric >= FAISSNET_METRIC_INNER_PRODUCT && metric <= FAISSNET_METRIC_LP) ||
            (metric >= FAISSNET_METRIC_CANBERRA && metric <= FAISSNET_METRIC_JENSEN_SHANNON);
    if (!known) {
        fail(FAISSNET_INVALID_ARGUMENT, "metric is %d: no such metric", metric);
    }
}

void knn(const Sides& s, int64_t k, int32_t metric, float argument, float* distances, int64_t* labels) {
    if (metric == FAISSNET_METRIC_INNER_PRODUCT) {
        faiss::float_minheap_array_t heap = {static_cast<size_t>(s.n), static_cast<size_t>(k), labels, distances};
        faiss::knn_inner_product(s.x, s.vectors, s.d, s.n, s.nb, &heap);
        return;
    }
    faiss::float_maxheap_array_t heap = {static_cast<size_t>(s.n), static_cast<size_t>(k), labels, distances};
    if (metric == FAISSNET_METRIC_L2) {
        faiss::knn_L2sqr(s.x, s.vectors, s.d, s.n, s.nb, &heap);
    } else {
        knn_extra(s, static_cast<faiss::MetricType>(metric), argument, heap, 0);
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_knn(
        int32_t d, int64_t n, const float* x, int64_t nb, const float* vectors, int64_t k, int32_t metric, float metric_arg,
        float* distances, int64_t* labels) {
    return guard([&] {
        const ThreadShare share(n, nb);
        const Sides sides{d, n, x, nb, vectors};
        check(sides, metric);
        require_size(k, "k", 1, INT64_MAX / 16 / std::max<int64_t>(1, n));
        require(n == 0 || (distances != nullptr && labels != nullptr), "distances and labels must hold n * k values each");
        const bool similarity = metric == FAISSNET_METRIC_INNER_PRODUCT;
        std::fill_n(distances, n * k, similarity ? -std::numeric_limits<float>::max() : std::numeric_limits<float>::max());
        std::fill_n(labels, n * k, idx_t(-1));
        const int64_t found = std::min(k, nb);
        if (n == 0 || found == 0) {
            return;
        }
        if (found == k) {
            knn(sides, k, metric, metric_arg, distances, labels);
            return;
        }
        std::vector<float> some_distances(n * found);
        std::vector<idx_t> some_labels(n * found);
        knn(sides, found, metric, metric_arg, some_distances.data(), some_labels.data());
        for (int64_t i = 0; i < n; i++) {
            std::copy_n(some_distances.data() + i * found, found, distances + i * k);
            std::copy_n(some_labels.data() + i * found, found, labels + i * k);
        }
    });
}

faissnet_status faissnet_pairwise_distances(
        int32_t d, int64_t n, const float* x, int64_t nb, const float* vectors, int32_t metric, float metric_arg, float* distances) {
    return guard([&] {
        const ThreadShare share(n);
        const Sides sides{d, n, x, nb, vectors};
        check(sides, metric);
        if (n == 0 || nb == 0) {
            return;
        }
        require(distances != nullptr && nb <= INT64_MAX / 4 / n, "distances must hold n * nb floats");
        if (metric == FAISSNET_METRIC_L2) {
            faiss::pairwise_L2sqr(d, n, x, nb, vectors, distances);
        } else if (metric == FAISSNET_METRIC_INNER_PRODUCT) {
#pragma omp parallel for
            for (int64_t i = 0; i < n; i++) {
                faiss::fvec_inner_products_ny(distances + i * nb, x + i * d, vectors, d, nb);
            }
        } else {
            faiss::pairwise_extra_distances(d, n, x, nb, vectors, static_cast<faiss::MetricType>(metric), metric_arg, distances);
        }
    });
}

faissnet_status faissnet_normalize_l2(int32_t d, int64_t n, float* x) {
    return guard([&] {
        require_size(d, "d", 1, kLargestDimension);
        require_floats(n, d, x, "x");
        if (n > 0) {
            faiss::fvec_renorm_L2(d, n, x);
        }
    });
}
