#include <memory>

#include <faiss/IndexFlat.h>

#include "copy.hpp"
#include "handle.hpp"
#include "limits.hpp"

using namespace faissnet;

faissnet_status faissnet_index_flat_new(int32_t d, int32_t metric, faissnet_index** index) {
    return guard([&] {
        require_dimension(d);
        const auto type = require_metric(metric);
        // The named subclasses are what FAISS's own factory and other languages expect to find.
        std::unique_ptr<faiss::Index> made;
        if (type == faiss::METRIC_L2) {
            made = std::make_unique<faiss::IndexFlatL2>(d);
        } else if (type == faiss::METRIC_INNER_PRODUCT) {
            made = std::make_unique<faiss::IndexFlatIP>(d);
        } else {
            made = std::make_unique<faiss::IndexFlat>(d, type);
        }
        hand_over(std::move(made), index);
    });
}

faissnet_status faissnet_index_clone(const faissnet_index* index, faissnet_index** copy) {
    return guard([&] { hand_over(copy_of(open(index)), copy); });
}

void faissnet_index_free(faissnet_index* index) {
    guard([&] { delete index; });
}
