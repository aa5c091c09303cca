// Every difference between the FAISS versions that the shim compiles against
// (1.7.3 … 1.14.x). Nothing else in this folder looks at the version.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

#include <faiss/Index.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIDMap.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFastScan.h>
#include <faiss/IndexPreTransform.h>
#include <faiss/IndexRefine.h>
#include <faiss/utils/distances.h>
#include <faiss/utils/extra_distances.h>
#include <faiss/IndexReplicas.h>
#include <faiss/IndexShards.h>

#ifdef FAISS_ENABLE_DD
#include <faiss/utils/simd_levels.h>
#endif

#ifdef FAISSNET_ENABLE_GPU
#include <faiss/gpu/GpuIndex.h>
#include <faiss/gpu/impl/IndexUtils.h>
#endif

// The instruction set that the build links this library for.
#ifndef FAISSNET_VARIANT
#define FAISSNET_VARIANT "generic"
#endif

#define FAISSNET_FAISS_AT_LEAST(major, minor, patch)                                     \
    (FAISS_VERSION_MAJOR * 10000 + FAISS_VERSION_MINOR * 100 + FAISS_VERSION_PATCH >= \
     (major) * 10000 + (minor) * 100 + (patch))

#if FAISSNET_FAISS_AT_LEAST(1, 11, 0)
#include <faiss/IndexIVFRaBitQ.h>
#include <faiss/IndexRaBitQ.h>
#endif

namespace faissnet {

// faiss::Index::idx_t moved to faiss::idx_t in 1.7.4; both are this type.
using idx_t = int64_t;

// IVF fast-scan indexes refused every SearchParameters before 1.8.
constexpr bool kFastScanTakesParameters = FAISSNET_FAISS_AT_LEAST(1, 8, 0);

// And selectors in them before 1.9.
constexpr bool kFastScanTakesSelectors = FAISSNET_FAISS_AT_LEAST(1, 9, 0);

// Removal from the packed lists of fast-scan throws inside an OpenMP region before 1.8, which ends the process.
constexpr bool kFastScanRemoves = FAISSNET_FAISS_AT_LEAST(1, 8, 0);

// Metrics other than L2 and inner product end the process in older IVF, SQ and PQ searches; 1.14 does them or throws.
constexpr bool kCodesTakeEveryMetric = FAISSNET_FAISS_AT_LEAST(1, 14, 0);

// The scalar quantizers of FAISS's enumeration, which has grown.
constexpr int kScalarQuantizerTypes = FAISSNET_FAISS_AT_LEAST(1, 9, 0) ? 9 : 7;

// RaBitQ came with 1.11.
constexpr bool kHasRaBitQ = FAISSNET_FAISS_AT_LEAST(1, 11, 0);

#if FAISSNET_FAISS_AT_LEAST(1, 11, 0)
inline std::unique_ptr<faiss::Index> make_rabitq(idx_t d, faiss::MetricType metric) {
    return std::make_unique<faiss::IndexRaBitQ>(d, metric);
}

inline std::unique_ptr<faiss::IndexIVF> make_ivf_rabitq(faiss::Index* quantizer, size_t d, size_t nlist, faiss::MetricType metric) {
    return std::make_unique<faiss::IndexIVFRaBitQ>(quantizer, d, nlist, metric);
}

inline bool is_rabitq(const faiss::Index& index) {
    return typeid(index) == typeid(faiss::IndexRaBitQ);
}

inline bool is_ivf_rabitq(const faiss::Index& index) {
    return typeid(index) == typeid(faiss::IndexIVFRaBitQ);
}

// Codes of several bits came later.
template <typename Rabitq>
auto bits_of(const Rabitq& rabitq, int) -> decltype(static_cast<size_t>(rabitq.nb_bits)) {
    return static_cast<size_t>(rabitq.nb_bits);
}
template <typename Rabitq>
size_t bits_of(const Rabitq&, long) {
    return 1;
}

// The bytes of a code where floats stand: what distances are computed from beside the signs. Of an index that is no IVF of RaBitQ none, and
// none of codes that are laid out in a way that is not known here.
inline std::vector<size_t> rabitq_factors(const faiss::Index& index) {
    auto ivf = dynamic_cast<const faiss::IndexIVFRaBitQ*>(&index);
    if (ivf == nullptr) {
        return {};
    }
    const size_t more_bits = bits_of(ivf->rabitq, 0) - 1, d = static_cast<size_t>(ivf->d);
    std::vector<size_t> places;
    size_t end = (d + 7) / 8; // of what was laid out so far
    const auto add = [&](int count) {
        for (int i = 0; i < count; i++, end += sizeof(float)) {
            places.push_back(end);
        }
    };
    add(more_bits == 0 ? 2 : 3);
    if (more_bits > 0) {
        end += (d * more_bits + 7) / 8;
        add(2);
    }
    return end == ivf->code_size ? places : std::vector<size_t>();
}

// The bits of a quantized query, or nullptr if this is no RaBitQ index.
inline uint8_t* rabitq_query_bits(faiss::Index& index) {
    auto flat = dynamic_cast<faiss::IndexRaBitQ*>(&index);
    auto ivf = dynamic_cast<faiss::IndexIVFRaBitQ*>(&index);
    return flat != nullptr ? &flat->qb : ivf != nullptr ? &ivf->qb : nullptr;
}
#else
inline std::unique_ptr<faiss::Index> make_rabitq(idx_t, faiss::MetricType) {
    return nullptr;
}

inline std::unique_ptr<faiss::IndexIVF> make_ivf_rabitq(faiss::Index*, size_t, size_t, faiss::MetricType) {
    return nullptr;
}

inline bool is_rabitq(const faiss::Index&) {
    return false;
}

inline bool is_ivf_rabitq(const faiss::Index&) {
    return false;
}

inline std::vector<size_t> rabitq_factors(const faiss::Index&) {
    return {};
}

inline uint8_t* rabitq_query_bits(faiss::Index&) {
    return nullptr;
}
#endif

// Since 1.14 the scan of a flat index of at least 10,000 vectors is divided among all threads when there are fewer queries than those.
constexpr bool kOneQueryTakesAllThreads = FAISSNET_FAISS_AT_LEAST(1, 14, 0);
constexpr int64_t kFewestVectorsToDivide = 10000;

// Whether a flat index computes the distances of n queries by matrix products, which round otherwise, or one after another. Since 1.14
// their floats count.
inline bool computes_products(int64_t n, int64_t d) {
    return (FAISSNET_FAISS_AT_LEAST(1, 14, 0) ? n * d : n) >= faiss::distance_compute_blas_threshold;
}

// The efSearch of a call ended HNSW's search earlier, but did not make it keep more candidates, before 1.8.
constexpr bool kHnswTakesEf = FAISSNET_FAISS_AT_LEAST(1, 8, 0);

// A setting of HNSW that its parameters got later.
template <typename Parameters, typename Hnsw>
auto copy_queue_setting(Parameters& parameters, const Hnsw& hnsw, int) -> decltype(static_cast<void>(parameters.bounded_queue)) {
    parameters.bounded_queue = hnsw.search_bounded_queue;
}
template <typename Parameters, typename Hnsw>
void copy_queue_setting(Parameters&, const Hnsw&, long) {}

// Whether shards and replicas are deleted with what they are parts of was renamed in 1.7.4.
template <typename Threaded>
auto own_all(Threaded& index, int) -> decltype(static_cast<void>(index.own_indices)) {
    index.own_indices = true;
}
template <typename Threaded>
void own_all(Threaded& index, long) {
    index.own_fields = true;
}

// Newer fast-scan indexes point at their own product quantizer, and FAISS sets that pointer neither in a copy
// (which then points into the original) nor after reading.
template <typename FastScan>
auto own_fine_quantizer(FastScan& index, int) -> decltype(static_cast<void>(index.fine_quantizer)) {
    index.fine_quantizer = &index.pq;
}
template <typename FastScan>
void own_fine_quantizer(FastScan&, long) {}

// Codes without lists: FAISS takes them since 1.11, and refuses them for types that keep something beside.
template <typename FlatCodes>
auto append_codes(FlatCodes& index, int64_t n, const uint8_t* codes, int) -> decltype(index.add_sa_codes(n, codes, nullptr)) {
    index.add_sa_codes(n, codes, nullptr);
}
template <typename FlatCodes>
void append_codes(FlatCodes& index, int64_t n, const uint8_t* codes, long) {
    index.codes.insert(index.codes.end(), codes, codes + n * index.code_size);
    index.ntotal += n;
}

// Additive quantizers other than residual ones, and ITQ, can be read before they are trained, until 1.14.2 asks for what they are to learn.
constexpr bool kReadsTheUntrained = !FAISSNET_FAISS_AT_LEAST(1, 14, 2);

// k-means that fills an empty cluster looks for one to split until it finds one, which frozen centroids can have left none of.
// 1.14.3 gives up.
constexpr bool kSplitsEnd = FAISSNET_FAISS_AT_LEAST(1, 14, 3);

// Newer k-means can choose its first centroids in several ways; 0 is the one that all have. False if there is no such way here.
template <typename Parameters>
auto set_initialization(Parameters& parameters, int32_t method, int) -> decltype(static_cast<void>(parameters.init_method), true) {
    parameters.init_method = static_cast<decltype(parameters.init_method)>(method);
    return true;
}
template <typename Parameters>
bool set_initialization(Parameters&, int32_t method, long) {
    return method == 0;
}

// The statistics of graphs count hops since 1.9; -1 before.
template <typename Stats>
auto hops_of(const Stats& stats, int) -> decltype(static_cast<int64_t>(stats.nhops)) {
    return static_cast<int64_t>(stats.nhops);
}
template <typename Stats>
int64_t hops_of(const Stats&, long) {
    return -1;
}

// Before 1.9 what a search compares is counted apart from what adding compares.
template <typename Stats>
auto distances_of(const Stats& stats, int) -> decltype(static_cast<int64_t>(stats.n3)) {
    return static_cast<int64_t>(stats.ndis) + static_cast<int64_t>(stats.n3);
}
template <typename Stats>
int64_t distances_of(const Stats& stats, long) {
    return static_cast<int64_t>(stats.ndis);
}

// Older FAISS takes a heap here, newer its parts. Sides: x and n of the queries, vectors and nb of the others, their d.
template <typename Sides, typename Heap>
auto knn_extra(const Sides& s, faiss::MetricType metric, float argument, Heap& heap, int)
        -> decltype(static_cast<void>(faiss::knn_extra_metrics(s.x, s.vectors, s.d, s.n, s.nb, metric, argument, &heap))) {
    faiss::knn_extra_metrics(s.x, s.vectors, s.d, s.n, s.nb, metric, argument, &heap);
}
template <typename Sides, typename Heap>
void knn_extra(const Sides& s, faiss::MetricType metric, float argument, Heap& heap, long) {
    faiss::knn_extra_metrics(s.x, s.vectors, s.d, s.n, s.nb, metric, argument, heap.k, heap.val, heap.ids);
}

// 1.14 can be built with all its kernels in one library, chosen at run time. The build passes on FAISS's own macro.
#ifdef FAISS_ENABLE_DD
constexpr bool kDynamicSimd = true;

inline std::string simd_level() {
    const auto name = faiss::SIMDConfig::get_level_name();
    return name == "NONE" ? "generic" : name == "AVX2" ? "avx2" : name.rfind("AVX512", 0) == 0 ? "avx512" : name;
}

// False if there is no such level here.
inline bool set_simd_level(const std::string& name) {
    const auto level = name == "generic" ? faiss::SIMDLevel::NONE
            : name == "avx2"             ? faiss::SIMDLevel::AVX2
            : name == "avx512"           ? faiss::SIMDLevel::AVX512
                                         : faiss::SIMDLevel::COUNT;
    if (level == faiss::SIMDLevel::COUNT || !faiss::SIMDConfig::is_simd_level_available(level)) {
        return false;
    }
    faiss::SIMDConfig::set_level(level);
    return true;
}
#else
constexpr bool kDynamicSimd = false;

inline std::string simd_level() {
    return FAISSNET_VARIANT;
}

inline bool set_simd_level(const std::string& name) {
    return name == FAISSNET_VARIANT;
}
#endif

#ifdef FAISSNET_ENABLE_GPU
// A list of more than 2 GiB ends the process when it is copied to a GPU before 1.7.4.
constexpr bool kGpuListsAreShort = !FAISSNET_FAISS_AT_LEAST(1, 7, 4);

// NVIDIA's implementation: none before 1.8, then called raft, since 1.10 cuVS. The rank decides which of the three fits.
template <typename Config>
auto cuvs_of(Config& config, int) -> decltype((config.use_cuvs)) {
    return config.use_cuvs;
}
template <typename Config>
auto cuvs_of(Config& config, long) -> decltype((config.use_raft)) {
    return config.use_raft;
}
template <typename Config>
bool& cuvs_of(Config&, ...) {
    static thread_local bool nowhere;
    nowhere = false;
    return nowhere;
}

// Before 1.9 such a quantizer stays on the CPU without being asked.
template <typename Config>
auto allow_cpu_coarse(Config& config, bool allow, int) -> decltype(static_cast<void>(config.allowCpuCoarseQuantizer)) {
    config.allowCpuCoarseQuantizer = allow;
}
template <typename Config>
void allow_cpu_coarse(Config&, bool, long) {}

// The largest k and nprobe. FAISS's own check leaves out the limit itself in 1.7.3, and knows another one for cuVS since 1.12.
inline int64_t max_gpu_selection([[maybe_unused]] bool with_cuvs) {
#if FAISSNET_FAISS_AT_LEAST(1, 12, 0)
    return faiss::gpu::getMaxKSelection(with_cuvs);
#else
    return faiss::gpu::getMaxKSelection() - (FAISSNET_FAISS_AT_LEAST(1, 7, 4) ? 0 : 1);
#endif
}
#endif

} // namespace faissnet
