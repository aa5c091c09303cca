#include <omp.h>

#include <atomic>
#include <cstdlib>

#include <faiss/utils/utils.h>

#include "guard.hpp"
#include "handle.hpp"
#include "version.hpp"

#ifdef FAISSNET_HAVE_OPENBLAS
extern "C" char* openblas_get_config(void);
#endif

namespace faissnet {
namespace {

// 0 until somebody sets it: OpenMP's own default (OMP_NUM_THREADS, or the processors) then holds.
std::atomic<int32_t> thread_count{0};
thread_local int32_t applied_thread_count = 0;

} // namespace

void apply_thread_count() noexcept {
    const int32_t wanted = thread_count.load(std::memory_order_relaxed);
    if (wanted != applied_thread_count) {
        omp_set_num_threads(wanted); // an OpenMP build of BLAS asks OpenMP too
        applied_thread_count = wanted;
    }
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_abi_version(int32_t* version) {
    return guard([&] {
        require(version != nullptr, "version must not be NULL");
        *version = FAISSNET_ABI_VERSION;
    });
}

faissnet_status faissnet_faiss_version(char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] {
        copy_text(
                std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) + "." +
                        std::to_string(FAISS_VERSION_PATCH),
                buffer, capacity, length);
    });
}

faissnet_status faissnet_compile_options(char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] { copy_text(faiss::get_compile_options(), buffer, capacity, length); });
}

faissnet_status faissnet_variant(char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] { copy_text(kDynamicSimd ? "dynamic" : FAISSNET_VARIANT, buffer, capacity, length); });
}

faissnet_status faissnet_get_simd_level(char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] { copy_text(simd_level(), buffer, capacity, length); });
}

faissnet_status faissnet_set_simd_level(const char* level) {
    return guard([&] {
        require(level != nullptr, "level must not be NULL");
        if (!set_simd_level(level)) {
            fail(FAISSNET_UNSUPPORTED, "level is \"%.50s\": this library runs at \"%s\"%s", level, simd_level().c_str(),
                 kDynamicSimd ? " and this processor or build has no such level" : " alone");
        }
    });
}

faissnet_status faissnet_blas_info(char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] {
#ifdef FAISSNET_HAVE_OPENBLAS
        copy_text(openblas_get_config(), buffer, capacity, length);
#else
        copy_text("unknown", buffer, capacity, length);
#endif
    });
}

faissnet_status faissnet_capabilities(int64_t* bits) {
    return guard([&] {
        require(bits != nullptr, "bits must not be NULL");
        int64_t all = 0;
#ifdef FAISSNET_ENABLE_GPU
        all |= FAISSNET_CAPABILITY_GPU;
#endif
#ifdef FAISSNET_WRAP_BLAS
        all |= FAISSNET_CAPABILITY_STOPPABLE_ALGEBRA;
#endif
        all |= kFastScanTakesParameters ? FAISSNET_CAPABILITY_FAST_SCAN_PARAMETERS : 0;
        all |= kDynamicSimd ? FAISSNET_CAPABILITY_DYNAMIC_SIMD : 0;
        all |= kHasRaBitQ ? FAISSNET_CAPABILITY_RABITQ : 0;
        *bits = all;
    });
}

faissnet_status faissnet_get_thread_count(int32_t* threads) {
    return guard([&] {
        require(threads != nullptr, "threads must not be NULL");
        *threads = omp_get_max_threads();
    });
}

faissnet_status faissnet_set_thread_count(int32_t threads) {
    return guard([&] {
        if (threads < 1 || threads > 1024) {
            fail(FAISSNET_INVALID_ARGUMENT, "threads is %d: expected 1 to 1024", threads);
        }
        thread_count.store(threads, std::memory_order_relaxed);
    });
}

faissnet_status faissnet_live_handles(int64_t* count) {
    return guard([&] {
        require(count != nullptr, "count must not be NULL");
        *count = Counted::live.load(std::memory_order_relaxed);
    });
}
