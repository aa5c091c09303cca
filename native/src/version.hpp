// Every difference between the FAISS versions that the shim compiles against
// (1.7.3 … 1.14.x). Nothing else in this folder looks at the version.
#pragma once

#include <cstdint>

#include <faiss/Index.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>

#define FAISSNET_FAISS_AT_LEAST(major, minor, patch)                                     \
    (FAISS_VERSION_MAJOR * 10000 + FAISS_VERSION_MINOR * 100 + FAISS_VERSION_PATCH >= \
     (major) * 10000 + (minor) * 100 + (patch))

namespace faissnet {

// faiss::Index::idx_t moved to faiss::idx_t in 1.7.4; both are this type.
using idx_t = int64_t;

// IVF fast-scan indexes refused every SearchParameters before 1.8.
constexpr bool kFastScanTakesParameters = FAISSNET_FAISS_AT_LEAST(1, 8, 0);

// 1.14 can be built with all its kernels in one library, chosen at run time.
#ifdef FAISSNET_DYNAMIC_SIMD
constexpr bool kDynamicSimd = true;
#else
constexpr bool kDynamicSimd = false;
#endif

} // namespace faissnet
