#include <algorithm>
#include <numeric>

#include <faiss/IndexFastScan.h>
#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQR.h>

#include "composed.hpp"
#include "graphs.hpp"
#include "handle.hpp"
#include "lsq_turn.hpp"
#include "packed.hpp"
#include "selector.hpp"
#include "stored.hpp"
#include "stretch.hpp"

namespace faissnet {
namespace {

// FAISS's array direct map refuses ids of the caller's and removals. It is derived data, which
// faissnet_index_reconstruct does not need: give it up rather than refuse the call.
void drop_array_direct_map(faiss::Index& index) {
    if (auto ivf = find_inside<faiss::IndexIVF>(index)) {
        if (ivf->direct_map.type == faiss::DirectMap::Array) {
            ivf->set_direct_map_type(faiss::DirectMap::NoMap);
        }
    }
}

// Whether the vectors behind a removed one move up, which IDMap counts on: it aborts or mixes up ids otherwise.
bool renumbers(const faiss::Index& index) {
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        return renumbers(*chain->index);
    }
    return dynamic_cast<const faiss::IndexFlatCodes*>(&index) != nullptr;
}

// FAISS adds to shards in one go only, and then evenly.
void add_to_shards(faiss::IndexShards& shards, int64_t n, const float* x, const idx_t* ids);

void add(faiss::Index& target, int64_t n, const float* x) {
    if (auto shards = dynamic_cast<faiss::IndexShards*>(&target)) {
        return add_to_shards(*shards, n, x, nullptr);
    }
    if (is_composed(target)) {
        for (const auto& replica : members_of(target)) {
            add(*replica.index, n, x);
        }
        return;
    }
    if (find_inside<faiss::IndexIDMap>(target) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "an IDMap index needs the caller's ids: add with ids");
    }
    if (n > 0) {
        GraphBuild graph(target, n);
        StoredAdd stored(target);
        const LsqTurn turn(target);
        target.add(n, x);
        graph.succeeded();
        stored.finish();
    }
}

void add_with_ids(faiss::Index& target, int64_t n, const float* x, const idx_t* ids) {
    if (auto shards = dynamic_cast<faiss::IndexShards*>(&target)) {
        return add_to_shards(*shards, n, x, ids);
    }
    if (is_composed(target)) {
        for (const auto& replica : members_of(target)) {
            add_with_ids(*replica.index, n, x, ids);
        }
        return;
    }
    // FAISS takes the ids of an IVFPQR for positions in its refinement codes, and reads beyond them.
    if (dynamic_cast<faiss::IndexFlatCodes*>(&target) != nullptr || find_inside<faiss::IndexIVFPQR>(target) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "this index type numbers its vectors itself and stores no ids: wrap it as \"IDMap,...\"");
    }
    if (n > 0) {
        GraphBuild graph(target, n);
        StoredAdd stored(target);
        drop_array_direct_map(target);
        const LsqTurn turn(target);
        target.add_with_ids(n, x, ids);
        graph.succeeded();
        stored.finish();
    }
}

void add_to_shards(faiss::IndexShards& shards, int64_t n, const float* x, const idx_t* ids) {
    const auto members = members_to_ask(shards);
    if (shards.successive_ids && ids != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "these shards number their vectors on from one to the next: make them without successive ids to add with ids");
    }
    const auto count = static_cast<int64_t>(members.size());
    // Whatever came after the first vectors of any shard but the last would get ids that others have.
    if (shards.successive_ids && shards.ntotal > 0) {
        return add(*members.back().index, n, x);
    }
    std::vector<idx_t> numbers;
    if (!shards.successive_ids && ids == nullptr) {
        numbers.resize(n);
        std::iota(numbers.begin(), numbers.end(), shards.ntotal);
        ids = numbers.data();
    }
    for (int64_t s = 0; s < count; s++) {
        const int64_t begin = s * n / count, end = (s + 1) * n / count;
        if (ids != nullptr) {
            add_with_ids(*members[s].index, end - begin, x + begin * shards.d, ids + begin);
        } else {
            add(*members[s].index, end - begin, x + begin * shards.d);
        }
    }
}

void reset(faiss::Index& target) {
    if (!is_composed(target)) {
        require_writable(target);
        target.reset();
        // FAISS leaves the room that it had reserved in the count that files hold.
        if (auto fast_scan = find_inside<faiss::IndexFastScan>(target)) {
            fast_scan->ntotal2 = 0;
        }
        return;
    }
    for (const auto& member : members_of(target)) {
        reset(*member.index);
    }
}

// Whether remove() does it, and for one of several also whether ids then stay what they are or move up as one would expect.
void require_removal(const faiss::Index& target) {
    for (const auto& member : members_of(target)) {
        require_removal(*member.index);
        auto shards = dynamic_cast<const faiss::IndexShards*>(&target);
        if (shards != nullptr && shards->successive_ids && !renumbers(*member.index)) {
            fail(FAISSNET_UNSUPPORTED, "removal is not supported by shards with successive ids over this index type, whose ids would stay behind: make them without");
        }
    }
    require_writable(target);
    if (find_inside<faiss::IndexHNSW>(target) != nullptr || find_inside<faiss::IndexNSG>(target) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "removal is not supported by graphs: leave ids out of searches with a selector, and build anew from time to time");
    }
    if (find_inside<faiss::IndexRefine>(target) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "removal is not supported by refined indexes, whose two parts would number what is left differently: build anew, or "
             "leave ids out of searches with a selector");
    }
    if (auto fast = find_inside<faiss::IndexIVFFastScan>(target); !kFastScanRemoves && fast != nullptr && !is_packed(*fast)) {
        fail(FAISSNET_UNSUPPORTED, "FAISS %d.%d cannot remove from fast-scan indexes", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR);
    }
    if (auto map = find_inside<faiss::IndexIDMap>(target); map != nullptr && !renumbers(*map->index)) {
        fail(FAISSNET_UNSUPPORTED, "removal is not supported by an IDMap over this index type; IVF indexes store ids themselves, without IDMap");
    }
}

// For those around an index that vectors were removed from.
size_t count_removed(faiss::Index& outer, size_t removed) {
    if (auto inner = unwrap_once(outer)) {
        count_removed(const_cast<faiss::Index&>(*inner), removed);
        outer.ntotal = inner->ntotal;
    }
    return removed;
}

// listed: the selector's ids, if it is a list.
size_t remove(faiss::Index& target, const faiss::IDSelector& selector, const faissnet_selector* listed) {
    if (is_composed(target)) {
        size_t removed = 0;
        for (const auto& member : members_of(target)) { // with the first ids from before any was removed
            const Shifted shifted(&selector, member.first_id);
            const size_t here = remove(*member.index, *shifted.selector(), member.first_id == 0 ? listed : nullptr);
            removed = dynamic_cast<faiss::IndexShards*>(&target) != nullptr ? removed + here : here;
        }
        return removed;
    }
    // Nothing but transforms can be around: see require_removal.
    if (auto fast = find_inside<faiss::IndexIVFFastScan>(target); fast != nullptr && is_packed(*fast)) {
        fast->set_direct_map_type(faiss::DirectMap::NoMap);
        return count_removed(target, remove_packed(*fast, selector));
    }
    if (auto fast = find_inside<faiss::IndexFastScan>(target); fast != nullptr && is_packed(*fast)) {
        return count_removed(target, remove_packed(*fast, selector));
    }
    drop_array_direct_map(target);
    // A hash direct map can only be followed for ids that are listed one by one.
    if (auto ivf = find_inside<faiss::IndexIVF>(target); ivf != nullptr && !ivf->direct_map.no()) {
        if (listed != nullptr) {
            faiss::IDSelectorArray array(listed->count, listed->ids);
            return target.remove_ids(array);
        }
        ivf->set_direct_map_type(faiss::DirectMap::NoMap);
    }
    return target.remove_ids(selector);
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_add(faissnet_index* index, int64_t n, const float* x) {
    return guard([&] {
        auto& target = open(index);
        require_vectors(target, n, x);
        require_trained(target);
        require_bearable(*index, n, x);
        const Change change(*index, Change::kVectors);
        add(target, n, x);
    });
}

faissnet_status faissnet_index_add_with_ids(faissnet_index* index, int64_t n, const float* x, const int64_t* ids) {
    return guard([&] {
        auto& target = open(index);
        require_vectors(target, n, x);
        require_trained(target);
        require(n == 0 || ids != nullptr, "ids must hold n values");
        if (auto refused = std::find(ids, ids + n, idx_t(-1)); refused != ids + n) {
            fail(FAISSNET_INVALID_ARGUMENT, "ids[%lld] is -1, which means \"no neighbour\": choose another id",
                 static_cast<long long>(refused - ids));
        }
        require_bearable(*index, n, x);
        const Change change(*index, Change::kVectors);
        add_with_ids(target, n, x, ids);
    });
}

faissnet_status faissnet_index_reset(faissnet_index* index) {
    return guard([&] {
        auto& target = open(index);
        const Change change(*index, Change::kVectors);
        reset(target);
    });
}

faissnet_status faissnet_index_remove_ids(faissnet_index* index, const faissnet_selector* selector, int64_t* removed) {
    return guard([&] {
        auto& target = open(index);
        auto chosen = make_selector(selector);
        require(removed != nullptr, "removed must not be NULL");
        require_removal(target);
        const Change change(*index, Change::kVectors);
        *removed = static_cast<int64_t>(remove(target, *chosen, selector->kind == FAISSNET_SELECT_IDS ? selector : nullptr));
    });
}
