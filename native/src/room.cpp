// Room for more codes where an index keeps them all in one block.
//
// Such a block is moved as it grows. FAISS does that at once, within an add: of gigabytes it takes seconds, in which nothing can be asked. Here the
// codes go over in parts; who stops that leaves the index as it was.

#include <algorithm>
#include <new>
#include <utility>
#include <vector>

#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexRefine.h>
#include <faiss/IndexShards.h>

#include "composed.hpp"
#include "handle.hpp"
#include "interruption.hpp"

namespace faissnet {
namespace {

// What is smaller is moved between two questions anyway.
constexpr size_t kPart = size_t(16) << 20;

// The bytes of an index, unless they are a file's.
[[maybe_unused]] std::vector<uint8_t>* owned(std::vector<uint8_t>& codes) { // of FAISS before 1.12
    return &codes;
}

template <typename MaybeOwned>
std::vector<uint8_t>* owned(MaybeOwned& codes) {
    return codes.is_owned ? &codes.owned_data : nullptr;
}

template <typename Codes>
void replace(Codes& codes, std::vector<uint8_t>&& other) {
    codes = Codes(std::move(other));
}

// Reserves as much as the vector would itself once it is full: twice what it has, or what it needs.
void grow(faiss::IndexFlatCodes& flat, int64_t n, const Interruptible& caller) {
    const auto codes = owned(flat.codes);
    if (codes == nullptr || static_cast<size_t>(n) > (codes->max_size() - codes->size()) / std::max<size_t>(1, flat.code_size)) {
        return;
    }
    const size_t needed = codes->size() + static_cast<size_t>(n) * flat.code_size;
    if (needed < kPart || needed <= codes->capacity()) {
        return;
    }
    std::vector<uint8_t> grown;
    try {
        // Not with questions: pages that no code needs yet stay with the system.
        const Interruptible::Suspended suspended;
        grown.reserve(std::max(needed, 2 * codes->size()));
    } catch (const std::bad_alloc&) {
        return; // the add has the last word: it may need less
    }
    in_pieces(codes->size(), kPart, caller, [&](size_t first, size_t count) {
        const auto from = codes->begin() + static_cast<ptrdiff_t>(first);
        grown.insert(grown.end(), from, from + static_cast<ptrdiff_t>(count));
    });
    replace(flat.codes, std::move(grown));
}

void make_room(faiss::Index& index, int64_t n, const Interruptible& caller) {
    if (is_composed(index)) {
        const auto members = members_of(index);
        const auto share = dynamic_cast<const faiss::IndexShards*>(&index) != nullptr ? static_cast<int64_t>(members.size()) : 1;
        for (const auto& member : members) {
            make_room(*member.index, n / share, caller);
        }
        return;
    }
    if (auto flat = dynamic_cast<faiss::IndexFlatCodes*>(&index)) {
        grow(*flat, n, caller);
    }
    if (auto refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        make_room(*refine->refine_index, n, caller);
    }
    if (auto graph = dynamic_cast<faiss::IndexHNSW*>(&index); graph != nullptr && graph->storage != nullptr) {
        make_room(*graph->storage, n, caller);
    }
    if (auto inner = unwrap_once(index)) {
        make_room(const_cast<faiss::Index&>(*inner), n, caller);
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_make_room(faissnet_index* index, int64_t n, int32_t with_ids, const faissnet_monitor* monitor) {
    return guard([&] {
        auto& target = open(index);
        if (n < 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected n >= 0", static_cast<long long>(n));
        }
        const Interruptible caller(monitor);
        // Without a monitor nothing needs to be asked, and FAISS does it in the add. One that is going to be refused needs no room: what keeps its codes
        // in one block numbers them itself.
        const bool takes_ids = is_composed(target) || find_inside<faiss::IndexIDMap>(target) != nullptr;
        const bool takes_none = is_composed(target) || find_inside<faiss::IndexIDMap>(target) == nullptr;
        if (caller.monitor() != nullptr && (with_ids != 0 ? takes_ids : takes_none)) {
            caller.ask();
            const Change change(*index, Change::kVectors);
            make_room(target, n, caller);
        }
    });
}
