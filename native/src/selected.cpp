#include "selected.hpp"

#include <algorithm>
#include <memory>
#include <vector>

#include <omp.h>

#include <faiss/IndexFlat.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/utils/Heap.h>

namespace faissnet {
namespace {

bool is_flat_or_sq(const faiss::Index& index) {
    return dynamic_cast<const faiss::IndexFlat*>(&index) != nullptr || dynamic_cast<const faiss::IndexScalarQuantizer*>(&index) != nullptr;
}

// Which metrics FAISS's own search takes a selector for.
bool has_usual_metric(const faiss::Index& index) {
    return index.metric_type == faiss::METRIC_L2 || index.metric_type == faiss::METRIC_INNER_PRODUCT;
}

// Whether the index's distance computer computes what its search does.
bool compares_one_by_one(const faiss::Index& index) {
    auto pq = dynamic_cast<const faiss::IndexPQ*>(&index);
    return dynamic_cast<const faiss::IndexFlat*>(&index) != nullptr || (pq != nullptr && pq->search_type == faiss::IndexPQ::ST_PQ);
}

// Where FAISS has no selectors: every selected vector is compared.
template <typename Order>
void compare(
        const faiss::Index& index, int64_t n, const float* x, int64_t k,
        const std::vector<idx_t>& ids, float* distances, int64_t* labels) {
    // Made before the threads start: nothing may be thrown inside.
    std::vector<std::unique_ptr<faiss::DistanceComputer>> computers(n > 1 ? omp_get_max_threads() : 1);
    for (auto& computer : computers) {
        computer.reset(index.get_distance_computer());
    }
#pragma omp parallel for if (n > 1)
    for (int64_t i = 0; i < n; i++) {
        auto& distance_to = *computers[omp_get_thread_num()];
        float* best = distances + i * k;
        int64_t* found = labels + i * k;
        distance_to.set_query(x + i * index.d);
        faiss::heap_heapify<Order>(k, best, found);
        for (const idx_t id : ids) {
            const float distance = distance_to(id);
            if (Order::cmp(best[0], distance)) {
                faiss::heap_replace_top<Order>(k, best, found, distance, id);
            }
        }
        faiss::heap_reorder<Order>(k, best, found);
    }
}

} // namespace

faiss::SearchParametersHNSW for_hnsw(const faiss::IndexHNSW& index, const faiss::IDSelector* selector, int64_t ef_search) {
    if (dynamic_cast<const faiss::IndexHNSW2Level*>(&index) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "this type of HNSW index takes no parameters per call");
    }
    faiss::SearchParametersHNSW parameters;
    parameters.efSearch = ef_search > 0 ? static_cast<int>(ef_search) : index.hnsw.efSearch;
    parameters.check_relative_distance = index.hnsw.check_relative_distance;
    copy_queue_setting(parameters, index.hnsw, 0);
    parameters.sel = const_cast<faiss::IDSelector*>(selector); // FAISS has it without const, and does not change it
    return parameters;
}

// Where FAISS does not make room for more candidates, asking for more neighbours does: what a graph search walks to does not depend on what
// it is to return. Fewer than the index keeps are then kept all the same, so that a call finds no less than it asked for.
void search_hnsw(
        const faiss::IndexHNSW& index, int64_t n, const float* x, int64_t k,
        const faiss::IDSelector* selector, int64_t ef_search, float* distances, int64_t* labels) {
    const auto parameters = for_hnsw(index, selector, ef_search);
    const int64_t room = std::min<int64_t>(ef_search, index.ntotal);
    if (kHnswTakesEf || room <= k || ef_search <= index.hnsw.efSearch) {
        index.search(n, x, k, distances, labels, &parameters);
        return;
    }
    std::vector<float> more_distances(n * room);
    std::vector<int64_t> more_labels(n * room);
    index.search(n, x, room, more_distances.data(), more_labels.data(), &parameters);
    for (int64_t i = 0; i < n; i++) {
        std::copy_n(more_distances.data() + i * room, k, distances + i * k);
        std::copy_n(more_labels.data() + i * room, k, labels + i * k);
    }
}

void fail_no_selector() {
    fail(FAISSNET_UNSUPPORTED, "FAISS %d.%d does not support a selector for this index type, or for this search of it",
         FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR);
}

void search_selected(
        const faiss::Index& index, int64_t n, const float* x, int64_t k,
        const faiss::IDSelector& selector, float* distances, int64_t* labels) {
    auto sel = const_cast<faiss::IDSelector*>(&selector); // FAISS has it without const, and does not change it
    if (is_flat_or_sq(index) && has_usual_metric(index)) {
        faiss::SearchParameters parameters;
        parameters.sel = sel;
        index.search(n, x, k, distances, labels, &parameters);
    } else if (compares_one_by_one(index)) {
        std::vector<idx_t> ids;
        for (idx_t id = 0; id < index.ntotal; id++) {
            if (selector.is_member(id)) {
                ids.push_back(id);
            }
        }
        const auto run = is_similarity(index) ? compare<faiss::CMin<float, idx_t>> : compare<faiss::CMax<float, idx_t>>;
        run(index, n, x, k, ids, distances, labels);
    } else {
        fail_no_selector();
    }
}

void range_search_selected(
        const faiss::Index& index, int64_t n, const float* x, float radius,
        const faiss::IDSelector& selector, faiss::RangeSearchResult& hits) {
    auto sel = const_cast<faiss::IDSelector*>(&selector);
    // FAISS before 1.9 has no range search of a PQ, and says so.
    if (is_flat_or_sq(index) || dynamic_cast<const faiss::IndexPQ*>(&index) != nullptr) {
        faiss::SearchParameters parameters;
        parameters.sel = sel;
        index.range_search(n, x, radius, &hits, &parameters);
    } else {
        fail_no_selector();
    }
}

} // namespace faissnet
