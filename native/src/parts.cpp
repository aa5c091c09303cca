#include "parts.hpp"

#include <algorithm>
#include <typeinfo>

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFFlat.h>

#include "views.hpp"

namespace faissnet {
namespace {

template <typename Threaded>
void append_all(const faiss::Index& index, std::vector<Part>& parts) {
    if (auto several = dynamic_cast<const Threaded*>(&index)) {
        for (int i = 0; i < several->count(); i++) {
            parts.push_back({const_cast<faiss::Index*>(several->at(i)), FAISSNET_PART_SHARD});
        }
    }
}

// The way to a part, from the inside out.
bool find_way(faiss::Index& from, const faiss::Index* to, std::vector<Part>& around) {
    for (const auto& part : parts_of(from)) {
        if (part.index == to || find_way(*part.index, to, around)) {
            around.push_back({&from, part.kind});
            return true;
        }
    }
    return false;
}

[[noreturn]] void fail_alone(const char* what) {
    fail(FAISSNET_UNSUPPORTED, "this index is a part of another one, %s: change the whole index instead", what);
}

void require_free(const std::vector<Part>& around) {
    for (const auto& part : around) {
        switch (part.kind) {
            case FAISSNET_PART_QUANTIZER:
                if (part.index->ntotal != 0) {
                    fail_alone("which holds vectors in the lists of these centroids");
                }
                return;
            case FAISSNET_PART_SHARD:
                if (dynamic_cast<faiss::IndexShards*>(part.index) == nullptr) {
                    fail_alone("whose replicas hold the same vectors");
                }
                break;
            case FAISSNET_PART_BASE:
                if (dynamic_cast<faiss::IndexPreTransform*>(part.index) == nullptr) {
                    fail_alone("which keeps ids or vectors of its own for what is in here");
                }
                break;
            default:
                fail_alone("which keeps a graph or codes of its own for what is in here");
        }
    }
}

void bring_up_to_date(faiss::Index& index) noexcept {
    if (auto ivf = dynamic_cast<faiss::IndexIVF*>(&index)) {
        // Codebooks and tables belong to the centroids that they were made with; vectors as they are do not.
        const bool has_centroids = ivf->quantizer->is_trained && ivf->quantizer->ntotal == static_cast<idx_t>(ivf->nlist);
        ivf->is_trained = has_centroids && typeid(index) == typeid(faiss::IndexIVFFlat);
        return;
    }
    const auto parts = parts_of(index);
    const bool adds_up = dynamic_cast<faiss::IndexShards*>(&index) != nullptr;
    bool trained = !parts.empty();
    idx_t total = 0;
    for (const auto& part : parts) {
        trained = trained && part.index->is_trained;
        total = adds_up ? total + part.index->ntotal : part.index->ntotal;
    }
    if (auto chain = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        for (auto transform : chain->chain) {
            trained = trained && transform->is_trained;
        }
    }
    index.is_trained = trained;
    index.ntotal = total;
}

} // namespace

std::vector<Part> parts_of(const faiss::Index& index) {
    std::vector<Part> parts;
    const auto add = [&](faiss::Index* part, int32_t kind) {
        if (part != nullptr) {
            parts.push_back({part, kind});
        }
    };
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        add(ivf->quantizer, FAISSNET_PART_QUANTIZER);
    } else if (auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
        add(hnsw->storage, FAISSNET_PART_STORAGE);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        add(refine->base_index, FAISSNET_PART_BASE);
        add(refine->refine_index, FAISSNET_PART_REFINE);
    } else if (auto inner = unwrap_once(index)) {
        add(const_cast<faiss::Index*>(inner), FAISSNET_PART_BASE);
    } else {
        append_all<faiss::IndexShards>(index, parts);
        append_all<faiss::IndexReplicas>(index, parts);
    }
    return parts;
}

bool shows_views(const faiss::Index& index) {
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        return dynamic_cast<const ViewedLists*>(ivf->invlists) != nullptr;
    }
    const auto parts = parts_of(index);
    return std::any_of(parts.begin(), parts.end(), [](const Part& part) { return shows_views(*part.index); });
}

bool is_composed(const faiss::Index& index) {
    return dynamic_cast<const faiss::IndexShards*>(&index) != nullptr || dynamic_cast<const faiss::IndexReplicas*>(&index) != nullptr;
}

Change::Change(faissnet_index& target, Kind kind) : target_(target) {
    auto& family = target.family->whole();
    if (family.viewers != 0) {
        fail(FAISSNET_UNSUPPORTED, "the lists of this index are shown by a view, under which they cannot change: free the view first, or change a clone");
    }
    if ((kind == kVectors || kind == kTraining) && shows_views(*family.root)) {
        fail(FAISSNET_UNSUPPORTED, "the lists of this index are views of the lists of others, and cannot be changed: change a clone, which has its own");
    }
    if (family.root.get() != target.index) {
        find_way(*family.root, target.index, around_);
        // Where there are no vectors yet, training one part is a way to train the whole.
        if (kind != kTraining || family.root->ntotal != 0) {
            require_free(around_);
        }
    }
    family.version++;
    // Also of members that are taken in: their training comes with them.
    if (kind == kTraining || is_composed(*target.index)) {
        family.trained++;
    }
}

Change::~Change() {
    if (is_composed(*target_.index)) {
        bring_up_to_date(*target_.index);
    }
    for (const auto& part : around_) {
        bring_up_to_date(*part.index);
    }
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_part_count(const faissnet_index* index, int32_t part, int64_t* count) {
    return guard([&] {
        const auto& source = open(index);
        require(count != nullptr, "count must not be NULL");
        int64_t found = 0;
        for (const auto& inside : parts_of(source)) {
            found += inside.kind == part ? 1 : 0;
        }
        *count = found;
    });
}

faissnet_status faissnet_index_part(faissnet_index* index, int32_t part, int64_t number, faissnet_index** view) {
    return guard([&] {
        const auto& source = open(index);
        require(view != nullptr, "the out-parameter for the part must not be NULL");
        int64_t found = 0;
        for (const auto& inside : parts_of(source)) {
            if (inside.kind == part && found++ == number) {
                auto made = make_handle(*inside.index);
                made->family = index->family;
                *view = made.release();
                return;
            }
        }
        fail(FAISSNET_UNSUPPORTED, "this index has no part %d with the number %lld", part, static_cast<long long>(number));
    });
}
