// What stands behind faissnet_binary_index: FAISS's indexes over bits, compared by Hamming distance.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <faiss/IndexBinary.h>
#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexBinaryHNSW.h>
#include <faiss/IndexBinaryHash.h>
#include <faiss/IndexBinaryIVF.h>
#include <faiss/IndexIDMap.h>

#include "handle.hpp"

namespace faissnet {

// Where the vector of each id lies, sorted by id.
struct BinaryLocations {
    std::vector<Locations::Place> mapped; // an IDMap's ids; offset is the position in the index that it wraps
    std::vector<Locations::Place> listed; // an IVF's ids
};

} // namespace faissnet

struct faissnet_binary_index : faissnet::Counted {
    std::unique_ptr<faiss::IndexBinary> index;
    std::unique_ptr<faissnet_index> base; // the index over floats in an IndexBinaryFromFloat, which is all that it has

    // Built by the first reconstruction that needs it, as in faissnet_index.
    mutable std::mutex locations_mutex;
    mutable std::unique_ptr<faissnet::BinaryLocations> locations;

    void content_changed() noexcept {
        locations.reset();
    }
};

namespace faissnet {

inline faiss::IndexBinary& open(faissnet_binary_index* index) {
    require(index != nullptr, "index must not be NULL");
    return *index->index;
}

inline const faiss::IndexBinary& open(const faissnet_binary_index* index) {
    require(index != nullptr, "index must not be NULL");
    return *index->index;
}

void hand_over(std::unique_ptr<faiss::IndexBinary> made, faissnet_binary_index** out);

// Links between vectors are 32-bit integers.
constexpr int64_t kMaxGraph = INT32_MAX;

inline void require_codes(const faiss::IndexBinary& index, int64_t n, const void* x) {
    if (n < 0 || (n > 0 && x == nullptr)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected n >= 0 and n * d / 8 bytes behind x", static_cast<long long>(n));
    }
    if (n > INT64_MAX / 64 / index.code_size) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: n * d / 8 does not fit into memory", static_cast<long long>(n));
    }
}

inline const faiss::IndexBinary& inside(const faiss::IndexBinary& index) {
    auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&index);
    return map != nullptr ? *map->index : index;
}

template <typename T>
const T* find_inside(const faiss::IndexBinary& index) {
    return dynamic_cast<const T*>(&inside(index));
}

template <typename T>
T* find_inside(faiss::IndexBinary& index) {
    return const_cast<T*>(find_inside<T>(static_cast<const faiss::IndexBinary&>(index)));
}

// The hashing indexes read their hash as a whole 64-bit word, and so beyond the last vectors of the caller's memory. They
// get those from a copy with room behind them: call receives the first vector, the number of vectors and where they are.
template <typename Call>
void with_room_behind(const faiss::IndexBinary& index, int64_t n, const uint8_t* x, Call call) {
    const size_t size = index.code_size;
    const bool reads_words = find_inside<faiss::IndexBinaryHash>(index) != nullptr || find_inside<faiss::IndexBinaryMultiHash>(index) != nullptr;
    const int64_t last = !reads_words ? 0 : std::min<int64_t>(n, static_cast<int64_t>((sizeof(uint64_t) + size - 1) / size));
    if (n > last) {
        call(int64_t(0), n - last, x);
    }
    if (last > 0) {
        std::vector<uint8_t> copy(last * size + sizeof(uint64_t));
        std::copy_n(x + (n - last) * size, last * size, copy.data());
        call(n - last, last, copy.data());
    }
}

} // namespace faissnet
