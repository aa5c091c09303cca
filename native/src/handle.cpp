#include "handle.hpp"

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

} // namespace faissnet
