// FAISS's constructors.
#include <memory>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexLSH.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexScalarQuantizer.h>

#include "handle.hpp"
#include "limits.hpp"

namespace faissnet {
namespace {

using Spec = faissnet_index_spec;
using SearchType = faiss::AdditiveQuantizer::Search_type_t;

faiss::MetricType usual_metric(const Spec& spec) {
    return require_usual_metric(spec.metric);
}

int links(const Spec& spec) {
    // The levels are drawn by a logarithm to the base of the number of links, which gives none for 1.
    require_range("links", spec.links, 2, 4096);
    return spec.links;
}

int block(const Spec& spec) {
    if (spec.block < 0 || spec.block % 32 != 0 || spec.block > 1 << 20) {
        fail(FAISSNET_INVALID_ARGUMENT, "block is %d: expected a multiple of 32", spec.block);
    }
    return spec.block == 0 ? 32 : spec.block;
}

void require_fast_scan(const Spec& spec) {
    require_pq(spec.d, spec.m, spec.nbits);
    require_range("nbits", spec.nbits, 4, 4);
}

// The last of FAISS's search types that do not belong to its fast-scan kernels.
SearchType additive(const Spec& spec) {
    require_range("m", spec.m, 1, 1024);
    require_range("nbits", spec.nbits, 1, kMaxBits);
    require_range("search_type", spec.search_type, faiss::AdditiveQuantizer::ST_decompress, faiss::AdditiveQuantizer::ST_norm_cqint4);
    return static_cast<SearchType>(spec.search_type);
}

// Of a product of such quantizers, each over a part of the vector.
SearchType additive_product(const Spec& spec) {
    if (spec.nsplits < 1 || spec.nsplits > spec.d || spec.d % spec.nsplits != 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "nsplits is %lld: expected a divisor of d = %d", static_cast<long long>(spec.nsplits), spec.d);
    }
    return additive(spec);
}

void require_rabitq() {
    if (!kHasRaBitQ) {
        fail(FAISSNET_UNSUPPORTED, "FAISS %d.%d has no RaBitQ indexes: they came with 1.11", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR);
    }
}

std::unique_ptr<faiss::Index> make(const Spec& spec) {
    switch (spec.kind) {
        case FAISSNET_KIND_FLAT:
            return std::make_unique<faiss::IndexFlat>(spec.d, require_metric(spec.metric));
        case FAISSNET_KIND_PQ:
            require_pq(spec.d, spec.m, spec.nbits);
            return std::make_unique<faiss::IndexPQ>(spec.d, spec.m, spec.nbits, usual_metric(spec));
        case FAISSNET_KIND_PQ_FAST_SCAN:
            require_fast_scan(spec);
            return std::make_unique<faiss::IndexPQFastScan>(spec.d, spec.m, spec.nbits, usual_metric(spec), block(spec));
        case FAISSNET_KIND_SCALAR_QUANTIZER:
            return std::make_unique<faiss::IndexScalarQuantizer>(spec.d, require_qtype(spec.qtype), usual_metric(spec));
        case FAISSNET_KIND_RESIDUAL_QUANTIZER:
            return std::make_unique<faiss::IndexResidualQuantizer>(spec.d, spec.m, spec.nbits, usual_metric(spec), additive(spec));
        case FAISSNET_KIND_LOCAL_SEARCH_QUANTIZER:
            return std::make_unique<faiss::IndexLocalSearchQuantizer>(spec.d, spec.m, spec.nbits, usual_metric(spec), additive(spec));
        case FAISSNET_KIND_PRODUCT_RESIDUAL_QUANTIZER:
            return std::make_unique<faiss::IndexProductResidualQuantizer>(
                    spec.d, spec.nsplits, spec.m, spec.nbits, usual_metric(spec), additive_product(spec));
        case FAISSNET_KIND_PRODUCT_LOCAL_SEARCH_QUANTIZER:
            return std::make_unique<faiss::IndexProductLocalSearchQuantizer>(
                    spec.d, spec.nsplits, spec.m, spec.nbits, usual_metric(spec), additive_product(spec));
        case FAISSNET_KIND_RABITQ:
            require_rabitq();
            return make_rabitq(spec.d, usual_metric(spec));
        case FAISSNET_KIND_LSH:
            // Without a rotation there is one bit per component.
            require_range("nbits", spec.nbits, 1, spec.rotate != 0 ? kMaxDimension : spec.d);
            require_range("metric", spec.metric, FAISSNET_METRIC_L2, FAISSNET_METRIC_L2);
            return std::make_unique<faiss::IndexLSH>(spec.d, spec.nbits, spec.rotate != 0, spec.thresholds != 0);
        case FAISSNET_KIND_HNSW_FLAT:
            return std::make_unique<faiss::IndexHNSWFlat>(spec.d, links(spec), require_metric(spec.metric));
        case FAISSNET_KIND_HNSW_SQ:
            return std::make_unique<faiss::IndexHNSWSQ>(spec.d, require_qtype(spec.qtype), links(spec), usual_metric(spec));
        case FAISSNET_KIND_HNSW_PQ:
            require_pq(spec.d, spec.m, 8);
            require_range("metric", spec.metric, FAISSNET_METRIC_L2, FAISSNET_METRIC_L2);
            return std::make_unique<faiss::IndexHNSWPQ>(spec.d, static_cast<int>(spec.m), links(spec));
        default:
            fail(FAISSNET_INVALID_ARGUMENT, "kind is %d: no kind of index that is made from its parameters", spec.kind);
    }
}

std::unique_ptr<faiss::IndexIVF> make_ivf(const Spec& spec, faiss::Index* quantizer) {
    const auto metric = usual_metric(spec);
    switch (spec.kind) {
        case FAISSNET_KIND_IVF_FLAT:
            return std::make_unique<faiss::IndexIVFFlat>(quantizer, spec.d, spec.nlist, metric);
        case FAISSNET_KIND_IVF_PQ:
            require_pq(spec.d, spec.m, spec.nbits);
            return std::make_unique<faiss::IndexIVFPQ>(quantizer, spec.d, spec.nlist, spec.m, spec.nbits, metric);
        case FAISSNET_KIND_IVF_PQ_FAST_SCAN:
            require_fast_scan(spec);
            return std::make_unique<faiss::IndexIVFPQFastScan>(quantizer, spec.d, spec.nlist, spec.m, spec.nbits, metric, block(spec));
        case FAISSNET_KIND_IVF_SCALAR_QUANTIZER:
            return std::make_unique<faiss::IndexIVFScalarQuantizer>(quantizer, spec.d, spec.nlist, require_qtype(spec.qtype), metric);
        case FAISSNET_KIND_IVF_RESIDUAL_QUANTIZER:
            return std::make_unique<faiss::IndexIVFResidualQuantizer>(quantizer, spec.d, spec.nlist, spec.m, spec.nbits, metric, additive(spec));
        case FAISSNET_KIND_IVF_LOCAL_SEARCH_QUANTIZER:
            return std::make_unique<faiss::IndexIVFLocalSearchQuantizer>(quantizer, spec.d, spec.nlist, spec.m, spec.nbits, metric, additive(spec));
        case FAISSNET_KIND_IVF_PRODUCT_RESIDUAL_QUANTIZER:
            return std::make_unique<faiss::IndexIVFProductResidualQuantizer>(
                    quantizer, spec.d, spec.nlist, spec.nsplits, spec.m, spec.nbits, metric, additive_product(spec));
        case FAISSNET_KIND_IVF_PRODUCT_LOCAL_SEARCH_QUANTIZER:
            return std::make_unique<faiss::IndexIVFProductLocalSearchQuantizer>(
                    quantizer, spec.d, spec.nlist, spec.nsplits, spec.m, spec.nbits, metric, additive_product(spec));
        case FAISSNET_KIND_IVF_PQR:
            require_range("metric", spec.metric, FAISSNET_METRIC_L2, FAISSNET_METRIC_L2);
            require_pq(spec.d, spec.m, spec.nbits);
            require_pq(spec.d, spec.m_refine, spec.nbits_refine);
            return std::make_unique<faiss::IndexIVFPQR>(quantizer, spec.d, spec.nlist, spec.m, spec.nbits, spec.m_refine, spec.nbits_refine);
        case FAISSNET_KIND_IVF_RABITQ:
            require_rabitq();
            return make_ivf_rabitq(quantizer, spec.d, spec.nlist, metric);
        default:
            return nullptr;
    }
}

// Residuals need the centroids back, and what the quantizer finds are numbers of lists.
bool can_be_quantizer(const faiss::Index& index) {
    if (auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
        return dynamic_cast<const faiss::IndexHNSW2Level*>(hnsw) == nullptr && can_be_quantizer(*hnsw->storage);
    }
    return dynamic_cast<const faiss::IndexFlat*>(&index) != nullptr || dynamic_cast<const faiss::IndexPQ*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexScalarQuantizer*>(&index) != nullptr;
}

void require_quantizer(const Spec& spec) {
    require_whole(spec.quantizer, "quantizer");
    const auto& quantizer = open(spec.quantizer);
    if (!can_be_quantizer(quantizer)) {
        fail(FAISSNET_INVALID_ARGUMENT, "quantizer is of a type that cannot give centroids back by their numbers: expected a flat, SQ, PQ or HNSW index");
    }
    if (quantizer.d != spec.d) {
        fail(FAISSNET_INVALID_ARGUMENT, "quantizer has the dimension %d: expected d = %d", static_cast<int>(quantizer.d), spec.d);
    }
    if (quantizer.ntotal != 0 && quantizer.ntotal != spec.nlist) {
        fail(FAISSNET_INVALID_ARGUMENT, "quantizer holds %lld vectors: expected none, or nlist = %lld centroids",
             static_cast<long long>(quantizer.ntotal), static_cast<long long>(spec.nlist));
    }
}

bool is_ivf(int32_t kind) {
    return (kind >= FAISSNET_KIND_IVF_FLAT && kind <= FAISSNET_KIND_IVF_RABITQ) ||
            (kind >= FAISSNET_KIND_IVF_PQR && kind <= FAISSNET_KIND_IVF_PRODUCT_LOCAL_SEARCH_QUANTIZER);
}

void construct_ivf(const Spec& spec, faissnet_index** index) {
    require_range("nlist", spec.nlist, 1, INT32_MAX);
    std::unique_ptr<faiss::Index> flat;
    std::vector<faissnet_index*> parts;
    if (spec.quantizer != nullptr) {
        require_quantizer(spec);
        parts.push_back(spec.quantizer);
    } else {
        flat = std::make_unique<faiss::IndexFlat>(spec.d, usual_metric(spec));
    }
    auto quantizer = flat != nullptr ? flat.get() : &open(spec.quantizer);
    auto made = make_ivf(spec, quantizer);
    auto ivf = made.get();
    // k-means on something that is not exact would go astray: as the factory does, its centroids are found by a flat index.
    if (dynamic_cast<faiss::IndexFlat*>(quantizer) == nullptr) {
        ivf->quantizer_trains_alone = 2;
    }
    hand_over(std::move(made), parts, [&] {
        flat.release();
        ivf->own_fields = true;
    }, index);
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_new(const faissnet_index_spec* spec, faissnet_index** index) {
    return guard([&] {
        require(spec != nullptr, "spec must not be NULL");
        require_dimension(spec->d);
        if (is_ivf(spec->kind)) {
            construct_ivf(*spec, index);
        } else {
            hand_over(make(*spec), index);
        }
    });
}
