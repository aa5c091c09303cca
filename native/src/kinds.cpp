#include "kinds.hpp"

#include <typeindex>
#include <unordered_map>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexLSH.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexScalarQuantizer.h>

#include "guard.hpp"

namespace faissnet {

// By the exact type: subclasses (IVFFlatDedup, 2-level HNSW) store something else and are not what they derive from to the caller.
int32_t kind_of(const faiss::Index& index) {
    static const std::unordered_map<std::type_index, int32_t> kinds{
            {typeid(faiss::IndexFlat), FAISSNET_KIND_FLAT},
            {typeid(faiss::IndexFlatL2), FAISSNET_KIND_FLAT},
            {typeid(faiss::IndexFlatIP), FAISSNET_KIND_FLAT},
            {typeid(faiss::IndexIVFFlat), FAISSNET_KIND_IVF_FLAT},
            {typeid(faiss::IndexIVFPQ), FAISSNET_KIND_IVF_PQ},
            {typeid(faiss::IndexIVFPQFastScan), FAISSNET_KIND_IVF_PQ_FAST_SCAN},
            {typeid(faiss::IndexIVFScalarQuantizer), FAISSNET_KIND_IVF_SCALAR_QUANTIZER},
            {typeid(faiss::IndexIVFResidualQuantizer), FAISSNET_KIND_IVF_RESIDUAL_QUANTIZER},
            {typeid(faiss::IndexIVFLocalSearchQuantizer), FAISSNET_KIND_IVF_LOCAL_SEARCH_QUANTIZER},
            {typeid(faiss::IndexIVFProductResidualQuantizer), FAISSNET_KIND_IVF_PRODUCT_RESIDUAL_QUANTIZER},
            {typeid(faiss::IndexIVFProductLocalSearchQuantizer), FAISSNET_KIND_IVF_PRODUCT_LOCAL_SEARCH_QUANTIZER},
            {typeid(faiss::IndexIVFPQR), FAISSNET_KIND_IVF_PQR},
            {typeid(faiss::IndexPQ), FAISSNET_KIND_PQ},
            {typeid(faiss::IndexPQFastScan), FAISSNET_KIND_PQ_FAST_SCAN},
            {typeid(faiss::IndexScalarQuantizer), FAISSNET_KIND_SCALAR_QUANTIZER},
            {typeid(faiss::IndexResidualQuantizer), FAISSNET_KIND_RESIDUAL_QUANTIZER},
            {typeid(faiss::IndexLocalSearchQuantizer), FAISSNET_KIND_LOCAL_SEARCH_QUANTIZER},
            {typeid(faiss::IndexProductResidualQuantizer), FAISSNET_KIND_PRODUCT_RESIDUAL_QUANTIZER},
            {typeid(faiss::IndexProductLocalSearchQuantizer), FAISSNET_KIND_PRODUCT_LOCAL_SEARCH_QUANTIZER},
            {typeid(faiss::IndexLSH), FAISSNET_KIND_LSH},
            {typeid(faiss::IndexHNSWFlat), FAISSNET_KIND_HNSW_FLAT},
            {typeid(faiss::IndexHNSWSQ), FAISSNET_KIND_HNSW_SQ},
            {typeid(faiss::IndexHNSWPQ), FAISSNET_KIND_HNSW_PQ},
            {typeid(faiss::IndexPreTransform), FAISSNET_KIND_PRE_TRANSFORM},
            {typeid(faiss::IndexIDMap), FAISSNET_KIND_ID_MAP},
            {typeid(faiss::IndexIDMap2), FAISSNET_KIND_ID_MAP2},
            {typeid(faiss::IndexRefineFlat), FAISSNET_KIND_REFINE_FLAT},
            {typeid(faiss::IndexShards), FAISSNET_KIND_SHARDS},
            {typeid(faiss::IndexReplicas), FAISSNET_KIND_REPLICAS},
    };
    // The factory makes an IndexRefine of ",RFlat", which comes back from a file as an IndexRefineFlat.
    if (typeid(index) == typeid(faiss::IndexRefine)) {
        const auto& refine = static_cast<const faiss::IndexRefine&>(index);
        return dynamic_cast<const faiss::IndexFlat*>(refine.refine_index) != nullptr ? FAISSNET_KIND_REFINE_FLAT : FAISSNET_KIND_REFINE;
    }
    const auto found = kinds.find(typeid(index));
    return found != kinds.end()    ? found->second
            : is_rabitq(index)     ? FAISSNET_KIND_RABITQ
            : is_ivf_rabitq(index) ? FAISSNET_KIND_IVF_RABITQ
                                   : FAISSNET_KIND_OTHER;
}

} // namespace faissnet
