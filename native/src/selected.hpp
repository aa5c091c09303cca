// Searches among selected ids at the end of the wrappers, where no IVF is.
#pragma once

#include <limits>

#include <faiss/IndexHNSW.h>
#include <faiss/impl/AuxIndexStructures.h>
#include <faiss/impl/IDSelector.h>

#include "handle.hpp"

namespace faissnet {

inline bool is_similarity(const faiss::Index& index) {
    return index.metric_type == faiss::METRIC_INNER_PRODUCT;
}

inline float worst(const faiss::Index& index) {
    return is_similarity(index) ? -std::numeric_limits<float>::max() : std::numeric_limits<float>::max();
}

// What a search of a graph takes; ef_search 0: as the index is set.
faiss::SearchParametersHNSW for_hnsw(const faiss::IndexHNSW& index, const faiss::IDSelector* selector, int64_t ef_search);

void search_hnsw(
        const faiss::IndexHNSW& index, int64_t n, const float* x, int64_t k,
        const faiss::IDSelector* selector, int64_t ef_search, float* distances, int64_t* labels);

void search_selected(
        const faiss::Index& index, int64_t n, const float* x, int64_t k,
        const faiss::IDSelector& selector, float* distances, int64_t* labels);

void range_search_selected(
        const faiss::Index& index, int64_t n, const float* x, float radius,
        const faiss::IDSelector& selector, faiss::RangeSearchResult& hits);

// Says that this type of index, or this FAISS, searches without selectors.
[[noreturn]] void fail_no_selector();

} // namespace faissnet
