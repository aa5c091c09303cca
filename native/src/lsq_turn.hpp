// FAISS times its local search quantizers in one table for the whole process, which it empties and fills without a lock: two threads that train
// or encode break it, whatever index each of them has. Here they take turns.
#pragma once

#include <mutex>

#include <faiss/Index.h>

#include "interruption.hpp"

namespace faissnet {

// Around each call that trains or encodes; costs nothing where no such quantizer is inside.
class LsqTurn {
   public:
    // Who waits may be asked whether to go on.
    explicit LsqTurn(const faiss::Index& index, const Interruptible* caller = nullptr);

   private:
    std::unique_lock<std::timed_mutex> lock_;
};

} // namespace faissnet
