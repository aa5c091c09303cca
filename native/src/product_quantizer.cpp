#include <algorithm>

#include <faiss/impl/ProductQuantizer.h>

#include "handle.hpp"
#include "pieces.hpp"
#include "watched.hpp"

struct faissnet_pq : faissnet::Counted {
    faissnet_pq(int32_t d, int64_t m, int32_t nbits) : pq(d, m, nbits) {}
    faiss::ProductQuantizer pq;
    bool has_centroids = false;
};

namespace faissnet {
namespace {

void require_centroids(const faissnet_pq* pq) {
    require(pq != nullptr, "pq must not be NULL");
    if (!pq->has_centroids) {
        fail(FAISSNET_NOT_TRAINED, "the product quantizer is not trained: train it, or set its centroids");
    }
}

void require_count(const faissnet_pq* pq, int64_t n, const void* centroids) {
    require(pq != nullptr, "pq must not be NULL");
    const auto expected = static_cast<int64_t>(pq->pq.centroids.size());
    if (n != expected || centroids == nullptr) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected m * 2^nbits * (d / m) = %lld floats", static_cast<long long>(n), static_cast<long long>(expected));
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_pq_new(int32_t d, int64_t m, int32_t nbits, faissnet_pq** pq) {
    return guard([&] {
        require_size(d, "d", 1, kLargestDimension);
        if (m < 1 || m > d || d % m != 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "m is %lld: expected a divisor of d = %d", static_cast<long long>(m), d);
        }
        require_size(nbits, "nbits", 1, 16);
        require(pq != nullptr, "the out-parameter must not be NULL");
        *pq = new faissnet_pq(d, m, nbits);
    });
}

void faissnet_pq_free(faissnet_pq* pq) {
    guard([&] { delete pq; });
}

faissnet_status faissnet_pq_train(
        faissnet_pq* pq, int64_t n, const float* x, const faissnet_clustering_parameters* parameters, const faissnet_monitor* monitor) {
    return guard([&] {
        require(pq != nullptr, "pq must not be NULL");
        auto& target = pq->pq;
        require_floats(n, static_cast<int64_t>(target.d), x, "x");
        if (n < static_cast<int64_t>(target.ksub)) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training %zu centroids per sub-quantizer (nbits = %zu) needs at least as many vectors (and 39 times as many to train well)",
                 static_cast<long long>(n), target.ksub, target.nbits);
        }
        target.cp = faiss::ClusteringParameters();
        apply(parameters, target.cp);
        std::unique_ptr<Slot> slot;
        if (monitor != nullptr && monitor->report != nullptr) {
            slot = std::make_unique<Slot>(
                    target.assign_index,
                    std::make_unique<WatchedFlat>(
                            static_cast<int>(target.dsub), faiss::METRIC_L2, target.cp, static_cast<int64_t>(target.M), *monitor, FAISSNET_STAGE_CODES));
        }
        pq->has_centroids = false;
        target.train(n, x);
        pq->has_centroids = true;
        if (slot != nullptr) {
            slot->assigner().finish();
        }
    });
}

faissnet_status faissnet_pq_get_centroids(const faissnet_pq* pq, int64_t n, float* centroids) {
    return guard([&] {
        require_count(pq, n, centroids);
        std::copy(pq->pq.centroids.begin(), pq->pq.centroids.end(), centroids);
    });
}

faissnet_status faissnet_pq_set_centroids(faissnet_pq* pq, int64_t n, const float* centroids) {
    return guard([&] {
        require_count(pq, n, centroids);
        std::copy_n(centroids, n, pq->pq.centroids.data());
        pq->has_centroids = true;
    });
}

faissnet_status faissnet_pq_encode(const faissnet_pq* pq, int64_t n, const float* x, uint8_t* codes) {
    return guard([&] {
        require_centroids(pq);
        require_floats(n, static_cast<int64_t>(pq->pq.d), x, "x");
        require(n == 0 || codes != nullptr, "codes must hold n codes");
        if (n > 0) {
            pq->pq.compute_codes(x, codes, n);
        }
    });
}

faissnet_status faissnet_pq_decode(const faissnet_pq* pq, int64_t n, const uint8_t* codes, float* x) {
    return guard([&] {
        require_centroids(pq);
        require_floats(n, static_cast<int64_t>(pq->pq.d), x, "x");
        require(n == 0 || codes != nullptr, "codes must hold n codes");
        pq->pq.decode(codes, x, n);
    });
}

faissnet_status faissnet_pq_tables(const faissnet_pq* pq, int64_t n, const float* x, int32_t inner_product, float* tables) {
    return guard([&] {
        require_centroids(pq);
        require_floats(n, static_cast<int64_t>(pq->pq.d), x, "x");
        require(n == 0 || tables != nullptr, "tables must hold n * m * 2^nbits floats");
        if (n == 0) {
            return;
        }
        if (inner_product != 0) {
            pq->pq.compute_inner_prod_tables(n, x, tables);
        } else {
            pq->pq.compute_distance_tables(n, x, tables);
        }
    });
}

faissnet_status faissnet_pq_symmetric_table(faissnet_pq* pq, int64_t n, float* table) {
    return guard([&] {
        require_centroids(pq);
        auto& target = pq->pq;
        const auto expected = static_cast<int64_t>(target.M * target.ksub * target.ksub);
        if (n != expected || table == nullptr) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected m * 4^nbits = %lld floats", static_cast<long long>(n), static_cast<long long>(expected));
        }
        target.compute_sdc_table();
        // The caller's is the one that stays.
        const auto made = std::move(target.sdc_table);
        target.sdc_table.clear();
        std::copy(made.begin(), made.end(), table);
    });
}
