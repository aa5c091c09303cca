#include <algorithm>
#include <memory>
#include <typeinfo>
#include <vector>

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexNNDescent.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/utils/Heap.h>

#include "handle.hpp"
#include "range_result.hpp"
#include "selected.hpp"
#include "selector.hpp"
#include "stretch.hpp"
#include "transformed.hpp"

namespace faissnet {
namespace {

// What one call asks for beyond the index's own settings; 0 and nullptr: nothing.
struct Wanted {
    int64_t nprobe = 0;
    int64_t max_codes = 0;
    double k_factor = 0;
    const faiss::IDSelector* selector = nullptr;

    bool of_lists() const {
        return nprobe > 0 || max_codes > 0;
    }
    bool anything() const {
        return of_lists() || k_factor > 0 || selector != nullptr;
    }
    Wanted with(const faiss::IDSelector* other) const {
        Wanted changed = *this;
        changed.selector = other;
        return changed;
    }
};

// Others look only at the first of several vectors that are stored as one (IVFFlatDedup), or end the process from within an
// OpenMP region.
bool takes_selectors(const faiss::IndexIVF& ivf) {
    const auto& type = typeid(ivf);
    return type == typeid(faiss::IndexIVFFlat) || type == typeid(faiss::IndexIVFPQ) || type == typeid(faiss::IndexIVFScalarQuantizer) ||
            (kFastScanTakesSelectors && dynamic_cast<const faiss::IndexIVFFastScan*>(&ivf) != nullptr);
}

faiss::SearchParametersIVF for_ivf(const faiss::IndexIVF& ivf, const Wanted& wanted) {
    if (wanted.of_lists() && !kFastScanTakesParameters && dynamic_cast<const faiss::IndexIVFFastScan*>(&ivf) != nullptr) {
        fail(FAISSNET_UNSUPPORTED,
             "FAISS %d.%d takes no parameters per call for fast-scan indexes: set nprobe on the index instead",
             FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR);
    }
    if (wanted.selector != nullptr && !takes_selectors(ivf)) {
        fail_no_selector();
    }
    faiss::SearchParametersIVF parameters;
    parameters.nprobe = wanted.nprobe > 0 ? static_cast<size_t>(wanted.nprobe) : ivf.nprobe;
    parameters.max_codes = wanted.max_codes > 0 ? static_cast<size_t>(wanted.max_codes) : ivf.max_codes;
    parameters.sel = const_cast<faiss::IDSelector*>(wanted.selector); // FAISS has it without const, and does not change it
    return parameters;
}

[[noreturn]] void fail_no_ivf() {
    fail(FAISSNET_UNSUPPORTED, "nprobe and max_codes have no meaning for this index: there is no IVF in it");
}

void search_with(
        const faiss::Index& index, int64_t n, const float* x, int64_t k, const Wanted& wanted, float* distances, int64_t* labels);

// How many candidates the first step of IndexRefine is asked for, in FAISS's own arithmetic. Beyond ntotal there are none.
int64_t candidates(const faiss::IndexRefine& refine, int64_t k, double k_factor) {
    const float count = k * (k_factor > 0 ? static_cast<float>(k_factor) : refine.k_factor);
    const int64_t most = refine.ntotal - (find_inside<faiss::IndexNNDescent>(refine) != nullptr ? 1 : 0);
    return count < static_cast<float>(most) ? std::max<int64_t>(k, static_cast<int64_t>(count)) : std::max<int64_t>(k, most);
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
        const faiss::IndexRefine& refine, int64_t n, const float* x, int64_t k, const Wanted& wanted, float* distances, int64_t* labels) {
    const auto k_base = candidates(refine, k, wanted.k_factor);
    std::vector<float> base_distances(n * k_base);
    std::vector<int64_t> base_labels(n * k_base);
    search_with(*refine.base_index, n, x, k_base, wanted, base_distances.data(), base_labels.data());

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
// So the wrappers are walked here, and FAISS sees parameters only where they belong: at the end.
void search_with(
        const faiss::Index& index, int64_t n, const float* x, int64_t k, const Wanted& wanted, float* distances, int64_t* labels) {
    // The usual case first: each dynamic_cast that fails costs as much as a small list's scan.
    const bool of_ivf = wanted.of_lists() || wanted.selector != nullptr;
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index); ivf != nullptr && of_ivf) {
        const auto for_this = for_ivf(*ivf, wanted);
        ivf->search(n, x, k, distances, labels, &for_this);
    } else if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        if (wanted.selector != nullptr) {
            const Translated positions(map->id_map, *wanted.selector);
            search_with(*map->index, n, x, k, wanted.with(&positions), distances, labels);
        } else {
            search_with(*map->index, n, x, k, wanted, distances, labels);
        }
        const auto size = static_cast<int64_t>(map->id_map.size());
        std::transform(labels, labels + n * k, labels, [&](int64_t label) {
            return label < 0 || label >= size ? idx_t(-1) : map->id_map[label];
        });
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        search_with(*chain->index, n, Transformed(*chain, n, x).data(), k, wanted, distances, labels);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        search_refined(*refine, n, x, k, wanted, distances, labels);
    } else if (wanted.of_lists()) {
        fail_no_ivf();
    } else if (wanted.selector != nullptr) {
        search_selected(index, n, x, k, *wanted.selector, distances, labels);
    } else {
        index.search(n, x, k, distances, labels);
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
    return !(k * refine.k_factor < static_cast<float>(refine.ntotal));
}

void range_search_in(
        const faiss::Index& index, int64_t n, const float* x, float radius, const Wanted& wanted, faiss::RangeSearchResult& hits) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        if (wanted.selector != nullptr) {
            const Translated positions(map->id_map, *wanted.selector);
            range_search_in(*map->index, n, x, radius, wanted.with(&positions), hits);
        } else {
            range_search_in(*map->index, n, x, radius, wanted, hits);
        }
        const auto size = static_cast<int64_t>(map->id_map.size());
        for (size_t i = 0; i < hits.lims[hits.nq]; i++) {
            const int64_t label = hits.labels[i];
            hits.labels[i] = label < 0 || label >= size ? idx_t(-1) : map->id_map[label];
        }
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        range_search_in(*chain->index, n, Transformed(*chain, n, x).data(), radius, wanted, hits);
    } else if (!wanted.anything()) {
        index.range_search(n, x, radius, &hits);
    } else if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        const auto for_this = for_ivf(*ivf, wanted);
        ivf->range_search(n, x, radius, &hits, &for_this);
    } else if (dynamic_cast<const faiss::IndexRefine*>(&index) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "the range search of a refined index takes no parameters per call");
    } else if (wanted.of_lists()) {
        fail_no_ivf();
    } else {
        range_search_selected(index, n, x, radius, *wanted.selector, hits);
    }
}

// The parameters, checked, and what they have to be kept by.
class Request {
   public:
    Request(const faissnet_index& index, const faissnet_search_parameters* parameters) {
        if (parameters == nullptr) {
            return;
        }
        if (parameters->nprobe < 0 || parameters->max_codes < 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "nprobe is %lld and max_codes is %lld: expected 0 (as the index is set) or more",
                 static_cast<long long>(parameters->nprobe), static_cast<long long>(parameters->max_codes));
        }
        if (parameters->k_factor != 0) {
            if (!(parameters->k_factor >= 1 && parameters->k_factor <= 1000)) {
                fail(FAISSNET_INVALID_ARGUMENT, "k_factor is %g: expected 0 (as the index is set), or 1 to 1000", parameters->k_factor);
            }
            if (index.refine == nullptr) {
                fail(FAISSNET_UNSUPPORTED, "k_factor has no meaning for this index: it does not refine");
            }
        }
        wanted_.nprobe = parameters->nprobe;
        wanted_.max_codes = parameters->max_codes;
        wanted_.k_factor = parameters->k_factor;
        if (parameters->selector != nullptr) {
            selector_ = make_selector(parameters->selector);
            wanted_.selector = selector_.get();
        }
    }
    const Wanted& wanted() const {
        return wanted_;
    }

   private:
    Wanted wanted_;
    std::unique_ptr<faiss::IDSelector> selector_;
};

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
        const Request request(*index, parameters);
        const Wanted& wanted = request.wanted();
        if (n == 0) {
            return;
        }
        require_bearable(*index, n, x);

        // There are never more than ntotal neighbours: a huge k must not make FAISS allocate for it.
        const int64_t found = std::min<int64_t>(k, std::max<int64_t>(0, source.ntotal - (index->keeps_one_back ? 1 : 0)));
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
            if (!wanted.anything() && !(index->refine != nullptr && must_walk(*index->refine, x, found))) {
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
        const Request request(*index, parameters);
        const Wanted& wanted = request.wanted();
        if (n > 0) {
            require_bearable(*index, n, x);
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
