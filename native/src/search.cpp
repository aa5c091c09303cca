#include <algorithm>
#include <memory>
#include <typeinfo>
#include <vector>

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexNNDescent.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/impl/DistanceComputer.h>
#include <faiss/utils/Heap.h>

#include "composed.hpp"
#include "handle.hpp"
#include "range_result.hpp"
#include "selected.hpp"
#include "selector.hpp"
#include "shared_scan.hpp"
#include "stretch.hpp"
#include "thread_share.hpp"
#include "transformed.hpp"

namespace faissnet {
namespace {

// What one call asks for beyond the index's own settings; 0 and nullptr: nothing.
struct Wanted {
    int64_t nprobe = 0;
    int64_t max_codes = 0;
    double k_factor = 0;
    int64_t ef_search = 0;
    int64_t ht = 0;
    const faiss::IDSelector* selector = nullptr;

    bool of_lists() const {
        return nprobe > 0 || max_codes > 0;
    }
    // Of the index at the end of the wrappers.
    bool of_core() const {
        return of_lists() || ef_search > 0 || ht > 0 || selector != nullptr;
    }
    bool anything() const {
        return of_core() || k_factor > 0;
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
    if ((wanted.of_lists() || wanted.ef_search > 0) && !kFastScanTakesParameters && dynamic_cast<const faiss::IndexIVFFastScan*>(&ivf) != nullptr) {
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

// Refuses what has no meaning to an index at the end of the wrappers.
void require_meaning(const faiss::Index& index, const Wanted& wanted) {
    auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(ivf != nullptr ? ivf->quantizer : &index);
    if (wanted.of_lists() && ivf == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "nprobe and max_codes have no meaning for this index: there is no IVF in it");
    }
    if (wanted.ef_search > 0 && hnsw == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "efSearch has no meaning for this index: there is no HNSW graph in it");
    }
    if (wanted.ht > 0) {
        // FAISS takes the one of the call for some of the scan only (IVFPQ), or knows none.
        auto pq = dynamic_cast<const faiss::IndexPQ*>(&index);
        if (pq == nullptr) {
            fail(FAISSNET_UNSUPPORTED, "ht can be given per call to PQ indexes only: set it on the index instead");
        }
        if (pq->pq.nbits != 8 || pq->metric_type != faiss::METRIC_L2) {
            fail(FAISSNET_UNSUPPORTED, "ht has no meaning for this index: polysemous codes have 8 bits and are compared by L2");
        }
        if (wanted.selector != nullptr) {
            fail(FAISSNET_UNSUPPORTED, "ht and a selector cannot be given together");
        }
    }
}

// The lists to visit, found by an HNSW quantizer with parameters of its own: FAISS before 1.8 hands none to it.
struct Visits {
    Visits(const faiss::IndexIVF& ivf, int64_t n, const float* x, const Wanted& wanted, size_t nprobe) {
        const auto& hnsw = dynamic_cast<const faiss::IndexHNSW&>(*ivf.quantizer);
        lists.resize(n * nprobe);
        distances.resize(n * nprobe);
        search_hnsw(hnsw, n, x, static_cast<int64_t>(nprobe), nullptr, wanted.ef_search, distances.data(), lists.data());
    }
    std::vector<idx_t> lists;
    std::vector<float> distances;
};

void search_ivf(
        const faiss::IndexIVF& ivf, int64_t n, const float* x, int64_t k, const Wanted& wanted, float* distances, int64_t* labels) {
    auto for_this = for_ivf(ivf, wanted);
    if (wanted.ef_search > 0) {
        for_this.nprobe = std::min(for_this.nprobe, ivf.nlist);
        const Visits visits(ivf, n, x, wanted, for_this.nprobe);
        ivf.search_preassigned(n, x, k, visits.lists.data(), visits.distances.data(), distances, labels, false, &for_this);
    } else {
        ivf.search(n, x, k, distances, labels, &for_this);
    }
}

void search_core(
        const faiss::Index& index, int64_t n, const float* x, int64_t k, const Wanted& wanted, float* distances, int64_t* labels) {
    require_meaning(index, wanted);
    if (auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
        search_hnsw(*hnsw, n, x, k, wanted.selector, wanted.ef_search, distances, labels);
    } else if (wanted.ht > 0) {
        const auto& pq = dynamic_cast<const faiss::IndexPQ&>(index);
        faiss::SearchParametersPQ parameters;
        parameters.search_type = wanted.ht >= static_cast<int64_t>(8 * pq.pq.code_size) ? faiss::IndexPQ::ST_PQ : faiss::IndexPQ::ST_polysemous;
        parameters.polysemous_ht = static_cast<int>(std::min<int64_t>(wanted.ht, INT32_MAX));
        index.search(n, x, k, distances, labels, &parameters);
    } else {
        search_selected(index, n, x, k, *wanted.selector, distances, labels);
    }
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
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index); ivf != nullptr && wanted.of_core()) {
        if (wanted.ef_search > 0 || wanted.ht > 0) {
            require_meaning(index, wanted);
        }
        search_ivf(*ivf, n, x, k, wanted, distances, labels);
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
    } else if (wanted.of_core()) {
        search_core(index, n, x, k, wanted, distances, labels);
    } else {
        index.search(n, x, k, distances, labels);
    }
}

void search_composed(
        const faiss::Index& index, int64_t n, const float* x, int64_t k, const Wanted& wanted, float* distances, int64_t* labels) {
    search_members(index, n, k, [&](const Member& member, int64_t some, float* its_distances, int64_t* its_labels) {
        const Shifted shifted(wanted.selector, member.first_id);
        search_with(*member.index, n, x, some, wanted.with(shifted.selector()), its_distances, its_labels);
    }, distances, labels);
}

// FAISS's second step runs in an OpenMP region, where a refining index that cannot compute distances ends the process.
// One distance tells.
void require_single_distances(const faiss::IndexRefine& refine, const float* x) {
    try {
        const std::unique_ptr<faiss::DistanceComputer> exact(refine.refine_index->get_distance_computer());
        exact->set_query(x);
        (*exact)(0);
    } catch (const faiss::FaissException&) {
        fail(FAISSNET_UNSUPPORTED, "the refining index computes no distances to single vectors");
    }
}

// FAISS would allocate for k * k_factor candidates, however few vectors there are.
bool must_walk(const faiss::IndexRefine& refine, const float* x, int64_t k) {
    require_single_distances(refine, x);
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
        if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index); refine != nullptr && refine->ntotal > 0) {
            require_single_distances(*refine, x);
        }
        index.range_search(n, x, radius, &hits);
    } else if (dynamic_cast<const faiss::IndexRefine*>(&index) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "the range search of a refined index takes no parameters per call");
    } else if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        require_meaning(index, wanted);
        auto for_this = for_ivf(*ivf, wanted);
        if (wanted.ef_search > 0) {
            for_this.nprobe = std::min(for_this.nprobe, ivf->nlist);
            const Visits visits(*ivf, n, x, wanted, for_this.nprobe);
            ivf->range_search_preassigned(n, x, radius, visits.lists.data(), visits.distances.data(), &hits, false, &for_this);
        } else {
            ivf->range_search(n, x, radius, &hits, &for_this);
        }
    } else if (auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
        require_meaning(index, wanted);
        const auto parameters = for_hnsw(*hnsw, wanted.selector, wanted.ef_search);
        index.range_search(n, x, radius, &hits, &parameters);
    } else if (wanted.of_lists() || wanted.ef_search > 0 || wanted.ht > 0) {
        require_meaning(index, wanted);
        fail(FAISSNET_UNSUPPORTED, "the range search of this index type takes no such parameter");
    } else {
        range_search_selected(index, n, x, radius, *wanted.selector, hits);
    }
}

void range_search_composed(
        const faiss::Index& index, int64_t n, const float* x, float radius, const Wanted& wanted, faiss::RangeSearchResult& hits) {
    range_search_members(index, n, [&](const Member& member, faiss::RangeSearchResult& its_hits) {
        const Shifted shifted(wanted.selector, member.first_id);
        range_search_in(*member.index, n, x, radius, wanted.with(shifted.selector()), its_hits);
    }, hits);
}

// The parameters, checked, and what they have to be kept by.
class Request {
   public:
    Request(const faissnet_index& index, const faissnet_search_parameters* parameters) {
        if (parameters == nullptr) {
            return;
        }
        require_probes(*parameters);
        if (parameters->k_factor != 0) {
            if (!(parameters->k_factor >= 1 && parameters->k_factor <= 1000)) {
                fail(FAISSNET_INVALID_ARGUMENT, "k_factor is %g: expected 0 (as the index is set), or 1 to 1000", parameters->k_factor);
            }
            if (index.refine == nullptr) {
                fail(FAISSNET_UNSUPPORTED, "k_factor has no meaning for this index: it does not refine");
            }
        }
        if (parameters->ef_search < 0 || parameters->ef_search > INT32_MAX || parameters->ht < 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "efSearch is %lld and ht is %lld: expected 0 (as the index is set) or more",
                 static_cast<long long>(parameters->ef_search), static_cast<long long>(parameters->ht));
        }
        cancelled_ = parameters->cancelled;
        wanted_.nprobe = parameters->nprobe;
        wanted_.ef_search = parameters->ef_search;
        wanted_.ht = parameters->ht;
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
    const int32_t* cancelled() const {
        return cancelled_;
    }

   private:
    Wanted wanted_;
    const int32_t* cancelled_ = nullptr;
    std::unique_ptr<faiss::IDSelector> selector_;
};

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_search(
        const faissnet_index* index, int64_t n, const float* x, int64_t k,
        const faissnet_search_parameters* parameters, float* distances, int64_t* labels) {
    return guard([&] {
        const ThreadShare share(n, flat_vectors(index));
        const auto& source = open(index);
        require_vectors(source, n, x);
        require_trained(source);
        require_results(n, k, distances, labels);
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
            if (index->composed) {
                search_composed(source, n, x, found, wanted, to_distances, to_labels);
            } else if (!wanted.anything() && takes_turns(*index, n, found)) {
                search_in_turn(*index, {n, x, found, to_distances, to_labels, !share.is_divided(), request.cancelled()});
            } else if (!wanted.anything() && !(index->refine != nullptr && must_walk(*index->refine, x, found))) {
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
        const ThreadShare share(n, flat_vectors(index));
        const auto& source = open(index);
        require_vectors(source, n, x);
        require_trained(source);
        require(result != nullptr, "the out-parameter for the result must not be NULL");
        auto made = std::make_unique<faissnet_range_result>(n);
        const Request request(*index, parameters);
        const Wanted& wanted = request.wanted();
        if (n > 0) {
            require_bearable(*index, n, x);
        }
        if (n > 0 && index->composed) {
            range_search_composed(source, n, x, radius, wanted, made->hits);
        } else if (n > 0) {
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
