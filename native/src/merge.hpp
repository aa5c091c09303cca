// What two indexes must have in common before the vectors of one may go into the other.
#pragma once

#include "handle.hpp"

namespace faissnet {

[[noreturn]] inline void fail_merge(const char* reason) {
    fail(FAISSNET_INVALID_ARGUMENT, "the two indexes do not fit together: %s", reason);
}

inline void require_same(bool same, const char* reason) {
    if (!same) {
        fail_merge(reason);
    }
}

// Whether ids stay ids when add_id is added to them.
inline void require_shift(const idx_t* ids, size_t count, int64_t add_id) {
    for (size_t i = 0; i < count; i++) {
        if (ids[i] > INT64_MAX - add_id || ids[i] + add_id == -1) {
            fail(FAISSNET_INVALID_ARGUMENT, "add_id is %lld: the id %lld would become no id", static_cast<long long>(add_id),
                 static_cast<long long>(ids[i]));
        }
    }
}

// Whether add_id can be added to what an index of ntotal vectors takes in.
inline void require_add_id(int64_t add_id, bool keeps_ids, int64_t ntotal) {
    if (add_id < 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "add_id is %lld: expected at least 0", static_cast<long long>(add_id));
    }
    if (!keeps_ids && add_id != ntotal) {
        fail(FAISSNET_INVALID_ARGUMENT, "add_id is %lld: this index stores no ids and numbers on, so that only ntotal = %lld fits",
             static_cast<long long>(add_id), static_cast<long long>(ntotal));
    }
}

// Moves what an IDMap holds to another one, of floats or of bits: Map2 is the one that keeps the way back, and move that for what is inside.
template <typename Map2, typename Map, typename Move>
void move_mapped(Map& to, Map& from, int64_t add_id, Move move) {
    to.id_map.reserve(to.id_map.size() + from.id_map.size());
    move(*to.index, *from.index, to.index->ntotal);
    for (const idx_t id : from.id_map) {
        to.id_map.push_back(id + add_id);
    }
    from.id_map.clear();
    for (auto changed : {&to, &from}) {
        changed->ntotal = changed->index->ntotal;
        if (auto two_way = dynamic_cast<Map2*>(changed)) {
            two_way->construct_rev_map();
        }
    }
}

// What require_mergeable asks of IVF indexes of one type, list by list, and of transforms.
void require_same_codes(const faiss::IndexIVF& a, const faiss::IndexIVF& b);
void require_same_centroids(const faiss::IndexIVF& a, int64_t a_first, const faiss::IndexIVF& b, int64_t b_first, int64_t count);
void require_same_chain(const faiss::IndexPreTransform& a, const faiss::IndexPreTransform& b);

// FAISSNET_INVALID_ARGUMENT with the reason, or FAISSNET_UNSUPPORTED for types that cannot merge at all.
void require_mergeable(const faiss::Index& to, const faiss::Index& from, int64_t add_id);

} // namespace faissnet
