// Encoding by product quantizers as FAISS calls it within a training: what the second quantizer of an IVFPQR learns from. The linker sends FAISS's calls
// here, except virtual ones, where FAISS is linked in (FaissNetVariants.cmake). While a call that may be cancelled is under way on the thread, they go
// by pieces.
#ifdef FAISSNET_WRAP_FAISS

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include <faiss/impl/ProductQuantizer.h>

#include "interruption.hpp"

extern "C" {
void __real__ZNK5faiss16ProductQuantizer13compute_codesEPKfPhm(const faiss::ProductQuantizer* pq, const float* x, uint8_t* codes, size_t n);
void __wrap__ZNK5faiss16ProductQuantizer13compute_codesEPKfPhm(const faiss::ProductQuantizer* pq, const float* x, uint8_t* codes, size_t n);
}

namespace {

// A twentieth of a second or so, in whole tiles of the products that FAISS makes for long sub-vectors, which BLAS must not take for small ones: it
// rounds those otherwise.
size_t piece_of(const faiss::ProductQuantizer& pq) {
    constexpr size_t kOperations = size_t(1) << 27, kSmallProduct = size_t(1) << 20, kTile = 256;
    const size_t vectors = std::max(kOperations / (pq.d * pq.ksub), kSmallProduct / (pq.dsub * pq.ksub));
    return (vectors / kTile + 1) * kTile;
}

} // namespace

void __wrap__ZNK5faiss16ProductQuantizer13compute_codesEPKfPhm(const faiss::ProductQuantizer* pq, const float* x, uint8_t* codes, size_t n) {
    const auto caller = faissnet::Interruptible::current();
    if (caller == nullptr) {
        __real__ZNK5faiss16ProductQuantizer13compute_codesEPKfPhm(pq, x, codes, n);
        return;
    }
    faissnet::in_pieces(n, piece_of(*pq), *caller, [&](size_t first, size_t count) {
        __real__ZNK5faiss16ProductQuantizer13compute_codesEPKfPhm(pq, x + first * pq->d, codes + first * pq->code_size, count);
    });
}

#endif
