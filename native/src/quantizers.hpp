// The product quantizer of the index types that have one.
#pragma once

#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>

#include "handle.hpp"

namespace faissnet {

inline const faiss::ProductQuantizer* find_pq(const faiss::Index& outer) {
    if (auto ivfpq = find_inside<faiss::IndexIVFPQ>(outer)) {
        return &ivfpq->pq;
    }
    if (auto ivfpq = find_inside<faiss::IndexIVFPQFastScan>(outer)) {
        return &ivfpq->pq;
    }
    if (auto pq = find_inside<faiss::IndexPQ>(outer)) {
        return &pq->pq;
    }
    if (auto pq = find_inside<faiss::IndexPQFastScan>(outer)) {
        return &pq->pq;
    }
    auto hnsw = find_inside<faiss::IndexHNSW>(outer);
    return hnsw != nullptr && hnsw->storage != nullptr ? find_pq(*hnsw->storage) : nullptr;
}

inline faiss::ProductQuantizer* find_pq(faiss::Index& outer) {
    return const_cast<faiss::ProductQuantizer*>(find_pq(static_cast<const faiss::Index&>(outer)));
}

} // namespace faissnet
