#ifdef FAISSNET_ENABLE_GPU

#include "gpu.hpp"

#include <algorithm>
#include <vector>

#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/GpuIndexIVFFlat.h>
#include <faiss/gpu/GpuIndexIVFPQ.h>

#include "selected.hpp"

namespace faissnet {

const OnGpu& open_gpu(const faissnet_index* index) {
    if (auto gpu = dynamic_cast<const OnGpu*>(&open(index))) {
        return *gpu;
    }
    fail(FAISSNET_INVALID_ARGUMENT, "index is not on a GPU");
}

namespace {

faiss::gpu::GpuIndexIVF& require_ivf(const OnGpu& index) {
    const auto all = index.ivfs();
    if (all.empty()) {
        fail(FAISSNET_UNSUPPORTED, "there is no IVF in this index");
    }
    return *all.front();
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_gpu_index_to_cpu(const faissnet_index* index, faissnet_index** cpu) {
    return guard([&] { hand_over(open_gpu(index).to_cpu(), cpu); });
}

faissnet_status faissnet_gpu_index_search(
        const faissnet_index* index, int64_t n, const float* x, int64_t k, int64_t nprobe, float* distances, int64_t* labels) {
    return guard([&] {
        const auto& source = open_gpu(index);
        require_vectors(source, n, x);
        require_trained(source);
        if (k < 1 || nprobe < 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "k is %lld and nprobe is %lld: expected at least 1 and 0", static_cast<long long>(k),
                 static_cast<long long>(nprobe));
        }
        if (n > 0 && k > INT64_MAX / 16 / n) {
            fail(FAISSNET_INVALID_ARGUMENT, "k is %lld: n * k results for n = %lld do not fit into memory", static_cast<long long>(k),
                 static_cast<long long>(n));
        }
        require(n == 0 || (distances != nullptr && labels != nullptr), "distances and labels must hold n * k values each");
        const int64_t found = std::min<int64_t>(k, source.ntotal);
        if (n == 0) {
            return;
        }
        if (found == k) {
            source.search_probing(n, x, k, nprobe, distances, labels);
            return;
        }
        std::vector<float> some_distances(n * found);
        std::vector<int64_t> some_labels(n * found);
        if (found > 0) {
            source.search_probing(n, x, found, nprobe, some_distances.data(), some_labels.data());
        }
        for (int64_t i = 0; i < n; i++) {
            std::copy_n(some_distances.data() + i * found, found, distances + i * k);
            std::fill_n(distances + i * k + found, k - found, worst(source));
            std::copy_n(some_labels.data() + i * found, found, labels + i * k);
            std::fill_n(labels + i * k + found, k - found, idx_t(-1));
        }
    });
}

faissnet_status faissnet_gpu_index_kind(const faissnet_index* index, int32_t* kind) {
    return guard([&] {
        const auto& inner = open_gpu(index).carried();
        require(kind != nullptr, "kind must not be NULL");
        *kind = dynamic_cast<const faiss::gpu::GpuIndexFlat*>(&inner) != nullptr  ? FAISSNET_KIND_FLAT
                : dynamic_cast<const faiss::gpu::GpuIndexIVFFlat*>(&inner) != nullptr ? FAISSNET_KIND_IVF_FLAT
                : dynamic_cast<const faiss::gpu::GpuIndexIVFPQ*>(&inner) != nullptr   ? FAISSNET_KIND_IVF_PQ
                                                                                      : FAISSNET_KIND_OTHER;
    });
}

faissnet_status faissnet_gpu_index_max_k(const faissnet_index* index, int64_t* max_k) {
    return guard([&] {
        const auto& source = open_gpu(index);
        require(max_k != nullptr, "max_k must not be NULL");
        *max_k = source.max_selection();
    });
}

faissnet_status faissnet_gpu_index_nlist(const faissnet_index* index, int64_t* nlist) {
    return guard([&] {
        const auto& ivf = require_ivf(open_gpu(index));
        require(nlist != nullptr, "nlist must not be NULL");
        *nlist = static_cast<int64_t>(ivf.nlist);
    });
}

faissnet_status faissnet_gpu_index_get_nprobe(const faissnet_index* index, int64_t* nprobe) {
    return guard([&] {
        const auto& source = open_gpu(index);
        require(nprobe != nullptr, "nprobe must not be NULL");
        // A search sets it for as long as it takes.
        const Exclusive lock(source.places());
        *nprobe = static_cast<int64_t>(require_ivf(source).nprobe);
    });
}

faissnet_status faissnet_gpu_index_set_nprobe(faissnet_index* index, int64_t nprobe) {
    return guard([&] {
        const auto& target = open_gpu(index);
        const auto nlist = static_cast<int64_t>(require_ivf(target).nlist);
        if (nprobe < 1) {
            fail(FAISSNET_INVALID_ARGUMENT, "nprobe is %lld: expected 1 to nlist = %lld", static_cast<long long>(nprobe),
                 static_cast<long long>(nlist));
        }
        const int64_t wanted = std::min(nprobe, nlist);
        if (const int64_t most = target.max_selection(); wanted > most) {
            fail(FAISSNET_UNSUPPORTED, "nprobe is %lld: FAISS visits at most %lld lists per query on a GPU; the CPU index that ToCpu gives has no such limit",
                 static_cast<long long>(nprobe), static_cast<long long>(most));
        }
        const Exclusive lock(target.places());
        for (auto ivf : target.ivfs()) {
            ivf->nprobe = static_cast<decltype(ivf->nprobe)>(wanted);
        }
    });
}

faissnet_status faissnet_gpu_index_list_sizes(const faissnet_index* index, int64_t count, int64_t* sizes) {
    return guard([&] {
        const auto& source = open_gpu(index);
        const auto& ivf = require_ivf(source);
        const auto nlist = static_cast<int64_t>(ivf.nlist);
        if (source.places().size() > 1) {
            fail(FAISSNET_UNSUPPORTED, "the lists of this index lie on several devices: the CPU index that ToCpu gives has their sizes");
        }
        if (count != nlist || sizes == nullptr) {
            fail(FAISSNET_INVALID_ARGUMENT, "count is %lld: expected room for nlist = %lld sizes", static_cast<long long>(count),
                 static_cast<long long>(nlist));
        }
        // FAISS has no lists before training, and ends the process.
        if (!source.is_trained) {
            std::fill_n(sizes, count, int64_t(0));
            return;
        }
        const Exclusive lock(source.places());
        for (int64_t list = 0; list < count; list++) {
            sizes[list] = static_cast<int64_t>(ivf.getListLength(static_cast<decltype(ivf.getNumLists())>(list)));
        }
    });
}

faissnet_status faissnet_gpu_index_pq(const faissnet_index* index, int64_t* m, int32_t* nbits) {
    return guard([&] {
        require(m != nullptr && nbits != nullptr, "m and nbits must not be NULL");
        for (auto ivf : open_gpu(index).ivfs()) {
            if (auto pq = dynamic_cast<const faiss::gpu::GpuIndexIVFPQ*>(ivf)) {
                *m = pq->getNumSubQuantizers();
                *nbits = pq->getBitsPerCode();
                return;
            }
        }
        fail(FAISSNET_UNSUPPORTED, "there is no product quantizer in this index");
    });
}

faissnet_status faissnet_gpu_index_reclaim(faissnet_index* index, int64_t* bytes) {
    return guard([&] {
        auto& target = open_gpu(index);
        require(bytes != nullptr, "bytes must not be NULL");
        *bytes = target.reclaim();
    });
}

#endif
