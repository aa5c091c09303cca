// Calls that run at once and would each take all threads share them.
#pragma once

#include <omp.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "version.hpp"

namespace faissnet {

// Stands around a call into FAISS that may use all threads. Beside others it takes its part of them, and at least its own: with more threads than
// processors most of them wait, and OpenMP and OpenBLAS wait by spinning, in the way of those that work. FAISS splits a batch by its threads, so that the last
// bit of a distance may depend on the number of calls; with a thread count of 1 it does not.
class ThreadShare {
   public:
    // flat: the vectors that are compared with each of them one after another, as by a flat index or a flat coarse quantizer.
    explicit ThreadShare(int64_t vectors, int64_t flat = 0) {
        const bool one_is_divided = kOneQueryTakesAllThreads && vectors == 1 && flat >= kFewestVectorsToDivide;
        // Otherwise FAISS answers a single query on the thread that calls. A call from within another one, by this interface or by a callback,
        // is a part of it.
        if ((vectors <= 1 && !one_is_divided) || inside_) {
            return;
        }
        all_ = omp_get_max_threads();
        const int calls = running_.fetch_add(1, std::memory_order_relaxed) + 1;
        counted_ = inside_ = true;
        const int part = std::max(1, all_ / calls);
        if (part < all_) {
            omp_set_num_threads(part);
            took_part_ = true;
        }
    }
    ~ThreadShare() {
        if (took_part_) {
            omp_set_num_threads(all_);
        }
        if (counted_) {
            running_.fetch_sub(1, std::memory_order_relaxed);
            inside_ = false;
        }
    }
    // Whether the threads of this call may be others the next time, and with them the last bits of what it finds.
    bool is_divided() const {
        return all_ > 1;
    }
    ThreadShare(const ThreadShare&) = delete;
    ThreadShare& operator=(const ThreadShare&) = delete;

   private:
    inline static std::atomic<int> running_{0};
    inline static thread_local bool inside_ = false;
    int all_ = 1;
    bool counted_ = false;
    bool took_part_ = false;
};

} // namespace faissnet
