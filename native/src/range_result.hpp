// What stands behind faissnet_range_result.
#pragma once

#include <vector>

#include <faiss/impl/AuxIndexStructures.h>

#include "handle.hpp"

struct faissnet_range_result : faissnet::Counted {
    explicit faissnet_range_result(int64_t n) : hits(n) {}
    faiss::RangeSearchResult hits;
    std::vector<int64_t> limits; // FAISS counts in size_t
};
