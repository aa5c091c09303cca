// What FAISS's reader leaves wrong.
#pragma once

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexAdditiveQuantizerFastScan.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFAdditiveQuantizerFastScan.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/ProductAdditiveQuantizer.h>
#include <faiss/impl/ResidualQuantizer.h>

#include "parts.hpp"
#include "version.hpp"

namespace faissnet {

// The additive quantizer of an index, or nullptr.
template <typename... Types>
const faiss::AdditiveQuantizer* additive_of_any(const faiss::Index& index) {
    const faiss::AdditiveQuantizer* found = nullptr;
    const auto look = [&](auto* typed) { found = typed != nullptr ? typed->aq : found; };
    (look(dynamic_cast<const Types*>(&index)), ...);
    return found;
}
inline const faiss::AdditiveQuantizer* additive_of(const faiss::Index& index) {
    return additive_of_any<
            faiss::IndexAdditiveQuantizer, faiss::AdditiveCoarseQuantizer, faiss::IndexIVFAdditiveQuantizer,
            faiss::IndexAdditiveQuantizerFastScan, faiss::IndexIVFAdditiveQuantizerFastScan>(index);
}

// FAISS computes tables of the codebooks of a residual quantizer that it reads, also where there are none, which ends the process. Newer FAISS
// refuses what else has nothing in it yet.
inline void require_readable(const faiss::Index& index) {
    auto additive = additive_of(index);
    const bool residual = dynamic_cast<const faiss::ResidualQuantizer*>(additive) != nullptr ||
            dynamic_cast<const faiss::ProductResidualQuantizer*>(additive) != nullptr;
    if (additive != nullptr && !index.is_trained && (residual || !kReadsTheUntrained)) {
        fail(FAISSNET_UNSUPPORTED, "FAISS cannot read such a quantizer that is not trained, so it is neither saved nor copied: train it first");
    }
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index); chain != nullptr && !kReadsTheUntrained) {
        for (auto transform : chain->chain) {
            if (dynamic_cast<const faiss::ITQTransform*>(transform) != nullptr && !transform->is_trained) {
                fail(FAISSNET_UNSUPPORTED, "FAISS cannot read an ITQ transform that is not trained, so it is neither saved nor copied: train it first");
            }
        }
    }
    if (dynamic_cast<const faiss::IndexIVFPQR*>(&index) != nullptr && !index.is_trained) {
        fail(FAISSNET_UNSUPPORTED, "FAISS leaves out the second quantizer of an IVFPQR that is not trained, so it is neither saved, loaded nor copied: train it first");
    }
    for (const auto& part : parts_of(index)) {
        require_readable(*part.index);
    }
}

// FAISS asks whether a matrix is orthonormal before it has read the matrix's size, and so believes it of every one: a whitening PCA, which
// cannot be undone by its transpose, would be, and give other vectors. Matrices with more rows than columns FAISS never asks about.
inline void settle_loaded(faiss::Index& index) {
    if (auto chain = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        for (auto transform : chain->chain) {
            auto linear = dynamic_cast<faiss::LinearTransform*>(transform);
            const bool whole = linear != nullptr && linear->d_out > 0 && linear->d_out <= linear->d_in &&
                    linear->A.size() >= static_cast<size_t>(linear->d_in) * static_cast<size_t>(linear->d_out);
            if (whole) {
                linear->set_is_orthonormal();
            }
        }
        if (chain->index != nullptr) {
            settle_loaded(*chain->index);
        }
    } else if (auto map = dynamic_cast<faiss::IndexIDMap*>(&index)) {
        if (map->index != nullptr) {
            settle_loaded(*map->index);
        }
    } else if (auto refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        for (auto part : {refine->base_index, refine->refine_index}) {
            if (part != nullptr) {
                settle_loaded(*part);
            }
        }
    } else if (auto ivf = dynamic_cast<faiss::IndexIVF*>(&index); ivf != nullptr && ivf->quantizer != nullptr) {
        // Files do not say how the centroids are learnt; a graph of them is made once they are.
        if (dynamic_cast<faiss::IndexHNSW*>(ivf->quantizer) != nullptr && ivf->quantizer_trains_alone == 0) {
            ivf->quantizer_trains_alone = 2;
        }
        settle_loaded(*ivf->quantizer);
    }
}

} // namespace faissnet
