#include "handle.hpp"

#include <algorithm>

#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexNNDescent.h>

#include "parts.hpp"
#include "shared_scan.hpp"

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

void require_whole(const faissnet_index* index, const char* name) {
    if (index == nullptr) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s must not be NULL", name);
    }
    if (index->family->root.get() != index->index) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s is a part of another index already: expected one of its own, such as a clone", name);
    }
    if (index->family->viewers != 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "the lists of %s are shown by a view, which has to be freed first", name);
    }
}

std::unique_ptr<faissnet_index> make_handle(faiss::Index& index) {
    auto handle = std::make_unique<faissnet_index>();
    handle->index = &index;
    handle->refine = find_inside<faiss::IndexRefine>(index);
    handle->keeps_one_back = find_inside<faiss::IndexNNDescent>(index) != nullptr;
    handle->composed = is_composed(index);
    handle->scanned = scanned_in_whole(index);
    auto ivf = find_inside<faiss::IndexIVF>(index);
    handle->flat = ivf != nullptr ? find_inside<faiss::IndexFlat>(*ivf->quantizer) : find_inside<faiss::IndexFlat>(index);
    return handle;
}

void take_over(faissnet_index& part, const std::shared_ptr<Family>& whole) noexcept {
    part.family->root.release();
    part.family->taken_over = whole;
}

void hand_over(
        std::unique_ptr<faiss::Index> made, const std::vector<faissnet_index*>& parts, const std::function<void()>& own, faissnet_index** out) {
    require(out != nullptr, "the out-parameter for the index must not be NULL");
    auto handle = make_handle(*made);
    handle->family = std::make_shared<Family>();
    if (auto fast = find_inside<faiss::IndexIVFPQFastScan>(*made)) {
        own_fine_quantizer(*fast, 0);
    }
    limit_probes(*made);
    if (own) {
        own();
    }
    for (auto part : parts) {
        take_over(*part, handle->family);
    }
    handle->family->root = std::move(made);
    *out = handle.release();
}

void hand_over(std::unique_ptr<faiss::Index> made, faissnet_index** out) {
    hand_over(std::move(made), {}, nullptr, out);
}

} // namespace faissnet
