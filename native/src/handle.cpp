#include "handle.hpp"

#include "stretch.hpp"

#include <algorithm>

#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexNNDescent.h>

namespace faissnet {

std::atomic<int64_t> Counted::live{0};

const faiss::Index* unwrap_once(const faiss::Index& index) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        return map->index;
    }
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        return chain->index;
    }
    if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        return refine->base_index;
    }
    return nullptr;
}

void limit_probes(faiss::Index& index) {
    if (auto fast = find_inside<faiss::IndexIVFFastScan>(index)) {
        fast->nprobe = std::min(fast->nprobe, fast->nlist);
    }
}

void hand_over(std::unique_ptr<faiss::Index> made, faissnet_index** out) {
    require(out != nullptr, "the out-parameter for the index must not be NULL");
    auto handle = std::make_unique<faissnet_index>();
    if (auto fast = find_inside<faiss::IndexIVFPQFastScan>(*made)) {
        own_fine_quantizer(*fast, 0);
    }
    limit_probes(*made);
    handle->refine = find_inside<faiss::IndexRefine>(*made);
    handle->keeps_one_back = find_inside<faiss::IndexNNDescent>(*made) != nullptr;
    handle->longest = longest_input(*made);
    handle->index = std::move(made);
    *out = handle.release();
}

} // namespace faissnet
