// Binary indexes: training, adding, removing, merging.

#include <algorithm>
#include <typeinfo>

#include <faiss/invlists/InvertedLists.h>

#include "binary.hpp"
#include "from_float.hpp"
#include "merge.hpp"
#include "selector.hpp"
#include "watched.hpp"

namespace faissnet {
namespace {

// As many as FAISS assigns to centroids with 32-bit counters.
constexpr int64_t kLargestPiece = 1 << 20;

void require_room(const faiss::IndexBinary& index, int64_t n) {
    if (find_inside<faiss::IndexBinaryHNSW>(index) != nullptr && n > kMaxGraph - index.ntotal) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: a graph holds at most 2^31 - 1 vectors", static_cast<long long>(n));
    }
}

// A direct map is derived data that faissnet_binary_reconstruct does not need, and that refuses ids and removals.
void drop_direct_map(faiss::IndexBinary& index) {
    if (auto ivf = find_inside<faiss::IndexBinaryIVF>(index); ivf != nullptr && !ivf->direct_map.no()) {
        ivf->set_direct_map_type(faiss::DirectMap::NoMap);
    }
}

void require_ids(int64_t n, const int64_t* ids) {
    require(n == 0 || ids != nullptr, "ids must hold n values");
    if (auto refused = std::find(ids, ids + n, idx_t(-1)); refused != ids + n) {
        fail(FAISSNET_INVALID_ARGUMENT, "ids[%lld] is -1, which means \"no neighbour\": choose another id", static_cast<long long>(refused - ids));
    }
}

// In pieces: FAISS counts what it assigns to centroids in 32 bits. ids may be nullptr.
void add(faiss::IndexBinary& index, int64_t n, const uint8_t* x, const int64_t* ids) {
    require_room(index, n);
    drop_direct_map(index);
    with_room_behind(index, n, x, [&](int64_t begin, int64_t count, const uint8_t* codes) {
        const int64_t piece = find_inside<faiss::IndexBinaryHNSW>(index) != nullptr ? count : kLargestPiece;
        for (int64_t first = 0; first < count; first += piece) {
            const int64_t size = std::min(piece, count - first);
            const uint8_t* from = codes + first * index.code_size;
            if (ids != nullptr) {
                index.add_with_ids(size, from, ids + begin + first);
            } else {
                index.add(size, from);
            }
        }
    });
}

void reset(faiss::IndexBinary& index) {
    if (auto map = dynamic_cast<faiss::IndexBinaryIDMap*>(&index)) {
        reset(*map->index);
        map->id_map.clear();
        map->ntotal = 0;
        if (auto two_way = dynamic_cast<faiss::IndexBinaryIDMap2*>(map)) {
            two_way->construct_rev_map();
        }
        return;
    }
    index.reset();
    if (auto multi = dynamic_cast<faiss::IndexBinaryMultiHash*>(&index)) {
        for (auto& map : multi->maps) {
            map.clear(); // FAISS 1.7.3 clears copies of them
        }
    }
}

// How many pieces of the training set an iteration of k-means decodes and assigns one after the other.
int64_t pieces_of(const faiss::IndexBinaryIVF& ivf, int64_t n) {
    const int64_t used = std::min<int64_t>(n, static_cast<int64_t>(ivf.nlist) * ivf.cp.max_points_per_centroid);
    const auto block = static_cast<int64_t>(ivf.cp.decode_block_size);
    return (used + block - 1) / block;
}

void train_lists(faiss::IndexBinaryIVF& ivf, int64_t n, const uint8_t* x, const faissnet_monitor* monitor) {
    if (n < static_cast<int64_t>(ivf.nlist)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: training nlist = %zu centroids needs at least as many vectors (and 39 times as many to train well)",
             static_cast<long long>(n), ivf.nlist);
    }
    const Quiet quiet(&ivf.cp);
    std::unique_ptr<Slot> slot;
    if (monitor != nullptr && monitor->report != nullptr && ivf.clustering_index == nullptr) {
        auto counted = ivf.cp;
        counted.niter *= static_cast<int>(pieces_of(ivf, n));
        slot = std::make_unique<Slot>(
                ivf.clustering_index, std::make_unique<WatchedFlat>(ivf.d, faiss::METRIC_L2, counted, 1, *monitor, FAISSNET_STAGE_COARSE));
    }
    ivf.is_trained = false;
    ivf.quantizer->reset();
    ivf.train(n, x);
    if (slot != nullptr) {
        slot->assigner().finish();
    }
}

void check_merge(const faiss::IndexBinary& to, const faiss::IndexBinary& from, int64_t add_id) {
    require_same(typeid(to) == typeid(from), "they are of different types");
    require_same(to.d == from.d, "they have different dimensions");
    require_same(to.is_trained && from.is_trained, "one of them is not trained");
    if (auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&to)) {
        const auto& other = static_cast<const faiss::IndexBinaryIDMap&>(from);
        check_merge(*map->index, *other.index, map->index->ntotal);
        require_shift(other.id_map.data(), other.id_map.size(), add_id);
    } else if (auto ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(&to)) {
        const auto& other = static_cast<const faiss::IndexBinaryIVF&>(from);
        require_same(ivf->nlist == other.nlist, "they have different numbers of lists");
        std::vector<uint8_t> one(to.code_size), another(to.code_size);
        for (size_t list = 0; list < ivf->nlist; list++) {
            ivf->quantizer->reconstruct(list, one.data());
            other.quantizer->reconstruct(list, another.data());
            require_same(one == another, "their coarse centroids are not the same; clones, and copies of one trained index, fit together");
            require_shift(faiss::InvertedLists::ScopedIds(other.invlists, list).get(), other.invlists->list_size(list), add_id);
        }
    } else if (dynamic_cast<const faiss::IndexBinaryFlat*>(&to) == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "merging is not supported by this type of binary index");
    }
}

// FAISS 1.7.3 compares a type with that of a pointer here, and so refuses every merge.
void move(faiss::IndexBinary& to, faiss::IndexBinary& from, int64_t add_id) {
    if (auto map = dynamic_cast<faiss::IndexBinaryIDMap*>(&to)) {
        auto& other = static_cast<faiss::IndexBinaryIDMap&>(from);
        move_mapped<faiss::IndexBinaryIDMap2>(*map, other, add_id, move);
    } else if (auto ivf = dynamic_cast<faiss::IndexBinaryIVF*>(&to)) {
        auto& other = static_cast<faiss::IndexBinaryIVF&>(from);
        ivf->invlists->merge_from(other.invlists, add_id);
        ivf->ntotal += other.ntotal;
        other.ntotal = 0;
    } else {
        auto& other = static_cast<faiss::IndexBinaryFlat&>(from);
        to.add(other.ntotal, other.xb.data());
        other.reset();
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_binary_train(faissnet_binary_index* index, int64_t n, const uint8_t* x, const faissnet_monitor* monitor) {
    return guard([&] {
        auto& target = open(index);
        require_codes(target, n, x);
        if (index->base != nullptr) {
            train_floats(*index->base, n, x, monitor);
            return;
        }
        require(n > 0 || target.is_trained, "n is 0: training needs vectors");
        auto ivf = find_inside<faiss::IndexBinaryIVF>(target);
        if (n == 0 || ivf == nullptr) {
            return; // nothing else learns
        }
        if (ivf->ntotal > 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "the index holds vectors that depend on its training: reset it before training anew");
        }
        try {
            train_lists(*ivf, n, x, monitor);
        } catch (...) {
            target.is_trained = ivf->is_trained;
            throw;
        }
        target.is_trained = true;
    });
}

faissnet_status faissnet_binary_add(faissnet_binary_index* index, int64_t n, const uint8_t* x) {
    return guard([&] {
        auto& target = open(index);
        require_codes(target, n, x);
        if (index->base != nullptr) {
            add_floats(*index->base, n, x, nullptr);
            return;
        }
        require_trained(target);
        if (dynamic_cast<faiss::IndexBinaryIDMap*>(&target) != nullptr) {
            fail(FAISSNET_UNSUPPORTED, "an IDMap index needs the caller's ids: add with ids");
        }
        if (n > 0) { // FAISS's graph runs through its memory for none
            index->content_changed();
            add(target, n, x, nullptr);
        }
    });
}

faissnet_status faissnet_binary_add_with_ids(faissnet_binary_index* index, int64_t n, const uint8_t* x, const int64_t* ids) {
    return guard([&] {
        auto& target = open(index);
        require_codes(target, n, x);
        require_ids(n, ids);
        if (index->base != nullptr) {
            add_floats(*index->base, n, x, ids);
            return;
        }
        require_trained(target);
        const bool keeps_ids = dynamic_cast<faiss::IndexBinaryIDMap*>(&target) != nullptr || dynamic_cast<faiss::IndexBinaryIVF*>(&target) != nullptr ||
                dynamic_cast<faiss::IndexBinaryHash*>(&target) != nullptr;
        if (!keeps_ids) {
            fail(FAISSNET_UNSUPPORTED, "this index type numbers its vectors itself and stores no ids: wrap it as \"IDMap,...\"");
        }
        if (n > 0) {
            index->content_changed();
            add(target, n, x, ids);
        }
    });
}

faissnet_status faissnet_binary_reset(faissnet_binary_index* index) {
    return guard([&] {
        auto& target = open(index);
        if (index->base != nullptr) {
            relay(faissnet_index_reset(index->base.get()));
            return;
        }
        index->content_changed();
        reset(target);
    });
}

faissnet_status faissnet_binary_remove_ids(faissnet_binary_index* index, const faissnet_selector* selector, int64_t* removed) {
    return guard([&] {
        auto& target = open(index);
        if (index->base != nullptr) {
            relay(faissnet_index_remove_ids(index->base.get(), selector, removed));
            return;
        }
        const auto chosen = make_selector(selector);
        require(removed != nullptr, "removed must not be NULL");
        // Over what does not number the rest anew FAISS's IDMap aborts.
        auto map = dynamic_cast<faiss::IndexBinaryIDMap*>(&target);
        const bool removes = find_inside<faiss::IndexBinaryFlat>(target) != nullptr || (map == nullptr && find_inside<faiss::IndexBinaryIVF>(target) != nullptr);
        if (!removes) {
            fail(FAISSNET_UNSUPPORTED, "removal is not supported by this type of binary index; BFlat, IDMap over it and BIVF remove");
        }
        index->content_changed();
        drop_direct_map(target);
        *removed = static_cast<int64_t>(target.remove_ids(*chosen));
    });
}

faissnet_status faissnet_binary_merge_from(faissnet_binary_index* index, faissnet_binary_index* other, int64_t add_id) {
    return guard([&] {
        auto& to = open(index);
        require(other != nullptr, "other must not be NULL");
        require(other != index, "other is this index itself: expected another one");
        auto& from = open(other);
        if (index->base != nullptr && other->base != nullptr) {
            relay(faissnet_index_merge_from(index->base.get(), other->base.get(), add_id));
            return;
        }
        require_same(index->base == nullptr && other->base == nullptr, "they are of different types");
        require_trained(to);
        require_add_id(add_id, dynamic_cast<faiss::IndexBinaryFlat*>(&to) == nullptr, to.ntotal);
        check_merge(to, from, add_id);
        index->content_changed();
        other->content_changed();
        drop_direct_map(to);
        drop_direct_map(from);
        move(to, from, add_id);
    });
}
