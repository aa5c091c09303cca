#include <algorithm>
#include <vector>

#include <faiss/IndexIVF.h>
#include <faiss/invlists/InvertedLists.h>

#include "composed.hpp"
#include "handle.hpp"
#include "packed.hpp"

namespace faissnet {
namespace {

[[noreturn]] void fail_not_found(idx_t id) {
    fail(FAISSNET_NOT_FOUND, "id is %lld: the index holds no vector with it", static_cast<long long>(id));
}

void sort_by_id(std::vector<Locations::Place>& places) {
    // Stable, and looked up from the end: of vectors under the same id the last one counts, as in FAISS.
    std::stable_sort(places.begin(), places.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
}

const Locations::Place* lookup(const std::vector<Locations::Place>& places, idx_t id) {
    const auto after = std::upper_bound(
            places.begin(), places.end(), id, [](idx_t wanted, const auto& place) { return wanted < place.id; });
    return after == places.begin() || (after - 1)->id != id ? nullptr : &*(after - 1);
}

const Locations::Place& find(const std::vector<Locations::Place>& places, idx_t id) {
    const auto place = lookup(places, id);
    if (place == nullptr) {
        fail_not_found(id);
    }
    return *place;
}

void locate(const faiss::Index& index, Locations& locations) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        auto& places = locations.of[map];
        places.reserve(map->id_map.size());
        for (size_t i = 0; i < map->id_map.size(); i++) {
            places.push_back({map->id_map[i], -1, static_cast<int64_t>(i)});
        }
        sort_by_id(places);
    }
    if (is_composed(index)) {
        for (const auto& member : members_of(index)) {
            locate(*member.index, locations);
        }
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        locate(*refine->refine_index, locations);
    } else if (auto inner = unwrap_once(index)) {
        locate(*inner, locations);
    } else if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        auto& places = locations.of[ivf];
        places.reserve(ivf->invlists->compute_ntotal()); // of a damaged file, ntotal may be anything
        for (size_t list = 0; list < ivf->nlist; list++) {
            const size_t size = ivf->invlists->list_size(list);
            const faiss::InvertedLists::ScopedIds ids(ivf->invlists, list);
            for (size_t offset = 0; offset < size; offset++) {
                places.push_back({ids[offset], static_cast<int64_t>(list), static_cast<int64_t>(offset)});
            }
        }
        sort_by_id(places);
    }
}

bool holds(const faiss::Index& index, const Locations& locations, idx_t id) {
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        return holds(*chain->index, locations, id);
    }
    const auto places = locations.of.find(&index);
    return places == locations.of.end() ? id >= 0 && id < index.ntotal : lookup(places->second, id) != nullptr;
}

void reconstruct(const faiss::Index& index, const Locations& locations, idx_t id, float* vector) {
    if (is_composed(index)) {
        for (const auto& member : members_of(index)) {
            if ((member.first_id == 0 || id >= member.first_id) && holds(*member.index, locations, id - member.first_id)) {
                return reconstruct(*member.index, locations, id - member.first_id, vector);
            }
        }
        fail_not_found(id);
    }
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        reconstruct(*map->index, locations, find(locations.of.at(map), id).offset, vector);
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        std::vector<float> inner(chain->index->d);
        reconstruct(*chain->index, locations, id, inner.data());
        chain->reverse_chain(1, inner.data(), vector);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        reconstruct(*refine->refine_index, locations, id, vector);
    } else if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        const auto& place = find(locations.of.at(ivf), id);
        if (auto fast = dynamic_cast<const faiss::IndexIVFPQFastScan*>(ivf); fast != nullptr && is_packed(*fast)) {
            return reconstruct_packed(*fast, place.list, place.offset, vector);
        }
        ivf->reconstruct_from_offset(place.list, place.offset, vector);
    } else {
        // FAISS reads beyond its memory for an id out of range.
        if (id < 0 || id >= index.ntotal) {
            fail_not_found(id);
        }
        if (auto fast = dynamic_cast<const faiss::IndexPQFastScan*>(&index); fast != nullptr && is_packed(*fast)) {
            return reconstruct_packed(*fast, id, vector);
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
            const uint64_t version = index->family->whole().version;
            if (index->locations == nullptr || index->locations_version != version) {
                auto made = std::make_unique<Locations>();
                locate(source, *made);
                index->locations = std::move(made);
                index->locations_version = version;
            }
            locations = index->locations.get();
        }
        reconstruct(source, *locations, id, vector);
    });
}
