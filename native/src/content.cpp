#include <algorithm>

#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQR.h>

#include "graphs.hpp"
#include "handle.hpp"
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

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_add(faissnet_index* index, int64_t n, const float* x) {
    return guard([&] {
        auto& target = open(index);
        require_vectors(target, n, x);
        require_trained(target);
        if (find_inside<faiss::IndexIDMap>(target) != nullptr) {
            fail(FAISSNET_UNSUPPORTED, "an IDMap index needs the caller's ids: add with ids");
        }
        if (n > 0) {
            require_bearable(*index, n, x);
            GraphBuild graph(target, n);
            StoredAdd stored(target);
            index->content_changed();
            target.add(n, x);
            graph.succeeded();
            stored.finish();
        }
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
        // FAISS takes the ids of an IVFPQR for positions in its refinement codes, and reads beyond them.
        if (dynamic_cast<faiss::IndexFlatCodes*>(&target) != nullptr || find_inside<faiss::IndexIVFPQR>(target) != nullptr) {
            fail(FAISSNET_UNSUPPORTED, "this index type numbers its vectors itself and stores no ids: wrap it as \"IDMap,...\"");
        }
        if (n > 0) {
            require_bearable(*index, n, x);
            GraphBuild graph(target, n);
            StoredAdd stored(target);
            index->content_changed();
            drop_array_direct_map(target);
            target.add_with_ids(n, x, ids);
            graph.succeeded();
            stored.finish();
        }
    });
}

faissnet_status faissnet_index_reset(faissnet_index* index) {
    return guard([&] {
        auto& target = open(index);
        require_writable(target);
        index->content_changed();
        target.reset();
    });
}

faissnet_status faissnet_index_remove_ids(faissnet_index* index, const faissnet_selector* selector, int64_t* removed) {
    return guard([&] {
        auto& target = open(index);
        auto chosen = make_selector(selector);
        require(removed != nullptr, "removed must not be NULL");
        if (!kFastScanRemoves && find_inside<faiss::IndexIVFFastScan>(target) != nullptr) {
            fail(FAISSNET_UNSUPPORTED, "FAISS %d.%d cannot remove from fast-scan indexes", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR);
        }
        if (auto map = find_inside<faiss::IndexIDMap>(target); map != nullptr && !renumbers(*map->index)) {
            fail(FAISSNET_UNSUPPORTED, "removal is not supported by an IDMap over this index type; IVF indexes store ids themselves, without IDMap");
        }

        require_writable(target);
        index->content_changed();
        drop_array_direct_map(target);
        // A hash direct map can only be followed for ids that are listed one by one.
        if (auto ivf = find_inside<faiss::IndexIVF>(target); ivf != nullptr && !ivf->direct_map.no()) {
            if (selector->kind == FAISSNET_SELECT_IDS) {
                chosen = std::make_unique<faiss::IDSelectorArray>(selector->count, selector->ids);
            } else {
                ivf->set_direct_map_type(faiss::DirectMap::NoMap);
            }
        }
        *removed = static_cast<int64_t>(target.remove_ids(*chosen));
    });
}
