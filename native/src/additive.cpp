#include "additive.hpp"

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexAdditiveQuantizerFastScan.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFAdditiveQuantizerFastScan.h>
#include <faiss/IndexRefine.h>
#include <faiss/impl/ProductAdditiveQuantizer.h>

#include "handle.hpp"

namespace faissnet {
namespace {

faiss::AdditiveQuantizer* quantizer_of(faiss::Index& index) {
    if (auto flat = dynamic_cast<faiss::IndexAdditiveQuantizer*>(&index)) {
        return flat->aq;
    }
    if (auto fast = dynamic_cast<faiss::IndexAdditiveQuantizerFastScan*>(&index)) {
        return fast->aq;
    }
    if (auto ivf = dynamic_cast<faiss::IndexIVFAdditiveQuantizer*>(&index)) {
        return ivf->aq;
    }
    if (auto fast = dynamic_cast<faiss::IndexIVFAdditiveQuantizerFastScan*>(&index)) {
        return fast->aq;
    }
    if (auto coarse = dynamic_cast<faiss::LocalSearchCoarseQuantizer*>(&index)) {
        return &coarse->lsq;
    }
    if (auto coarse = dynamic_cast<faiss::ResidualCoarseQuantizer*>(&index)) {
        return &coarse->rq;
    }
    return nullptr;
}

void collect(faiss::AdditiveQuantizer* quantizer, std::vector<faiss::AdditiveQuantizer*>& found) {
    if (quantizer != nullptr) {
        found.push_back(quantizer);
    }
    if (auto product = dynamic_cast<faiss::ProductAdditiveQuantizer*>(quantizer)) {
        for (auto part : product->quantizers) {
            collect(part, found);
        }
    }
}

void collect(faiss::Index* index, bool coarse, std::vector<faiss::AdditiveQuantizer*>& found) {
    if (index == nullptr) {
        return;
    }
    if (auto ivf = coarse ? dynamic_cast<faiss::IndexIVF*>(index) : nullptr) {
        collect(ivf->quantizer, coarse, found);
    }
    collect(quantizer_of(*index), found);
    collect(const_cast<faiss::Index*>(unwrap_once(*index)), coarse, found);
    if (auto refine = dynamic_cast<faiss::IndexRefine*>(index)) {
        collect(refine->refine_index, coarse, found);
    }
}

} // namespace

std::vector<faiss::AdditiveQuantizer*> own_additive_quantizers(faiss::Index& index) {
    std::vector<faiss::AdditiveQuantizer*> found;
    collect(quantizer_of(index), found);
    return found;
}

std::vector<faiss::AdditiveQuantizer*> code_quantizers(faiss::Index& index) {
    std::vector<faiss::AdditiveQuantizer*> found;
    collect(&index, false, found);
    return found;
}

std::vector<faiss::AdditiveQuantizer*> additive_quantizers(faiss::Index& index) {
    std::vector<faiss::AdditiveQuantizer*> found;
    collect(&index, true, found);
    return found;
}

} // namespace faissnet
