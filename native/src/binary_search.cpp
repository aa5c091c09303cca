// Binary indexes: searching and reading back.

#include <algorithm>
#include <limits>

#include <faiss/invlists/InvertedLists.h>
#include <faiss/utils/Heap.h>

#include "binary.hpp"
#include "from_float.hpp"
#include "range_result.hpp"
#include "selector.hpp"
#include "thread_share.hpp"

namespace faissnet {
namespace {

constexpr int32_t kNoDistance = std::numeric_limits<int32_t>::max();

// Codes that are gathered to be searched together.
constexpr int64_t kGathered = 1 << 16;

using Nearest = faiss::CMax<int32_t, idx_t>;

struct Wanted {
    int64_t nprobe = 0;
    int64_t max_codes = 0;
    const faiss::IDSelector* selector = nullptr;
};

// A flat search over the selected vectors alone: they are gathered in blocks, searched by FAISS, and the blocks' results
// merged.
void search_selected(const faiss::IndexBinaryFlat& flat, int64_t n, const uint8_t* x, int64_t k, const faiss::IDSelector& selector, int32_t* distances, int64_t* labels) {
    std::fill_n(distances, n * k, kNoDistance);
    std::fill_n(labels, n * k, idx_t(-1));
    faiss::IndexBinaryFlat block(flat.d);
    std::vector<idx_t> ids;
    std::vector<int32_t> found_distances, best_distances(k);
    std::vector<idx_t> found, best(k);
    const auto search_block = [&] {
        const auto count = std::min<int64_t>(k, block.ntotal);
        if (count == 0) {
            return;
        }
        found_distances.resize(n * count);
        found.resize(n * count);
        block.search(n, x, count, found_distances.data(), found.data());
        for (int64_t i = 0; i < n; i++) {
            // Both rows ascend, and what was found before has the smaller ids.
            int32_t* to_distances = distances + i * k;
            idx_t* to = labels + i * k;
            for (int64_t place = 0, old = 0, fresh = 0; place < k; place++) {
                const bool take = fresh < count && (to[old] < 0 || found_distances[i * count + fresh] < to_distances[old]);
                best_distances[place] = take ? found_distances[i * count + fresh] : to_distances[old];
                best[place] = take ? ids[found[i * count + fresh]] : to[old];
                (take ? fresh : old)++;
            }
            std::copy(best_distances.begin(), best_distances.end(), to_distances);
            std::copy(best.begin(), best.end(), to);
        }
        block.reset();
        ids.clear();
    };
    for (idx_t id = 0; id < flat.ntotal; id++) {
        if (selector.is_member(id)) {
            block.add(1, flat.xb.data() + id * flat.code_size);
            ids.push_back(id);
            if (block.ntotal == kGathered) {
                search_block();
            }
        }
    }
    search_block();
}

void search_lists(const faiss::IndexBinaryIVF& ivf, int64_t n, const uint8_t* x, int64_t k, const Wanted& wanted, int32_t* distances, int64_t* labels) {
    const auto nlist = static_cast<int64_t>(ivf.nlist);
    const int64_t nprobe = std::min(nlist, wanted.nprobe > 0 ? wanted.nprobe : static_cast<int64_t>(ivf.nprobe));
    faiss::SearchParametersIVF parameters;
    parameters.nprobe = nprobe;
    parameters.max_codes = wanted.max_codes > 0 ? wanted.max_codes : ivf.max_codes;
    std::vector<idx_t> lists(n * nprobe);
    std::vector<int32_t> list_distances(n * nprobe);
    ivf.quantizer->search(n, x, nprobe, list_distances.data(), lists.data());
    if (wanted.selector == nullptr) {
        ivf.search_preassigned(n, x, k, lists.data(), list_distances.data(), distances, labels, false, &parameters);
        return;
    }

    std::fill_n(distances, n * k, kNoDistance);
    std::fill_n(labels, n * k, idx_t(-1));
    const std::unique_ptr<faiss::BinaryInvertedListScanner> scanner(ivf.get_InvertedListScanner());
    for (int64_t i = 0; i < n; i++) {
        scanner->set_query(x + i * ivf.code_size);
        int32_t* heap_distances = distances + i * k;
        idx_t* heap = labels + i * k;
        size_t seen = 0;
        for (int64_t probe = 0; probe < nprobe; probe++) {
            const idx_t list = lists[i * nprobe + probe];
            if (list < 0) {
                continue;
            }
            scanner->set_list(list, 0);
            const size_t size = ivf.invlists->list_size(list);
            faiss::InvertedLists::ScopedCodes codes(ivf.invlists, list);
            const faiss::InvertedLists::ScopedIds ids(ivf.invlists, list);
            for (size_t j = 0; j < size; j++) {
                if (wanted.selector->is_member(ids[j])) {
                    const auto distance = static_cast<int32_t>(scanner->distance_to_code(codes.get() + j * ivf.code_size));
                    if (distance < heap_distances[0]) {
                        faiss::heap_replace_top<Nearest>(k, heap_distances, heap, distance, ids[j]);
                    }
                }
            }
            seen += size;
            if (parameters.max_codes != 0 && seen >= static_cast<size_t>(parameters.max_codes)) {
                break;
            }
        }
        faiss::heap_reorder<Nearest>(k, heap_distances, heap);
    }
}

void search(const faiss::IndexBinary& index, int64_t n, const uint8_t* x, int64_t k, const Wanted& wanted, int32_t* distances, int64_t* labels) {
    if (auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&index)) {
        Wanted inner = wanted;
        std::unique_ptr<Translated> positions;
        if (wanted.selector != nullptr) {
            positions = std::make_unique<Translated>(map->id_map, *wanted.selector);
            inner.selector = positions.get();
        }
        search(*map->index, n, x, k, inner, distances, labels);
        const auto size = static_cast<int64_t>(map->id_map.size());
        std::transform(labels, labels + n * k, labels, [&](int64_t label) { return label < 0 || label >= size ? idx_t(-1) : map->id_map[label]; });
        return;
    }
    auto ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(&index);
    if (ivf == nullptr && (wanted.nprobe > 0 || wanted.max_codes > 0)) {
        fail(FAISSNET_UNSUPPORTED, "nprobe and max_codes have no meaning for this index: there is no IVF in it");
    }
    // FAISS's graph counts results in 32 bits.
    const int64_t piece = std::max<int64_t>(1, std::numeric_limits<int32_t>::max() / k);
    with_room_behind(index, n, x, [&](int64_t begin, int64_t count, const uint8_t* codes) {
        for (int64_t first = 0; first < count; first += piece) {
            const int64_t size = std::min(piece, count - first);
            const uint8_t* from = codes + first * index.code_size;
            int32_t* to_distances = distances + (begin + first) * k;
            int64_t* to = labels + (begin + first) * k;
            if (ivf != nullptr) {
                search_lists(*ivf, size, from, k, wanted, to_distances, to);
            } else if (wanted.selector == nullptr) {
                index.search(size, from, k, to_distances, to);
            } else if (auto flat = dynamic_cast<const faiss::IndexBinaryFlat*>(&index)) {
                search_selected(*flat, size, from, k, *wanted.selector, to_distances, to);
            } else {
                fail(FAISSNET_UNSUPPORTED, "a selector is not supported by this type of binary index; BFlat and BIVF take one");
            }
        }
    });
}

// A label of -1 has the largest distance: the graph leaves there what became of an infinite float.
void finish_rows(int64_t count, int32_t* distances, const int64_t* labels) {
    for (int64_t i = 0; i < count; i++) {
        if (labels[i] < 0) {
            distances[i] = kNoDistance;
        }
    }
}

// What a query found stands behind what the one before it found, if what is not selected is left out.
void keep_selected(faiss::RangeSearchResult& hits, const faiss::IDSelector& selector) {
    size_t kept = 0, begin = 0;
    for (size_t i = 0; i < hits.nq; i++) {
        const size_t end = hits.lims[i + 1];
        for (size_t j = begin; j < end; j++) {
            if (selector.is_member(hits.labels[j])) {
                hits.labels[kept] = hits.labels[j];
                hits.distances[kept++] = hits.distances[j];
            }
        }
        begin = end;
        hits.lims[i + 1] = kept;
    }
}

// Two or three pieces of queries give their hits to one result.
void append(const faiss::RangeSearchResult& part, int64_t begin, std::vector<size_t>& counts, std::vector<idx_t>& labels, std::vector<float>& distances) {
    for (size_t i = 0; i < part.nq; i++) {
        counts[begin + i] = part.lims[i + 1] - part.lims[i];
    }
    labels.insert(labels.end(), part.labels, part.labels + part.lims[part.nq]);
    distances.insert(distances.end(), part.distances, part.distances + part.lims[part.nq]);
}

void range_search(const faiss::IndexBinary& index, int64_t n, const uint8_t* x, int32_t radius, faiss::RangeSearchResult& hits) {
    std::vector<size_t> counts(n);
    std::vector<idx_t> labels;
    std::vector<float> distances;
    with_room_behind(index, n, x, [&](int64_t begin, int64_t count, const uint8_t* codes) {
        faiss::RangeSearchResult part(count);
        index.range_search(count, codes, radius, &part);
        append(part, begin, counts, labels, distances);
    });
    hits.lims[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        hits.lims[i + 1] = hits.lims[i] + counts[i];
    }
    hits.labels = new idx_t[labels.size()];
    hits.distances = new float[distances.size()];
    std::copy(labels.begin(), labels.end(), hits.labels);
    std::copy(distances.begin(), distances.end(), hits.distances);
}

void locate(const faiss::IndexBinary& outer, BinaryLocations& locations) {
    const auto by_id = [](const auto& a, const auto& b) { return a.id < b.id; };
    if (auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&outer)) {
        for (size_t i = 0; i < map->id_map.size(); i++) {
            locations.mapped.push_back({map->id_map[i], -1, static_cast<int64_t>(i)});
        }
        std::stable_sort(locations.mapped.begin(), locations.mapped.end(), by_id);
    }
    if (auto ivf = find_inside<faiss::IndexBinaryIVF>(outer)) {
        for (size_t list = 0; list < ivf->nlist; list++) {
            const faiss::InvertedLists::ScopedIds ids(ivf->invlists, list);
            for (size_t offset = 0; offset < ivf->invlists->list_size(list); offset++) {
                locations.listed.push_back({ids[offset], static_cast<int64_t>(list), static_cast<int64_t>(offset)});
            }
        }
        std::stable_sort(locations.listed.begin(), locations.listed.end(), by_id);
    }
    // By position: the bucket as its hash, which is not a size, and the place in it.
    if (auto hash = find_inside<faiss::IndexBinaryHash>(outer)) {
        for (const auto& [bucket, list] : hash->invlists) {
            for (size_t offset = 0; offset < list.ids.size(); offset++) {
                locations.listed.push_back({list.ids[offset], bucket, static_cast<int64_t>(offset)});
            }
        }
        std::stable_sort(locations.listed.begin(), locations.listed.end(), by_id);
    }
}

[[noreturn]] void fail_not_found(idx_t id) {
    fail(FAISSNET_NOT_FOUND, "id is %lld: the index holds no vector with it", static_cast<long long>(id));
}

// The last of several vectors under one id, as in FAISS.
const Locations::Place& find(const std::vector<Locations::Place>& places, idx_t id) {
    const auto after = std::upper_bound(places.begin(), places.end(), id, [](idx_t wanted, const auto& place) { return wanted < place.id; });
    if (after == places.begin() || (after - 1)->id != id) {
        fail_not_found(id);
    }
    return *(after - 1);
}

void reconstruct(const faiss::IndexBinary& index, const BinaryLocations& locations, idx_t id, uint8_t* code) {
    if (auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&index)) {
        reconstruct(*map->index, locations, find(locations.mapped, id).offset, code);
    } else if (auto ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(&index)) {
        const auto& place = find(locations.listed, id);
        ivf->reconstruct_from_offset(place.list, place.offset, code);
    } else if (auto hash = dynamic_cast<const faiss::IndexBinaryHash*>(&index)) {
        const auto& place = find(locations.listed, id);
        std::copy_n(hash->invlists.at(place.list).vecs.data() + place.offset * index.code_size, index.code_size, code);
    } else {
        if (id < 0 || id >= index.ntotal) {
            fail_not_found(id);
        }
        auto multi = dynamic_cast<const faiss::IndexBinaryMultiHash*>(&index);
        (multi != nullptr ? *multi->storage : index).reconstruct(id, code);
    }
}

Wanted checked(const faissnet_search_parameters* parameters, std::unique_ptr<faiss::IDSelector>& selector) {
    Wanted wanted;
    if (parameters == nullptr) {
        return wanted;
    }
    require_probes(*parameters);
    if (parameters->k_factor != 0) {
        fail(FAISSNET_UNSUPPORTED, "k_factor has no meaning for a binary index");
    }
    if (parameters->ef_search != 0 || parameters->ht != 0) {
        fail(FAISSNET_UNSUPPORTED, "a call takes no efSearch and ht in this type of binary index: set efSearch on the index");
    }
    wanted.nprobe = parameters->nprobe;
    wanted.max_codes = parameters->max_codes;
    if (parameters->selector != nullptr) {
        selector = make_selector(parameters->selector);
        wanted.selector = selector.get();
    }
    return wanted;
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_binary_search(
        const faissnet_binary_index* index, int64_t n, const uint8_t* x, int64_t k,
        const faissnet_search_parameters* parameters, int32_t* distances, int64_t* labels) {
    return guard([&] {
        const ThreadShare share(n);
        const auto& source = open(index);
        require_codes(source, n, x);
        require_results(n, k, distances, labels);
        if (index->base != nullptr) {
            search_floats(*index->base, n, x, k, parameters, distances, labels);
            return;
        }
        require_trained(source);
        std::unique_ptr<faiss::IDSelector> selector;
        const Wanted wanted = checked(parameters, selector);
        if (n == 0) {
            return;
        }
        // There are never more than ntotal neighbours: a huge k must not make FAISS allocate for it.
        const int64_t found = std::min<int64_t>(k, source.ntotal);
        std::fill_n(distances, n * k, kNoDistance);
        std::fill_n(labels, n * k, idx_t(-1));
        if (found == k) {
            search(source, n, x, k, wanted, distances, labels);
        } else if (found > 0) {
            std::vector<int32_t> some_distances(n * found);
            std::vector<idx_t> some_labels(n * found);
            search(source, n, x, found, wanted, some_distances.data(), some_labels.data());
            for (int64_t i = 0; i < n; i++) {
                std::copy_n(some_distances.data() + i * found, found, distances + i * k);
                std::copy_n(some_labels.data() + i * found, found, labels + i * k);
            }
        }
        finish_rows(n * k, distances, labels);
    });
}

faissnet_status faissnet_binary_range_search(
        const faissnet_binary_index* index, int64_t n, const uint8_t* x, int32_t radius,
        const faissnet_search_parameters* parameters, faissnet_range_result** result) {
    return guard([&] {
        const ThreadShare share(n);
        const auto& source = open(index);
        require_codes(source, n, x);
        require(result != nullptr, "the out-parameter for the result must not be NULL");
        if (index->base != nullptr) {
            *result = range_search_floats(*index->base, n, x, radius, parameters);
            return;
        }
        require_trained(source);
        std::unique_ptr<faiss::IDSelector> selector;
        const Wanted wanted = checked(parameters, selector);
        if (wanted.nprobe > 0 || wanted.max_codes > 0) {
            fail(FAISSNET_UNSUPPORTED, "a range search takes no nprobe and max_codes per call in binary indexes: set nprobe on the index");
        }
        auto made = std::make_unique<faissnet_range_result>(n);
        auto& hits = made->hits;
        // FAISS compares distances with a negative radius as if it were a huge one.
        if (n > 0 && radius > 0 && source.ntotal > 0) {
            auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&source);
            range_search(inside(source), n, x, radius, hits);
            if (map != nullptr) {
                std::transform(hits.labels, hits.labels + hits.lims[n], hits.labels, [&](idx_t position) { return map->id_map[position]; });
            }
            if (wanted.selector != nullptr) {
                keep_selected(hits, *wanted.selector);
            }
        }
        made->limits.assign(hits.lims, hits.lims + n + 1);
        *result = made.release();
    });
}

faissnet_status faissnet_binary_reconstruct(const faissnet_binary_index* index, int64_t id, uint8_t* vector) {
    return guard([&] {
        const auto& source = open(index);
        require(vector != nullptr, "vector must hold d / 8 bytes");
        if (index->base != nullptr) {
            reconstruct_floats(*index->base, id, vector);
            return;
        }
        const BinaryLocations* locations = nullptr;
        {
            const std::lock_guard<std::mutex> lock(index->locations_mutex);
            if (index->locations == nullptr) {
                auto made = std::make_unique<BinaryLocations>();
                locate(source, *made);
                index->locations = std::move(made);
            }
            locations = index->locations.get();
        }
        reconstruct(source, *locations, id, vector);
    });
}
