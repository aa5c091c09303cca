#include "packed.hpp"

#include <algorithm>
#include <vector>

#include <faiss/impl/IDSelector.h>
#include <faiss/invlists/BlockInvertedLists.h>

namespace faissnet {
namespace {

constexpr size_t kStripe = 32; // vectors whose codes lie together

template <typename FastScan>
PackedCodes layout(const FastScan& index) {
    return PackedCodes(index.bbs, index.M2);
}

faiss::BlockInvertedLists& blocks_of(const faiss::IndexIVFFastScan& index) {
    return dynamic_cast<faiss::BlockInvertedLists&>(*index.invlists);
}

void resize(faiss::IndexFastScan& index, const PackedCodes& packed, size_t count) {
    const size_t before = index.codes.size(), bytes = packed.bytes(count);
    index.codes.resize(bytes);
    if (bytes > before) {
        std::fill_n(index.codes.get() + before, bytes - before, uint8_t(0));
    }
    index.ntotal = static_cast<int64_t>(count);
    index.ntotal2 = bytes / packed.code_size();
}

} // namespace

PackedCodes::Place PackedCodes::place(size_t number) const {
    const size_t inside = number % block_, lane = inside % 16;
    return {number / block_ * block_ * code_size() + inside / kStripe * kStripe + (lane < 8 ? 2 * lane : 2 * (lane - 8) + 1),
            inside % kStripe < 16 ? 0 : 4};
}

void PackedCodes::get(const uint8_t* blocks, size_t number, uint8_t* code) const {
    const auto [byte, shift] = place(number);
    for (size_t i = 0; i < code_size(); i++) {
        const uint8_t* stripe = blocks + byte + i * block_;
        code[i] = static_cast<uint8_t>((stripe[0] >> shift & 15) | (stripe[16] >> shift & 15) << 4);
    }
}

void PackedCodes::set(uint8_t* blocks, size_t number, const uint8_t* code) const {
    const auto [byte, shift] = place(number);
    const int other = 15 << (4 - shift);
    for (size_t i = 0; i < code_size(); i++) {
        uint8_t* stripe = blocks + byte + i * block_;
        stripe[0] = static_cast<uint8_t>((stripe[0] & other) | (code[i] & 15) << shift);
        stripe[16] = static_cast<uint8_t>((stripe[16] & other) | (code[i] >> 4) << shift);
    }
}

void PackedCodes::clear_behind(uint8_t* blocks, size_t count) const {
    const std::vector<uint8_t> nothing(code_size());
    for (const size_t end = (count + block_ - 1) / block_ * block_; count < end; count++) {
        set(blocks, count, nothing.data());
    }
}

bool is_packed(const faiss::IndexFastScan& index) {
    const auto packed = layout(index);
    return index.code_size == packed.code_size() && index.codes.size() == packed.bytes(index.ntotal);
}

bool is_packed(const faiss::IndexIVFFastScan& index) {
    const auto packed = layout(index);
    auto lists = dynamic_cast<const faiss::BlockInvertedLists*>(index.invlists);
    return lists != nullptr && index.code_size == packed.code_size() && lists->n_per_block == static_cast<size_t>(index.bbs) &&
            lists->block_size == packed.bytes(1);
}

size_t remove_packed(faiss::IndexFastScan& index, const faiss::IDSelector& selector) {
    const auto packed = layout(index);
    std::vector<uint8_t> code(packed.code_size());
    size_t kept = 0;
    for (int64_t i = 0; i < index.ntotal; i++) {
        if (selector.is_member(i)) {
            continue;
        }
        if (static_cast<size_t>(i) > kept) {
            packed.get(index.codes.get(), i, code.data());
            packed.set(index.codes.get(), kept, code.data());
        }
        kept++;
    }
    const size_t removed = static_cast<size_t>(index.ntotal) - kept;
    if (removed > 0) {
        resize(index, packed, kept);
        packed.clear_behind(index.codes.get(), kept);
    }
    return removed;
}

size_t remove_packed(faiss::IndexIVFFastScan& index, const faiss::IDSelector& selector) {
    const auto packed = layout(index);
    auto& lists = blocks_of(index);
    std::vector<uint8_t> code(packed.code_size());
    size_t removed = 0;
    for (size_t list = 0; list < lists.nlist; list++) {
        auto& ids = lists.ids[list];
        size_t size = ids.size();
        for (size_t i = 0; i < size;) {
            if (!selector.is_member(ids[i])) {
                i++;
                continue;
            }
            // As in lists without blocks, the last one takes the place.
            size--;
            ids[i] = ids[size];
            packed.get(lists.codes[list].get(), size, code.data());
            packed.set(lists.codes[list].get(), i, code.data());
        }
        if (const size_t before = ids.size(); size < before) {
            lists.resize(list, size);
            packed.clear_behind(lists.codes[list].get(), size);
            removed += before - size;
        }
    }
    index.ntotal -= static_cast<int64_t>(removed);
    return removed;
}

void move_packed(faiss::IndexFastScan& to, faiss::IndexFastScan& from) {
    const auto packed = layout(to), other = layout(from);
    std::vector<uint8_t> code(packed.code_size());
    const auto before = to.ntotal;
    resize(to, packed, before + from.ntotal);
    for (int64_t i = 0; i < from.ntotal; i++) {
        other.get(from.codes.get(), i, code.data());
        packed.set(to.codes.get(), before + i, code.data());
    }
    resize(from, other, 0);
}

void move_packed(faiss::IndexIVFFastScan& to, faiss::IndexIVFFastScan& from, int64_t add_id) {
    const auto packed = layout(to), other = layout(from);
    auto &lists = blocks_of(to), &others = blocks_of(from);
    std::vector<uint8_t> code(packed.code_size());
    for (size_t list = 0; list < lists.nlist; list++) {
        const size_t before = lists.list_size(list), count = others.list_size(list);
        if (count == 0) {
            continue;
        }
        lists.resize(list, before + count);
        for (size_t i = 0; i < count; i++) {
            lists.ids[list][before + i] = others.ids[list][i] + add_id;
            other.get(others.codes[list].get(), i, code.data());
            packed.set(lists.codes[list].get(), before + i, code.data());
        }
        to.ntotal += static_cast<int64_t>(count);
        others.resize(list, 0);
        from.ntotal -= static_cast<int64_t>(count);
    }
}

void add_packed(faiss::IndexPQFastScan& index, int64_t n, const uint8_t* codes) {
    const auto packed = layout(index);
    const auto before = index.ntotal;
    resize(index, packed, before + n);
    for (int64_t i = 0; i < n; i++) {
        packed.set(index.codes.get(), before + i, codes + i * packed.code_size());
    }
}

void add_packed(faiss::IndexIVFPQFastScan& index, int64_t n, const uint8_t* codes, const idx_t* ids) {
    const auto packed = layout(index);
    auto& lists = blocks_of(index);
    const size_t coarse = index.coarse_code_size(), size = coarse + packed.code_size();
    for (int64_t i = 0; i < n; i++) {
        const auto list = static_cast<size_t>(index.decode_listno(codes + i * size));
        const size_t at = lists.list_size(list);
        lists.resize(list, at + 1);
        lists.ids[list][at] = ids != nullptr ? ids[i] : index.ntotal;
        packed.set(lists.codes[list].get(), at, codes + i * size + coarse);
        index.ntotal++;
    }
}

void read_packed(const faiss::IndexIVFFastScan& index, int64_t list, int64_t offset, uint8_t* code) {
    layout(index).get(blocks_of(index).codes[list].get(), offset, code);
}

void reconstruct_packed(const faiss::IndexPQFastScan& index, int64_t number, float* vector) {
    const auto packed = layout(index);
    std::vector<uint8_t> code(packed.code_size());
    packed.get(index.codes.get(), number, code.data());
    index.pq.decode(code.data(), vector);
}

void reconstruct_packed(const faiss::IndexIVFPQFastScan& index, int64_t list, int64_t offset, float* vector) {
    std::vector<uint8_t> code(layout(index).code_size());
    read_packed(index, list, offset, code.data());
    index.pq.decode(code.data(), vector);
    if (index.by_residual) {
        std::vector<float> centroid(index.d);
        index.quantizer->reconstruct(list, centroid.data());
        for (int j = 0; j < index.d; j++) {
            vector[j] += centroid[j];
        }
    }
}

} // namespace faissnet
