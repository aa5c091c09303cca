// The sizes follow FAISS's FlatIndex, IVFBase, IVFFlat and IVFPQ in gpu/impl: needed before FAISS is asked, which otherwise finds
// out halfway through. No CUDA here: an estimate can be had anywhere.

#include "gpu_memory.hpp"

#include <algorithm>
#include <cmath>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/invlists/InvertedLists.h>

#include "handle.hpp"

namespace faissnet {
namespace {

// StandardGpuResources rounds every allocation up.
double allocated(double bytes) {
    return std::ceil(bytes / 256) * 256;
}

// Lists of vectors and scalar codes lie in blocks of 32.
double list_bytes(const faiss::IndexIVF& ivf, double size) {
    const bool in_blocks = dynamic_cast<const faiss::IndexIVFPQ*>(&ivf) == nullptr;
    return (in_blocks ? std::ceil(size / 32) * 32 : size) * static_cast<double>(ivf.code_size);
}

double ivf_bytes(const faiss::IndexIVF& ivf, const faissnet_gpu_options& options) {
    const auto nlist = static_cast<int64_t>(ivf.nlist);
    const auto* pq = dynamic_cast<const faiss::IndexIVFPQ*>(&ivf);
    const bool flat_coarse = dynamic_cast<const faiss::IndexFlat*>(ivf.quantizer) != nullptr;
    double bytes = gpu_ivf_fixed_bytes(
            ivf.d, nlist, flat_coarse, pq != nullptr ? static_cast<int64_t>(pq->pq.M) : 0,
            pq != nullptr ? static_cast<int64_t>(pq->pq.ksub) : 0, ivf.metric_type, options);
    const auto reserved = ivf.ntotal == 0 && nlist > 0 ? options.reserve_vectors / nlist : 0;
    const auto lists = std::min<int64_t>(nlist, static_cast<int64_t>(ivf.invlists->nlist));
    for (int64_t list = 0; list < lists; list++) {
        const auto size = std::max<double>(static_cast<double>(ivf.invlists->list_size(list)), static_cast<double>(reserved));
        bytes += allocated(list_bytes(ivf, size)) + allocated(size * static_cast<double>(gpu_id_bytes(options)));
    }
    return bytes;
}

} // namespace

void require_gpu_options(const faissnet_gpu_options* options) {
    require(options != nullptr, "options must not be NULL");
    if (options->device < 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "device is %d: expected the number of a device, from 0", options->device);
    }
    if (options->memory_space != FAISSNET_GPU_MEMORY_DEVICE && options->memory_space != FAISSNET_GPU_MEMORY_UNIFIED) {
        fail(FAISSNET_INVALID_ARGUMENT, "memory_space is %d: expected 1 (device) or 2 (unified)", options->memory_space);
    }
    if (options->indices < FAISSNET_GPU_INDICES_CPU || options->indices > FAISSNET_GPU_INDICES_BIT64) {
        fail(FAISSNET_INVALID_ARGUMENT, "indices is %d: expected 0 (CPU), 1 (none), 2 (32 bits) or 3 (64 bits)", options->indices);
    }
    if (options->cuvs < -1 || options->cuvs > 1) {
        fail(FAISSNET_INVALID_ARGUMENT, "cuvs is %d: expected 0, 1, or -1 for FAISS's choice", options->cuvs);
    }
    if (options->reserve_vectors < 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "reserve_vectors is %lld: expected at least 0", static_cast<long long>(options->reserve_vectors));
    }
    if (options->shard != 0 && options->shard_type != 1 && options->shard_type != 2) {
        fail(FAISSNET_INVALID_ARGUMENT, "shard_type is %d: expected 1 (by id modulo the devices) or 2 (by ranges of ids)", options->shard_type);
    }
}

int64_t gpu_id_bytes(const faissnet_gpu_options& options) {
    return options.indices == FAISSNET_GPU_INDICES_BIT64 ? 8 : options.indices == FAISSNET_GPU_INDICES_BIT32 ? 4 : 0;
}

double gpu_flat_bytes(int64_t n, int64_t d, bool float16) {
    return allocated(static_cast<double>(n) * static_cast<double>(d) * (float16 ? 2 : 4)) + allocated(static_cast<double>(n) * 4);
}

double gpu_ivf_fixed_bytes(
        int64_t d, int64_t nlist, bool flat_coarse, int64_t m, int64_t ksub, faiss::MetricType metric,
        const faissnet_gpu_options& options) {
    const auto lists = static_cast<double>(nlist);
    // Of each list the addresses of its codes and ids, and its length.
    double bytes = 3 * allocated(lists * 8);
    bytes += flat_coarse ? gpu_flat_bytes(nlist, d, options.float16_coarse != 0) : 0;
    // The codebooks in two layouts.
    bytes += 2 * allocated(static_cast<double>(d) * static_cast<double>(ksub) * 4);
    if (m > 0 && options.precomputed_tables != 0 && metric == faiss::METRIC_L2) {
        bytes += allocated(lists * static_cast<double>(m) * static_cast<double>(ksub) * (options.float16 != 0 ? 2 : 4));
    }
    return bytes;
}

int64_t gpu_bytes(const faiss::Index& outer, const faissnet_gpu_options& options) {
    double bytes = 0;
    if (auto flat = find_inside<faiss::IndexFlat>(outer)) {
        bytes = gpu_flat_bytes(flat->ntotal, flat->d, options.float16 != 0);
    } else if (auto ivf = find_inside<faiss::IndexIVF>(outer)) {
        bytes = ivf_bytes(*ivf, options);
    } else if (auto sq = find_inside<faiss::IndexScalarQuantizer>(outer)) {
        bytes = gpu_flat_bytes(sq->ntotal, sq->d, true);
    }
    return static_cast<int64_t>(std::min(bytes, 9e18));
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_gpu_estimate(const faissnet_index* index, const faissnet_gpu_options* options, int64_t* bytes) {
    return guard([&] {
        const auto& source = open(index);
        require_gpu_options(options);
        require(bytes != nullptr, "bytes must not be NULL");
        *bytes = gpu_bytes(source, *options);
    });
}
