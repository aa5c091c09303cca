// Searches of a large flat index: no more of them run at once than there are processors, and those that waited for the same index
// meanwhile are answered together.
#pragma once

#include "handle.hpp"

namespace faissnet {

// What such a search would scan, or nullptr for other types: a flat index by itself or in an IDMap.
const faiss::IndexFlat* scanned_in_whole(const faiss::Index& index);

// One search without parameters; 1 <= n, 1 <= k <= ntotal.
struct FlatSearch {
    int64_t n;
    const float* x;
    int64_t k;
    float* distances;
    int64_t* labels;
    bool exactly_alone;       // never with the queries of others in one matrix product, where the last bit may depend on them
    const int32_t* cancelled; // nonzero once it need not wait any longer, or nullptr
};

// Whether a search for k neighbours of n queries is one that waits its turn.
inline bool takes_turns(const faissnet_index& index, int64_t n, int64_t k) {
    // Smaller ones stay in a cache, whoever searches when. FAISS keeps more neighbours than that in another way than a heap.
    constexpr int64_t kLarge = int64_t(16) << 20;
    constexpr int64_t kMostNeighbours = 99;
    return index.scanned != nullptr && index.scanned->ntotal * index.scanned->d * int64_t(sizeof(float)) >= kLarge &&
            (k <= kMostNeighbours || computes_products(n, index.scanned->d));
}

// What search of the index itself does. Runs no code of the caller's, so that nobody waits for who waits here.
void search_in_turn(const faissnet_index& index, const FlatSearch& search);

} // namespace faissnet
