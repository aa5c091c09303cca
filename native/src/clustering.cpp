#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>

#include "pieces.hpp"
#include "watched.hpp"

namespace faissnet {

void apply(const faissnet_clustering_parameters* from, faiss::ClusteringParameters& to) {
    to.min_points_per_centroid = 0;
    if (from == nullptr) {
        return;
    }
    require_size(from->niter, "niter", 0, INT32_MAX);
    require_size(from->nredo, "nredo", 0, INT32_MAX);
    require_size(from->max_points_per_centroid, "max_points_per_centroid", 0, INT32_MAX);
    require_size(from->initialization, "initialization", 0, 2);
    to.niter = from->niter != 0 ? from->niter : to.niter;
    to.nredo = from->nredo != 0 ? from->nredo : to.nredo;
    to.max_points_per_centroid = from->max_points_per_centroid != 0 ? from->max_points_per_centroid : to.max_points_per_centroid;
    to.spherical = from->spherical != 0;
    to.int_centroids = from->int_centroids != 0;
    to.frozen_centroids = from->frozen_centroids != 0;
    to.seed = from->seed;
    if (to.frozen_centroids && !kSplitsEnd) {
        fail(FAISSNET_UNSUPPORTED, "frozen centroids need FAISS 1.14.3: before, k-means could look for a cluster to split for ever");
    }
    if (!set_initialization(to, from->initialization, 0)) {
        fail(FAISSNET_UNSUPPORTED, "FAISS %d.%d chooses first centroids at random only", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR);
    }
}

namespace {

// FAISS draws the cluster to split by the weight that it has beyond 1: weights have to be 1 on average, or it might draw
// for ever.
std::vector<float> scaled(int64_t n, const float* weights) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        if (!(weights[i] > 0) || !std::isfinite(weights[i])) {
            fail(FAISSNET_INVALID_ARGUMENT, "weights[%lld] is %g: expected a positive number", static_cast<long long>(i), weights[i]);
        }
        sum += weights[i];
    }
    std::vector<float> result(weights, weights + n);
    for (auto& weight : result) {
        weight = static_cast<float>(weight * (n / sum));
    }
    return result;
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_clustering_train(
        int32_t d, int64_t k, int32_t metric, const faissnet_clustering_parameters* parameters, int64_t n, const float* x,
        const float* weights, int64_t given, float* centroids, const faissnet_monitor* monitor,
        faissnet_iteration_stats* stats, int64_t capacity, int64_t* iterations) {
    return guard([&] {
        require_size(d, "d", 1, kLargestDimension);
        require_size(k, "k", 1, INT32_MAX);
        require_floats(n, d, x, "x");
        require_size(n, "n", k, INT32_MAX);
        require_size(metric, "metric", FAISSNET_METRIC_INNER_PRODUCT, FAISSNET_METRIC_L2);
        require_size(given, "given", 0, k);
        require(centroids != nullptr && iterations != nullptr, "centroids must hold k * d floats, and iterations must not be NULL");
        require(capacity >= 0 && (capacity == 0 || stats != nullptr), "stats must have room for capacity iterations");
        faiss::ClusteringParameters cp;
        apply(parameters, cp);
        faiss::Clustering clustering(d, static_cast<int>(k), cp);
        clustering.centroids.assign(centroids, centroids + given * d);

        // FAISS draws its sample of weights with the vectors', and scales them here with all of them: what a sample weighs
        // differs little.
        std::vector<float> own_weights;
        if (weights != nullptr) {
            own_weights = scaled(n, weights);
        }
        const auto type = static_cast<faiss::MetricType>(metric);
        std::unique_ptr<faiss::IndexFlat> assigner;
        WatchedFlat* watched = nullptr;
        if (monitor != nullptr && monitor->report != nullptr) {
            auto made = std::make_unique<WatchedFlat>(d, type, cp, 1, *monitor, FAISSNET_STAGE_COARSE);
            watched = made.get();
            assigner = std::move(made);
        } else {
            assigner = std::make_unique<faiss::IndexFlat>(d, type);
        }
        clustering.train(n, x, *assigner, weights != nullptr ? own_weights.data() : nullptr);
        if (watched != nullptr) {
            watched->finish();
        }
        std::copy(clustering.centroids.begin(), clustering.centroids.end(), centroids);
        const auto count = std::min<int64_t>(capacity, static_cast<int64_t>(clustering.iteration_stats.size()));
        for (int64_t i = 0; i < count; i++) {
            const auto& from = clustering.iteration_stats[i];
            stats[i] = {from.obj, from.time, from.time_search, from.imbalance_factor, from.nsplit};
        }
        *iterations = count;
    });
}
