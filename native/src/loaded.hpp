// What FAISS's reader leaves wrong.
#pragma once

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/VectorTransform.h>

#include "parts.hpp"

namespace faissnet {

// Residual quantizers, alone or a product of them.
inline bool sums_residuals(const faiss::AdditiveQuantizer& quantizer) {
    auto product = dynamic_cast<const faiss::ProductAdditiveQuantizer*>(&quantizer);
    return dynamic_cast<const faiss::ResidualQuantizer*>(&quantizer) != nullptr ||
            (product != nullptr && !product->quantizers.empty() && sums_residuals(*product->quantizers[0]));
}

// FAISS computes tables of the codebooks of a residual quantizer that it reads, also where there are none, which ends the process.
inline void require_readable(const faiss::Index& index) {
    auto flat = dynamic_cast<const faiss::IndexAdditiveQuantizer*>(&index);
    auto ivf = dynamic_cast<const faiss::IndexIVFAdditiveQuantizer*>(&index);
    auto quantizer = flat != nullptr ? flat->aq : ivf != nullptr ? ivf->aq : nullptr;
    if (quantizer != nullptr && !index.is_trained && sums_residuals(*quantizer)) {
        fail(FAISSNET_UNSUPPORTED, "FAISS cannot read a residual quantizer that is not trained, so it is neither saved nor copied: train it first");
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
