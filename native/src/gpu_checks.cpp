// What FAISS would end the process over, or copy only in part, when an index goes to a GPU.
#ifdef FAISSNET_ENABLE_GPU

#include "gpu.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <typeinfo>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/invlists/InvertedLists.h>

namespace faissnet {
namespace {

// IVFPQ::isSupportedPQCodeLength in gpu/impl/IVFPQ.cu.
constexpr int64_t kCodeLengths[] = {1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 96};

std::string name_of(const faissnet_index& index) {
    char name[200] = "";
    int64_t length = 0;
    faissnet_index_type_name(&index, name, sizeof name, &length);
    return name;
}

[[noreturn]] void fail_no_form(const faissnet_index& index, const char* reason) {
    fail(FAISSNET_UNSUPPORTED, "%s cannot go to a GPU: %s; search it on the CPU", name_of(index).c_str(), reason);
}

void require_lists(const faissnet_index& handle, const faiss::IndexIVF& ivf, const faissnet_gpu_options& options) {
    if (ivf.invlists == nullptr || ivf.invlists->nlist != ivf.nlist || ivf.invlists->code_size != ivf.code_size) {
        fail_no_form(handle, "its lists do not fit it");
    }
    constexpr auto most = static_cast<size_t>(std::numeric_limits<int32_t>::max());
    for (size_t list = 0; list < ivf.nlist; list++) {
        const size_t size = ivf.invlists->list_size(list);
        if (kGpuListsAreShort && size + 31 > most / std::max<size_t>(ivf.code_size, 1)) {
            fail_no_form(handle, "one of its lists is larger than 2 GiB, the limit before FAISS 1.7.4; use more lists");
        }
        if (options.indices == FAISSNET_GPU_INDICES_BIT32) {
            const faiss::InvertedLists::ScopedIds ids(ivf.invlists, list);
            for (size_t i = 0; i < size; i++) {
                if (ids[i] < std::numeric_limits<int32_t>::min() || ids[i] > std::numeric_limits<int32_t>::max()) {
                    fail(FAISSNET_INVALID_ARGUMENT, "the id %lld does not fit into 32 bits: keep the ids as 64-bit numbers",
                         static_cast<long long>(ids[i]));
                }
            }
        }
    }
}

void require_ivf_form(
        const faissnet_index& handle, const faiss::IndexIVF& ivf, const faissnet_gpu_options& options, const std::vector<int>& devices) {
    if (ivf.metric_type != faiss::METRIC_L2 && ivf.metric_type != faiss::METRIC_INNER_PRODUCT) {
        fail_no_form(handle, "FAISS has IVF on GPUs for L2 and inner product only");
    }
    if (ivf.quantizer == nullptr || (ivf.is_trained && ivf.quantizer->ntotal != static_cast<int64_t>(ivf.nlist))) {
        fail_no_form(handle, "its coarse quantizer does not hold a centroid for each list");
    }
    if (dynamic_cast<const faiss::IndexFlat*>(ivf.quantizer) == nullptr && options.cpu_coarse == 0) {
        fail_no_form(handle, "its coarse quantizer has no GPU form, and may not stay on the CPU (cpu_coarse)");
    }
    for (const int device : devices) {
        const int64_t most = max_gpu_selection(uses_cuvs(options, device));
        if (static_cast<int64_t>(ivf.nprobe) > most || ivf.nprobe == 0) {
            fail(FAISSNET_UNSUPPORTED, "nprobe is %lld: FAISS visits 1 to %lld lists per query on a GPU; set a smaller one before, or search this CPU index",
                 static_cast<long long>(ivf.nprobe), static_cast<long long>(most));
        }
    }
    require_lists(handle, ivf, options);
    if (auto pq = dynamic_cast<const faiss::IndexIVFPQ*>(&ivf)) {
        if (!pq->by_residual) {
            fail_no_form(handle, "FAISS has only IVFPQ with residuals there (by_residual)");
        }
        if (pq->polysemous_ht != 0) {
            fail_no_form(handle, "FAISS has no polysemous search there; set \"ht\" to 0");
        }
        if (pq->is_trained && pq->pq.centroids.size() != static_cast<size_t>(ivf.d) * pq->pq.ksub) {
            fail_no_form(handle, "its codebook is not whole");
        }
        for (const int device : devices) {
            require_gpu_pq(ivf.d, static_cast<int64_t>(pq->pq.M), static_cast<int64_t>(pq->pq.nbits), options, device);
        }
    }
}

} // namespace

bool wants_cuvs(const faissnet_gpu_options& options) {
    faiss::gpu::GpuIndexConfig defaults;
    const bool built = cuvs_of(defaults, 0);
    if (options.cuvs == 1 && !built) {
        fail(FAISSNET_UNSUPPORTED, "cuvs is 1: this FAISS was built without cuVS");
    }
    return options.cuvs == -1 ? built : options.cuvs == 1;
}

bool uses_cuvs(const faissnet_gpu_options& options, int device) {
    // As FAISS's should_use_cuvs.
    return wants_cuvs(options) && device_attribute(device, cudaDevAttrComputeCapabilityMajor) >= 7;
}

void require_gpu_pq(int64_t d, int64_t m, int64_t nbits, const faissnet_gpu_options& options, int device) {
    if (m < 1 || d % m != 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "m is %lld: expected a divisor of d = %lld", static_cast<long long>(m), static_cast<long long>(d));
    }
    if (uses_cuvs(options, device)) {
        if (nbits < 4 || nbits > 8 || nbits * m % 8 != 0) {
            fail(FAISSNET_UNSUPPORTED, "m is %lld and nbits is %lld: cuVS takes 4 to 8 bits, and whole bytes per vector", static_cast<long long>(m),
                 static_cast<long long>(nbits));
        }
        return;
    }
    if (nbits != 8) {
        fail(FAISSNET_UNSUPPORTED, "nbits is %lld: FAISS's IVFPQ on a GPU takes 8; search other sizes on the CPU", static_cast<long long>(nbits));
    }
    if (std::find(std::begin(kCodeLengths), std::end(kCodeLengths), m) == std::end(kCodeLengths)) {
        fail(FAISSNET_UNSUPPORTED, "m is %lld: FAISS's IVFPQ on a GPU takes 1, 2, 3, 4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64 and 96", static_cast<long long>(m));
    }
    const int64_t table = m * 256 * (options.float16 != 0 ? 2 : 4);
    const int64_t shared = device_attribute(device, cudaDevAttrMaxSharedMemoryPerBlock);
    if (table > shared) {
        fail(FAISSNET_UNSUPPORTED, "m is %lld: look-up tables of %lld bytes do not fit into the %lld bytes of shared memory of device %d; use float16 tables or a smaller m",
             static_cast<long long>(m), static_cast<long long>(table), static_cast<long long>(shared), device);
    }
}

void require_gpu_form(const faissnet_index& handle, const faissnet_gpu_options& options, const std::vector<int>& devices) {
    const faiss::Index* index = handle.index;
    while (typeid(*index) == typeid(faiss::IndexIDMap) || typeid(*index) == typeid(faiss::IndexIDMap2) ||
           typeid(*index) == typeid(faiss::IndexPreTransform)) {
        index = unwrap_once(*index);
    }
    // Subclasses store something else, which FAISS would leave behind.
    const auto& type = typeid(*index);
    const bool scalar = type == typeid(faiss::IndexIVFScalarQuantizer) || type == typeid(faiss::IndexScalarQuantizer);
    if (scalar && options.memory_space != FAISSNET_GPU_MEMORY_DEVICE) {
        fail_no_form(handle, "FAISS keeps scalar quantizers in the device's own memory only (memory_space = 1)");
    }
    if (type == typeid(faiss::IndexIVFFlat) || type == typeid(faiss::IndexIVFPQ) || type == typeid(faiss::IndexIVFScalarQuantizer)) {
        require_ivf_form(handle, static_cast<const faiss::IndexIVF&>(*index), options, devices);
        return;
    }
    const auto* sq = dynamic_cast<const faiss::IndexScalarQuantizer*>(index);
    const bool half = sq != nullptr && sq->sq.qtype == faiss::ScalarQuantizer::QT_fp16;
    if (half && wants_cuvs(options)) {
        fail_no_form(handle, "cuVS has no scalar quantizers; use cuvs = 0");
    }
    if (half && devices.size() > 1) {
        fail_no_form(handle, "FAISS does not spread it over several devices");
    }
    if (!half && type != typeid(faiss::IndexFlat) && type != typeid(faiss::IndexFlatL2) && type != typeid(faiss::IndexFlatIP)) {
        fail_no_form(handle, "FAISS has GPU forms of Flat, IVFFlat, IVFPQ, IVF scalar quantizers and SQfp16, and of IDMap and PreTransform around them");
    }
}

} // namespace faissnet

#endif
