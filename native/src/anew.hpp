// Training anew what is trained already.
#pragma once

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexAdditiveQuantizerFastScan.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexLSH.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/VectorTransform.h>

#include "additive.hpp"
#include "handle.hpp"
#include "transforms.hpp"

namespace faissnet {

inline bool learns(const faiss::VectorTransform& transform) {
    if (dynamic_cast<const GivenTransform*>(&transform) != nullptr) {
        return false;
    }
    return dynamic_cast<const faiss::PCAMatrix*>(&transform) != nullptr ||
            dynamic_cast<const faiss::ITQMatrix*>(&transform) != nullptr ||
            dynamic_cast<const faiss::ITQTransform*>(&transform) != nullptr ||
            dynamic_cast<const faiss::OPQMatrix*>(&transform) != nullptr ||
            dynamic_cast<const faiss::CenteringTransform*>(&transform) != nullptr;
}

inline bool learns(const faiss::Index& index) {
    return dynamic_cast<const faiss::IndexIVF*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexPQ*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexPQFastScan*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexScalarQuantizer*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexAdditiveQuantizer*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexAdditiveQuantizerFastScan*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexLSH*>(&index) != nullptr;
}

// FAISS starts from what it finds: OPQ from the matrix, others from the sum of the components.
inline void forget_learnt(faiss::VectorTransform& transform) {
    transform.is_trained = false;
    if (auto linear = dynamic_cast<faiss::LinearTransform*>(&transform)) {
        linear->A.clear();
    } else if (auto itq = dynamic_cast<faiss::ITQTransform*>(&transform)) {
        itq->mean.clear();
    } else if (auto centering = dynamic_cast<faiss::CenteringTransform*>(&transform)) {
        centering->mean.clear();
    }
    if (auto pca = dynamic_cast<faiss::PCAMatrix*>(&transform)) {
        pca->PCAMat.clear(); // of few vectors the components are added to it, before 1.14
    }
}

// What says that it is trained may train nothing, and ranges of norms that are there already are added to.
inline void forget_codebooks(const std::vector<faiss::AdditiveQuantizer*>& quantizers) {
    for (auto quantizer : quantizers) {
        quantizer->is_trained = false;
        quantizer->qnorm.reset();
    }
}

// FAISS trains only the parts that are not trained yet: a second training would keep the coarse centroids and the
// transforms of the first, and learn codebooks that belong to both. Parts that do not learn stay as they are.
inline void forget_training(faiss::Index& index) {
    if (auto chain = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        for (auto transform : chain->chain) {
            if (learns(*transform)) {
                forget_learnt(*transform);
                chain->is_trained = false;
            }
        }
    }
    if (auto refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        forget_training(*refine->refine_index);
        refine->is_trained = refine->is_trained && refine->refine_index->is_trained;
    }
    if (auto inner = const_cast<faiss::Index*>(unwrap_once(index))) {
        forget_training(*inner);
        index.is_trained = index.is_trained && inner->is_trained;
    } else if (learns(index)) {
        index.is_trained = false;
        forget_codebooks(own_additive_quantizers(index));
        auto ivf = dynamic_cast<faiss::IndexIVF*>(&index);
        if (ivf != nullptr && ivf->quantizer_trains_alone == 1) {
            ivf->quantizer->is_trained = false;
        } else if (ivf != nullptr) {
            ivf->quantizer->reset();
        }
    }
}

} // namespace faissnet
