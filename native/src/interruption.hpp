// Stopping FAISS between the places where it can be watched.
//
// A training tells of its k-means iterations (watched.hpp). What lies between those is BLAS and LAPACK: the covariance of all vectors, a
// decomposition. While a call that may be cancelled is under way on a thread, its calls to them look whether to go on (blas.cpp). Nothing is
// thrown there, for FAISS holds memory that nothing would free: what is left is cut short, and the next question throws.
#pragma once

#include <cstddef>
#include <cstdint>

#include "guard.hpp"

namespace faissnet {

// For as long as this lives, what its thread calls can be stopped by the monitor.
class Interruptible {
   public:
    // NULL, or without a function: nothing stops the calls.
    explicit Interruptible(const faissnet_monitor* monitor);
    ~Interruptible();
    Interruptible(const Interruptible&) = delete;
    Interruptible& operator=(const Interruptible&) = delete;

    // To report to in the place of the caller's, since what was told last is told again with each question; NULL if nobody listens.
    const faissnet_monitor* monitor() const {
        return monitor_ != nullptr ? &own_ : nullptr;
    }

    // The innermost of this thread; nullptr if nothing may stop it here, as within a parallel region.
    static const Interruptible* current();

    // For as long as this lives, what the thread calls is not stopped: a monitor, which may use other indexes, or the inside of LAPACK.
    class Suspended {
       public:
        Suspended();
        ~Suspended();
        Suspended(const Suspended&) = delete;
        Suspended& operator=(const Suspended&) = delete;

       private:
        Interruptible* outer_;
    };

    // Throws if the call is to end.
    void ask() const;

    // The same where nothing may be thrown: from then on results mean nothing.
    bool is_over() const noexcept;

    // Looks each time that enough work was counted.
    void look_after(double operations) const noexcept;

    // Whether the call goes on only because nothing could be thrown.
    bool has_ended() const {
        return has_ended_;
    }

   private:
    static int32_t report(void* context, int32_t stage, int64_t done, int64_t total);

    const faissnet_monitor* monitor_;
    faissnet_monitor own_;
    Interruptible* outer_;
    int32_t stage_ = FAISSNET_STAGE_TRANSFORM;
    int64_t done_ = 0, total_ = 0;
    mutable double operations_ = 0;
    mutable bool has_ended_ = false;
};

// Calls piece(first, count) for so many of n at a time, each after a question to the caller. The last one takes the remainder, so that FAISS and BLAS
// never see a batch small enough to be computed in another way.
template <typename Caller, typename Piece>
void in_pieces(size_t n, size_t size, const Caller& caller, Piece&& piece) {
    for (size_t first = 0; first < n;) {
        caller.ask();
        const size_t count = n - first < 2 * size ? n - first : size;
        piece(first, count);
        first += count;
    }
}

} // namespace faissnet
