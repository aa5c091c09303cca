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

using Slots = std::vector<faiss::AdditiveQuantizer**>;

// Where an index has its own; nullptr if it has none.
faiss::AdditiveQuantizer** slot_of(faiss::Index& index) {
    if (auto flat = dynamic_cast<faiss::IndexAdditiveQuantizer*>(&index)) {
        return &flat->aq;
    }
    if (auto fast = dynamic_cast<faiss::IndexAdditiveQuantizerFastScan*>(&index)) {
        return &fast->aq;
    }
    if (auto ivf = dynamic_cast<faiss::IndexIVFAdditiveQuantizer*>(&index)) {
        return &ivf->aq;
    }
    if (auto fast = dynamic_cast<faiss::IndexIVFAdditiveQuantizerFastScan*>(&index)) {
        return &fast->aq;
    }
    if (auto coarse = dynamic_cast<faiss::AdditiveCoarseQuantizer*>(&index)) {
        return &coarse->aq;
    }
    return nullptr;
}

void collect(faiss::AdditiveQuantizer** slot, Slots& found) {
    if (slot == nullptr || *slot == nullptr) {
        return;
    }
    found.push_back(slot);
    if (auto product = dynamic_cast<faiss::ProductAdditiveQuantizer*>(*slot)) {
        for (auto& part : product->quantizers) {
            collect(&part, found);
        }
    }
}

void collect(faiss::Index* index, bool coarse, Slots& found) {
    if (index == nullptr) {
        return;
    }
    if (auto ivf = coarse ? dynamic_cast<faiss::IndexIVF*>(index) : nullptr) {
        collect(ivf->quantizer, coarse, found);
    }
    collect(slot_of(*index), found);
    collect(const_cast<faiss::Index*>(unwrap_once(*index)), coarse, found);
    if (auto refine = dynamic_cast<faiss::IndexRefine*>(index)) {
        collect(refine->refine_index, coarse, found);
    }
}

std::vector<faiss::AdditiveQuantizer*> quantizers_in(const Slots& slots) {
    std::vector<faiss::AdditiveQuantizer*> quantizers;
    for (auto slot : slots) {
        quantizers.push_back(*slot);
    }
    return quantizers;
}

} // namespace

std::vector<faiss::AdditiveQuantizer*> own_additive_quantizers(faiss::Index& index) {
    Slots found;
    collect(slot_of(index), found);
    return quantizers_in(found);
}

std::vector<faiss::AdditiveQuantizer*> code_quantizers(faiss::Index& index) {
    Slots found;
    collect(&index, false, found);
    return quantizers_in(found);
}

std::vector<faiss::AdditiveQuantizer**> additive_quantizer_slots(faiss::Index& index) {
    Slots found;
    collect(&index, true, found);
    return found;
}

std::vector<faiss::AdditiveQuantizer*> additive_quantizers(faiss::Index& index) {
    return quantizers_in(additive_quantizer_slots(index));
}

} // namespace faissnet
