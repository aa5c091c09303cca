// Centroids and codebooks that come from elsewhere.

#include <algorithm>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQR.h>

#include "handle.hpp"
#include "quantizers.hpp"

namespace faissnet {
namespace {

const faiss::IndexIVF& require_ivf(const faiss::Index& index) {
    auto ivf = find_inside<faiss::IndexIVF>(index);
    if (ivf == nullptr || dynamic_cast<const faiss::IndexFlat*>(ivf->quantizer) == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "there is no IVF with a flat coarse quantizer in this index");
    }
    return *ivf;
}

const faiss::ProductQuantizer& require_pq(const faiss::Index& index) {
    auto pq = find_pq(index);
    if (pq == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "there is no product quantizer in this index");
    }
    return *pq;
}

void require_count(int64_t n, int64_t expected, const void* values) {
    if (n != expected || values == nullptr) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected %lld floats", static_cast<long long>(n), static_cast<long long>(expected));
    }
}

void require_empty(const faiss::Index& index) {
    if (index.ntotal > 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "the index holds vectors that depend on its training: reset it first");
    }
}

// Wrappers are trained when what they carry is.
void set_trained(faiss::Index& index, bool is_trained) {
    if (auto inner = const_cast<faiss::Index*>(unwrap_once(index))) {
        set_trained(*inner, is_trained);
        bool others = true;
        if (auto chain = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
            others = std::all_of(chain->chain.begin(), chain->chain.end(), [](const auto* transform) { return transform->is_trained; });
        } else if (auto refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
            others = refine->refine_index->is_trained;
        }
        index.is_trained = others && inner->is_trained;
    } else {
        index.is_trained = is_trained;
    }
}

int64_t centroids_of(const faiss::IndexIVF& ivf) {
    return static_cast<int64_t>(ivf.nlist) * ivf.quantizer->d;
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_inner_d(const faissnet_index* index, int32_t* d) {
    return guard([&] {
        const faiss::Index* inner = &open(index);
        require(d != nullptr, "the out-parameter must not be NULL");
        while (auto next = unwrap_once(*inner)) {
            inner = next;
        }
        *d = inner->d;
    });
}

faissnet_status faissnet_index_get_coarse_centroids(const faissnet_index* index, int64_t n, float* centroids) {
    return guard([&] {
        const auto& ivf = require_ivf(open(index));
        require_count(n, centroids_of(ivf), centroids);
        if (ivf.quantizer->ntotal != static_cast<int64_t>(ivf.nlist)) {
            fail(FAISSNET_NOT_TRAINED, "the index has no centroids yet");
        }
        std::copy_n(static_cast<const faiss::IndexFlat*>(ivf.quantizer)->get_xb(), n, centroids);
    });
}

faissnet_status faissnet_index_set_coarse_centroids(faissnet_index* index, int64_t n, const float* centroids) {
    return guard([&] {
        auto& target = open(index);
        auto& ivf = const_cast<faiss::IndexIVF&>(require_ivf(target));
        require_count(n, centroids_of(ivf), centroids);
        require_empty(target);
        ivf.quantizer->reset();
        ivf.quantizer->add(static_cast<int64_t>(ivf.nlist), centroids);
        // An IVF of vectors as they are learns nothing else; codebooks that are there stay.
        const bool learns_codes = dynamic_cast<const faiss::IndexIVFFlat*>(&ivf) == nullptr;
        set_trained(target, !learns_codes || ivf.is_trained);
        if (auto pq = dynamic_cast<faiss::IndexIVFPQ*>(&ivf); pq != nullptr && pq->is_trained) {
            pq->precompute_table();
        }
    });
}

faissnet_status faissnet_index_get_codebooks(const faissnet_index* index, int64_t n, float* centroids) {
    return guard([&] {
        const auto& source = open(index);
        const auto& pq = require_pq(source);
        require_count(n, static_cast<int64_t>(pq.centroids.size()), centroids);
        std::copy_n(pq.centroids.data(), n, centroids);
    });
}

faissnet_status faissnet_index_set_codebooks(faissnet_index* index, int64_t n, const float* centroids) {
    return guard([&] {
        auto& target = open(index);
        auto& pq = const_cast<faiss::ProductQuantizer&>(require_pq(target));
        require_count(n, static_cast<int64_t>(pq.centroids.size()), centroids);
        require_empty(target);
        if (find_inside<faiss::IndexIVFPQR>(target) != nullptr) {
            fail(FAISSNET_UNSUPPORTED, "this index has a second quantizer, of what the codes leave over: train it");
        }
        auto ivf = find_inside<faiss::IndexIVF>(target);
        if (ivf != nullptr && ivf->quantizer->ntotal != static_cast<int64_t>(ivf->nlist)) {
            fail(FAISSNET_NOT_TRAINED, "the index has no coarse centroids yet: set them before the codebooks");
        }
        std::copy_n(centroids, n, pq.centroids.data());
        set_trained(target, true);
        if (auto ivfpq = find_inside<faiss::IndexIVFPQ>(target)) {
            ivfpq->precompute_table();
        }
    });
}
