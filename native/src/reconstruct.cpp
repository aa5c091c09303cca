#include <algorithm>
#include <vector>

#include <faiss/IndexIVF.h>
#include <faiss/invlists/InvertedLists.h>

#include "handle.hpp"

namespace faissnet {
namespace {

[[noreturn]] void fail_not_found(idx_t id) {
    fail(FAISSNET_NOT_FOUND, "id is %lld: the index holds no vector with it", static_cast<long long>(id));
}

void sort_by_id(std::vector<Locations::Place>& places) {
    // Stable, and looked up from the end: of vectors under the same id the last one counts, as in FAISS.
    std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

const Locations::Place& find(const std::vector<Locations::Place>& places, idx_t id) {
    const auto after = std::upper_bound(
            places.begin(), places.end(), id, [](idx_t wanted, const auto& place) { return wanted < place.id; });
    if (after == places.begin() || (after - 1)->id != id) {
        fail_not_found(id);
    }
    return *(after - 1);
}

void locate(const faiss::Index& outer, Locations& locations) {
    if (auto map = find_inside<faiss::IndexIDMap>(outer)) {
        locations.mapped.reserve(map->id_map.size());
        for (size_t i = 0; i < map->id_map.size(); i++) {
            locations.mapped.push_back({map->id_map[i], -1, static_cast<int64_t>(i)});
        }
        sort_by_id(locations.mapped);
    }
    if (auto ivf = find_inside<faiss::IndexIVF>(outer)) {
        locations.listed.reserve(ivf->invlists->compute_ntotal()); // of a damaged file, ntotal may be anything
        for (size_t list = 0; list < ivf->nlist; list++) {
            const size_t size = ivf->invlists->list_size(list);
            const faiss::InvertedLists::ScopedIds ids(ivf->invlists, list);
            for (size_t offset = 0; offset < size; offset++) {
                locations.listed.push_back({ids[offset], static_cast<int64_t>(list), static_cast<int64_t>(offset)});
            }
        }
        sort_by_id(locations.listed);
    }
}

void reconstruct(const faiss::Index& index, const Locations& locations, idx_t id, float* vector) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        reconstruct(*map->index, locations, find(locations.mapped, id).offset, vector);
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        std::vector<float> inner(chain->index->d);
        reconstruct(*chain->index, locations, id, inner.data());
        chain->reverse_chain(1, inner.data(), vector);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        reconstruct(*refine->refine_index, locations, id, vector);
    } else if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        const auto& place = find(locations.listed, id);
        ivf->reconstruct_from_offset(place.list, place.offset, vector);
    } else {
        // FAISS reads beyond its memory for an id out of range.
        if (id < 0 || id >= index.ntotal) {
            fail_not_found(id);
        }
        index.reconstruct(id, vector);
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_reconstruct(const faissnet_index* index, int64_t id, float* vector) {
    return guard([&] {
        const auto& source = open(index);
        require(vector != nullptr, "vector must hold d floats");
        const Locations* locations = nullptr;
        {
            const std::lock_guard<std::mutex> lock(index->locations_mutex);
            if (index->locations == nullptr) {
                auto made = std::make_unique<Locations>();
                locate(source, *made);
                index->locations = std::move(made);
            }
            locations = index->locations.get();
        }
        reconstruct(source, *locations, id, vector);
    });
}
