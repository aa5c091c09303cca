// The vectors after an IndexPreTransform's chain: their own memory, or the input if the chain is empty.
#pragma once

#include <memory>

#include <faiss/IndexPreTransform.h>

#include "version.hpp"

namespace faissnet {

class Transformed {
   public:
    Transformed(const faiss::IndexPreTransform& chain, int64_t n, const float* x) : x_(chain.apply_chain(n, x)), owned_(x_ != x ? x_ : nullptr) {}
    const float* data() const {
        return x_;
    }

   private:
    const float* x_;
    std::unique_ptr<const float[]> owned_;
};

} // namespace faissnet
