// Shards and replicas: indexes side by side.
#pragma once

#include <exception>
#include <functional>
#include <vector>

#include <faiss/impl/AuxIndexStructures.h>

#include "handle.hpp"
#include "parts.hpp"

namespace faissnet {

// One of several and the id of its first vector; 0 where ids are their own.
struct Member {
    faiss::Index* index;
    int64_t first_id;
};

// In order; of an index that is neither shards nor replicas nothing.
std::vector<Member> members_of(const faiss::Index& index);

// Of replicas one answers for all.
std::vector<Member> members_to_ask(const faiss::Index& index);

// What find() says of each member, put together: FAISS's own merge takes every metric but L2 for a similarity, and its shards hand no
// parameters on.
void search_members(
        const faiss::Index& index, int64_t n, int64_t k,
        const std::function<void(const Member&, int64_t k, float* distances, int64_t* labels)>& find, float* distances, int64_t* labels);
void range_search_members(
        const faiss::Index& index, int64_t n, const std::function<void(const Member&, faiss::RangeSearchResult& hits)>& find,
        faiss::RangeSearchResult& hits);

} // namespace faissnet
