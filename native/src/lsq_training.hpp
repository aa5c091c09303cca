// The training of local search quantizers by pieces.
//
// FAISS's begins with the variance of each component, which it computes component by component over all vectors: on MNIST a quarter of a second, in
// which there is nobody to ask. Its calls come here instead while a call that may be cancelled is under way on the thread: those by name through the
// linker (FaissNetVariants.cmake), those by a virtual function through a quantizer that takes the place of the caller's own.
#pragma once

#include <cstddef>

#include <faiss/impl/LocalSearchQuantizer.h>

#include "interruption.hpp"

namespace faissnet {

// Takes the place of the quantizer in a slot, until it is trained, which goes by pieces, or until this is gone.
class AskingLsq : public faiss::LocalSearchQuantizer {
   public:
    AskingLsq(faiss::LocalSearchQuantizer& own, faiss::AdditiveQuantizer** slot, const Interruptible& caller);
    ~AskingLsq() override;
    AskingLsq(const AskingLsq&) = delete;
    AskingLsq& operator=(const AskingLsq&) = delete;

    void train(size_t n, const float* x) override;

   private:
    faiss::LocalSearchQuantizer& own_;
    faiss::AdditiveQuantizer** slot_;
    const Interruptible& caller_;
};

} // namespace faissnet
