#include <algorithm>
#include <limits>
#include <memory>
#include <vector>

#include <faiss/IndexIVF.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/utils/Heap.h>

#include "handle.hpp"

struct faissnet_range_result : faissnet::Counted {
    explicit faissnet_range_result(int64_t n) : hits(n) {}
    faiss::RangeSearchResult hits;
    std::vector<int64_t> limits; // FAISS counts in size_t
};

namespace faissnet {
namespace {

bool is_similarity(const faiss::Index& index) {
    return index.metric_type == faiss::METRIC_INNER_PRODUCT;
}

float worst(const faiss::Index& index) {
    return is_similarity(index) ? -std::numeric_limits<float>::max() : std::numeric_limits<float>::max();
}

// The vectors after an IndexPreTransform's chain: its own memory, or the input if the chain is empty.
class Transformed {
   public:
    Transformed(const faiss::IndexPreTransform& chain, int64_t n, const float* x) : x_(chain.apply_chain(n, x)), owned_(x_ != x ? x_ : nullptr) {}
    const float* data() const {
        return x_;
    }

   private:
    const float* x_;
    std::unique_ptr<const float[]> owned_;
};

faiss::SearchParametersIVF for_ivf(const faiss::IndexIVF& ivf, const faissnet_search_parameters& wanted) {
    if (!kFastScanTakesParameters && dynamic_cast<const faiss::IndexIVFFastScan*>(&ivf) != nullptr) {
        fail(FAISSNET_UNSUPPORTED,
             "FAISS %d.%d takes no parameters per call for fast-scan indexes: set nprobe on the index instead",
             FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR);
    }
    faiss::SearchParametersIVF parameters;
    parameters.nprobe = wanted.nprobe > 0 ? static_cast<size_t>(wanted.nprobe) : ivf.nprobe;
    parameters.max_codes = wanted.max_codes > 0 ? static_cast<size_t>(wanted.max_codes) : ivf.max_codes;
    return parameters;
}

[[noreturn]] void fail_no_ivf() {
    fail(FAISSNET_UNSUPPORTED, "nprobe and max_codes have no meaning for this index: there is no IVF in it");
}

void search_with(
        const faiss::Index& index, int64_t n, const float* x, int64_t k,
        const faissnet_search_parameters* parameters, float* distances, int64_t* labels);

// How many candidates the first step of IndexRefine is asked for, in FAISS's own arithmetic. Beyond ntotal there are none.
int64_t candidates(const faiss::IndexRefine& refine, int64_t k) {
    const float wanted = k * refine.k_factor;
    return wanted < static_cast<float>(refine.ntotal) ? std::max<int64_t>(k, static_cast<int64_t>(wanted)) : std::max<int64_t>(k, refine.ntotal);
}

// FAISS's heap, so that ties are broken as it breaks them.
template <typename Order>
void best_of(int64_t k_base, const float* base_distances, const int64_t* base_labels, int64_t k, float* distances, int64_t* labels) {
    faiss::heap_heapify<Order>(k, distances, labels, base_distances, base_labels, k);
    faiss::heap_addn<Order>(k, distances, labels, base_distances + k, base_labels + k, k_base - k);
    faiss::heap_reorder<Order>(k, distances, labels);
}

// IndexRefine takes no parameters before 1.8: its two steps, with the parameters given to the first.
void search_refined(
        const faiss::IndexRefine& refine, int64_t n, const float* x, int64_t k,
        const faissnet_search_parameters* parameters, float* distances, int64_t* labels) {
    const auto k_base = candidates(refine, k);
    std::vector<float> base_distances(n * k_base);
    std::vector<int64_t> base_labels(n * k_base);
    search_with(*refine.base_index, n, x, k_base, parameters, base_distances.data(), base_labels.data());

    const std::unique_ptr<faiss::DistanceComputer> exact(refine.refine_index->get_distance_computer());
    const auto best = is_similarity(refine) ? best_of<faiss::CMin<float, idx_t>> : best_of<faiss::CMax<float, idx_t>>;
    for (int64_t i = 0; i < n; i++) {
        float* found = base_distances.data() + i * k_base;
        const int64_t* candidate = base_labels.data() + i * k_base;
        exact->set_query(x + i * refine.d);
        for (int64_t j = 0; j < k_base && candidate[j] >= 0; j++) {
            found[j] = (*exact)(candidate[j]);
        }
        best(k_base, found, candidate, k, distances + i * k, labels + i * k);
    }
}

// FAISS's wrappers refuse parameters, depending on its version, or pass on a selector that is not there.
// So the wrappers are walked here, and FAISS sees parameters only where they belong: at the IVF.
void search_with(
        const faiss::Index& index, int64_t n, const float* x, int64_t k,
        const faissnet_search_parameters* parameters, float* distances, int64_t* labels) {
    // The usual case first: each dynamic_cast that fails costs as much as a small list's scan.
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index); ivf != nullptr && parameters != nullptr) {
        const auto for_this = for_ivf(*ivf, *parameters);
        ivf->search(n, x, k, distances, labels, &for_this);
    } else if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        search_with(*map->index, n, x, k, parameters, distances, labels);
        const auto size = static_cast<int64_t>(map->id_map.size());
        std::transform(labels, labels + n * k, labels, [&](int64_t label) {
            return label < 0 || label >= size ? idx_t(-1) : map->id_map[label];
        });
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        search_with(*chain->index, n, Transformed(*chain, n, x).data(), k, parameters, distances, labels);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        search_refined(*refine, n, x, k, parameters, distances, labels);
    } else if (parameters == nullptr) {
        index.search(n, x, k, distances, labels);
    } else {
        fail_no_ivf();
    }
}

// FAISS would allocate for k * k_factor candidates, however few vectors there are; and its second step runs in an
// OpenMP region, where a refining index that cannot compute distances ends the process. One distance tells.
bool must_walk(const faiss::IndexRefine& refine, const float* x, int64_t k) {
    try {
        const std::unique_ptr<faiss::DistanceComputer> exact(refine.refine_index->get_distance_computer());
        exact->set_query(x);
        (*exact)(0);
    } catch (const faiss::FaissException&) {
        fail(FAISSNET_UNSUPPORTED, "the refining index computes no distances to single vectors");
    }
    return !(k * refine.k_factor <= static_cast<float>(refine.ntotal));
}

void range_search_in(
        const faiss::Index& index, int64_t n, const float* x, float radius,
        const faissnet_search_parameters* parameters, faiss::RangeSearchResult& hits) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        range_search_in(*map->index, n, x, radius, parameters, hits);
        const auto size = static_cast<int64_t>(map->id_map.size());
        for (size_t i = 0; i < hits.lims[hits.nq]; i++) {
            const int64_t label = hits.labels[i];
            hits.labels[i] = label < 0 || label >= size ? idx_t(-1) : map->id_map[label];
        }
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        range_search_in(*chain->index, n, Transformed(*chain, n, x).data(), radius, parameters, hits);
    } else if (parameters == nullptr) {
        index.range_search(n, x, radius, &hits);
    } else if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        const auto for_this = for_ivf(*ivf, *parameters);
        ivf->range_search(n, x, radius, &hits, &for_this);
    } else if (dynamic_cast<const faiss::IndexRefine*>(&index) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "the range search of a refined index takes no parameters per call");
    } else {
        fail_no_ivf();
    }
}

const faissnet_search_parameters* effective(const faissnet_search_parameters* parameters) {
    if (parameters == nullptr) {
        return nullptr;
    }
    if (parameters->nprobe < 0 || parameters->max_codes < 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "nprobe is %lld and max_codes is %lld: expected 0 (as the index is set) or more",
             static_cast<long long>(parameters->nprobe), static_cast<long long>(parameters->max_codes));
    }
    return parameters->nprobe == 0 && parameters->max_codes == 0 ? nullptr : parameters;
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_search(
        const faissnet_index* index, int64_t n, const float* x, int64_t k,
        const faissnet_search_parameters* parameters, float* distances, int64_t* labels) {
    return guard([&] {
        const auto& source = open(index);
        require_vectors(source, n, x);
        require_trained(source);
        if (k < 1) {
            fail(FAISSNET_INVALID_ARGUMENT, "k is %lld: expected at least 1", static_cast<long long>(k));
        }
        if (n > 0 && k > INT64_MAX / 16 / n) {
            fail(FAISSNET_INVALID_ARGUMENT, "k is %lld: n * k results for n = %lld do not fit into memory",
                 static_cast<long long>(k), static_cast<long long>(n));
        }
        require(n == 0 || (distances != nullptr && labels != nullptr), "distances and labels must hold n * k values each");
        const auto* wanted = effective(parameters);
        if (n == 0) {
            return;
        }

        // There are never more than ntotal neighbours: a huge k must not make FAISS allocate for it.
        const int64_t found = std::min<int64_t>(k, source.ntotal);
        std::vector<float> some_distances;
        std::vector<int64_t> some_labels;
        float* to_distances = distances;
        int64_t* to_labels = labels;
        if (found < k) {
            some_distances.resize(n * found);
            some_labels.resize(n * found);
            to_distances = some_distances.data();
            to_labels = some_labels.data();
        }
        if (found > 0) {
            if (wanted == nullptr && !(index->refine != nullptr && must_walk(*index->refine, x, found))) {
                source.search(n, x, found, to_distances, to_labels);
            } else {
                search_with(source, n, x, found, wanted, to_distances, to_labels);
            }
        }
        if (found < k) {
            for (int64_t i = 0; i < n; i++) {
                std::copy_n(to_distances + i * found, found, distances + i * k);
                std::fill_n(distances + i * k + found, k - found, worst(source));
                std::copy_n(to_labels + i * found, found, labels + i * k);
                std::fill_n(labels + i * k + found, k - found, idx_t(-1));
            }
        }
    });
}

faissnet_status faissnet_index_range_search(
        const faissnet_index* index, int64_t n, const float* x, float radius,
        const faissnet_search_parameters* parameters, faissnet_range_result** result) {
    return guard([&] {
        const auto& source = open(index);
        require_vectors(source, n, x);
        require_trained(source);
        require(result != nullptr, "the out-parameter for the result must not be NULL");
        auto made = std::make_unique<faissnet_range_result>(n);
        const auto* wanted = effective(parameters);
        if (n > 0) {
            range_search_in(source, n, x, radius, wanted, made->hits);
        }
        made->limits.assign(made->hits.lims, made->hits.lims + n + 1);
        *result = made.release();
    });
}

faissnet_status faissnet_range_result_view(
        const faissnet_range_result* result, const int64_t** limits, const int64_t** labels, const float** distances) {
    return guard([&] {
        require(result != nullptr && limits != nullptr && labels != nullptr && distances != nullptr,
                "result and its out-parameters must not be NULL");
        *limits = result->limits.data();
        *labels = result->hits.labels;
        *distances = result->hits.distances;
    });
}

void faissnet_range_result_free(faissnet_range_result* result) {
    guard([&] { delete result; });
}
