// What stands behind faissnet_transform, and how an index gets one of its own.
#pragma once

#include <memory>

#include <faiss/VectorTransform.h>

#include "handle.hpp"

struct faissnet_transform : faissnet::Counted {
    std::unique_ptr<faiss::VectorTransform> transform;
};

namespace faissnet {

// Marks a transform that came trained into an index: training that keeps it as it is.
struct GivenTransform {
    virtual ~GivenTransform() = default;
};

// The same transform again, for an index to own; marked if it is trained.
std::unique_ptr<faiss::VectorTransform> copy_for_index(const faissnet_transform* transform);

} // namespace faissnet
