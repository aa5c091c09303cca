// The large blocks of memory that FAISS and this library take: vectors, residuals, tables. The linker sends their calls of operator new here where
// FAISS is linked in (FaissNetVariants.cmake).
//
// Such a block comes from the system page by page, as it is first written to. On pages of 4 KiB that takes longer than most of what FAISS does with
// it, so the system is asked for huge ones; and while a call that may be cancelled is under way on the thread, a block is fetched in parts, with a
// question before each. Unlike in BLAS a question may throw here, for operator new may fail anywhere: nearly everywhere in its trainings FAISS holds
// what it has accordingly. VectorTransform::apply does not, and comes here too.
#ifdef FAISSNET_WRAP_FAISS

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include <faiss/VectorTransform.h>
#include <sys/mman.h>
#include <unistd.h>

#include "interruption.hpp"

extern "C" {
void* __real__Znwm(size_t bytes);
void* __real__Znam(size_t bytes);
float* __real__ZNK5faiss15VectorTransform5applyElPKf(const faiss::VectorTransform* transform, int64_t n, const float* x);
float* __wrap__ZNK5faiss15VectorTransform5applyElPKf(const faiss::VectorTransform* transform, int64_t n, const float* x);
}

namespace faissnet {
namespace {

// From here on glibc takes each block from the system alone, so that none of its pages are there yet (its M_MMAP_THRESHOLD grows no further).
constexpr size_t kLarge = size_t(32) << 20;

constexpr size_t kHugePage = size_t(2) << 20;

// A hundredth of a second or less, even on small pages.
constexpr size_t kPart = size_t(4) << 20;

void advise(void* block, size_t bytes) {
    const auto start = reinterpret_cast<uintptr_t>(block);
    const auto first = (start + kHugePage - 1) / kHugePage * kHugePage, end = (start + bytes) / kHugePage * kHugePage;
    if (first < end) {
        madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE); // where the system has none to give, nothing is lost
    }
}

// Writes to each page. Answers whether the caller still wants them.
bool fetch(const Interruptible& caller, void* block, size_t bytes) {
    const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    const auto start = static_cast<volatile char*>(block);
    for (size_t at = 0; at < bytes; at += page) {
        if (at % kPart == 0 && caller.is_over()) {
            return false;
        }
        start[at] = 0;
    }
    return true;
}

// What the forms of operator new have in common; that for arrays calls the other one in turn, and so comes here twice. The one that does not throw
// catches what is thrown here and answers NULL, for which its callers are prepared.
template <typename Allocate, typename Release>
void* large(size_t bytes, Allocate&& allocate, Release&& release) {
    const auto caller = Interruptible::current();
    const Interruptible::Suspended suspended;
    const auto block = allocate(bytes);
    advise(block, bytes);
    if (caller != nullptr && !fetch(*caller, block, bytes)) {
        release(block);
        caller->ask();
    }
    return block;
}

} // namespace
} // namespace faissnet

extern "C" {

void* __wrap__Znwm(size_t bytes) {
    return bytes < faissnet::kLarge ? __real__Znwm(bytes) : faissnet::large(bytes, __real__Znwm, [](void* block) { ::operator delete(block); });
}

void* __wrap__Znam(size_t bytes) {
    return bytes < faissnet::kLarge ? __real__Znam(bytes) : faissnet::large(bytes, __real__Znam, [](void* block) { ::operator delete[](block); });
}

// As FAISS's, which leaks the result if anything is thrown meanwhile.
float* __wrap__ZNK5faiss15VectorTransform5applyElPKf(const faiss::VectorTransform* transform, int64_t n, const float* x) {
    if (faissnet::Interruptible::current() == nullptr) {
        return __real__ZNK5faiss15VectorTransform5applyElPKf(transform, n, x);
    }
    std::unique_ptr<float[]> transformed(new float[static_cast<size_t>(n) * static_cast<size_t>(transform->d_out)]);
    transform->apply_noalloc(n, x, transformed.get());
    return transformed.release();
}

} // extern "C"

#endif
