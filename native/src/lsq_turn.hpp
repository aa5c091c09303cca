// FAISS times its local search quantizers in one table for the whole process, which it empties and fills without a lock: two threads that train
// or encode break it, whatever index each of them has. Here they take turns.
#pragma once

#include <mutex>

#include <faiss/Index.h>

namespace faissnet {

// Around each call that trains or encodes; costs nothing where no such quantizer is inside.
class LsqTurn {
   public:
    explicit LsqTurn(const faiss::Index& index);

   private:
    std::unique_lock<std::mutex> lock_;
};

} // namespace faissnet
