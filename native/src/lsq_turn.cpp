#include "lsq_turn.hpp"

#include <algorithm>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexAdditiveQuantizerFastScan.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFAdditiveQuantizerFastScan.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexRefine.h>
#include <faiss/impl/LocalSearchQuantizer.h>
#include <faiss/impl/ProductAdditiveQuantizer.h>

#include "handle.hpp"

namespace faissnet {
namespace {

std::mutex turn;

bool searches_locally(const faiss::AdditiveQuantizer* quantizer) {
    auto product = dynamic_cast<const faiss::ProductAdditiveQuantizer*>(quantizer);
    return dynamic_cast<const faiss::LocalSearchQuantizer*>(quantizer) != nullptr ||
            (product != nullptr && std::any_of(product->quantizers.begin(), product->quantizers.end(), searches_locally));
}

const faiss::AdditiveQuantizer* quantizer_of(const faiss::Index& index) {
    if (auto flat = dynamic_cast<const faiss::IndexAdditiveQuantizer*>(&index)) {
        return flat->aq;
    }
    if (auto fast = dynamic_cast<const faiss::IndexAdditiveQuantizerFastScan*>(&index)) {
        return fast->aq;
    }
    if (auto ivf = dynamic_cast<const faiss::IndexIVFAdditiveQuantizer*>(&index)) {
        return ivf->aq;
    }
    if (auto fast = dynamic_cast<const faiss::IndexIVFAdditiveQuantizerFastScan*>(&index)) {
        return fast->aq;
    }
    if (auto coarse = dynamic_cast<const faiss::LocalSearchCoarseQuantizer*>(&index)) {
        return &coarse->lsq;
    }
    return nullptr;
}

bool holds_one(const faiss::Index* index) {
    for (; index != nullptr; index = unwrap_once(*index)) {
        auto ivf = dynamic_cast<const faiss::IndexIVF*>(index);
        auto refine = dynamic_cast<const faiss::IndexRefine*>(index);
        if (searches_locally(quantizer_of(*index)) || (ivf != nullptr && holds_one(ivf->quantizer)) || (refine != nullptr && holds_one(refine->refine_index))) {
            return true;
        }
    }
    return false;
}

} // namespace

LsqTurn::LsqTurn(const faiss::Index& index) {
    if (holds_one(&index)) {
        lock_ = std::unique_lock<std::mutex>(turn);
    }
}

} // namespace faissnet
