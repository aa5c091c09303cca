#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/impl/HNSW.h>

#include "guard.hpp"
#include "version.hpp"

using namespace faissnet;

faissnet_status faissnet_get_statistics(faissnet_statistics* statistics) {
    return guard([&] {
        require(statistics != nullptr, "statistics must not be NULL");
        const auto& ivf = faiss::indexIVF_stats;
        const auto& pq = faiss::indexIVFPQ_stats;
        const auto& hnsw = faiss::hnsw_stats;
        statistics->ivf_queries = static_cast<int64_t>(ivf.nq);
        statistics->ivf_lists = static_cast<int64_t>(ivf.nlist);
        statistics->ivf_distances = static_cast<int64_t>(ivf.ndis);
        statistics->ivf_heap_updates = static_cast<int64_t>(ivf.nheap_updates);
        statistics->ivf_quantization_ms = ivf.quantization_time;
        statistics->ivf_search_ms = ivf.search_time;
        statistics->ivfpq_refined = static_cast<int64_t>(pq.nrefine);
        statistics->ivfpq_hamming_passed = static_cast<int64_t>(pq.n_hamming_pass);
        statistics->ivfpq_search_cycles = static_cast<int64_t>(pq.search_cycles);
        statistics->ivfpq_refine_cycles = static_cast<int64_t>(pq.refine_cycles);
        statistics->hnsw_queries = static_cast<int64_t>(hnsw.n1);
        statistics->hnsw_exhausted = static_cast<int64_t>(hnsw.n2);
        statistics->hnsw_distances = distances_of(hnsw, 0);
        statistics->hnsw_hops = hops_of(hnsw, 0);
    });
}

faissnet_status faissnet_reset_statistics(void) {
    return guard([] {
        faiss::indexIVF_stats.reset();
        faiss::indexIVFPQ_stats.reset();
        faiss::hnsw_stats.reset();
    });
}
