// What index types have beside the parameters of a search: by FAISS's names of the fields.
#include <cmath>
#include <cstring>
#include <limits>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexLSH.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexScalarQuantizer.h>

#include "handle.hpp"
#include "limits.hpp"
#include "quantizers.hpp"

namespace faissnet {
namespace {

constexpr double kInt = 2147483647;

// When a field may be set: training or content would not fit it otherwise.
enum When { kNever, kUntrained, kAlways };

// One field of one index, found; reads if it is not told to write.
class Field {
   public:
    Field(const char* name, const double* value) : name_(name), value_(value) {}

    bool is(const char* name) const {
        return std::strcmp(name_, name) == 0;
    }

    template <typename T>
    bool operator()(const faiss::Index& index, T& field, When when, double least, double most, double* out) const {
        if (value_ == nullptr) {
            *out = static_cast<double>(field);
            return true;
        }
        if (when == kNever) {
            fail(FAISSNET_UNSUPPORTED, "%s is what the index was made with: make another index", name_);
        }
        if (when == kUntrained && (index.ntotal != 0 || (index.is_trained && trains(index)))) {
            fail(FAISSNET_UNSUPPORTED, "%s is %g: it can be set before training only", name_, *value_);
        }
        const bool whole = !std::is_floating_point<T>::value;
        if (!(*value_ >= least && *value_ <= most) || (whole && *value_ != std::floor(*value_))) {
            fail(FAISSNET_INVALID_ARGUMENT, "%s is %g: expected %s%g to %g", name_, *value_, whole ? "a whole number from " : "", least, most);
        }
        field = static_cast<T>(*value_);
        return true;
    }

    bool writes() const {
        return value_ != nullptr;
    }

   private:
    // A scalar quantizer of 16-bit floats needs no training, and its range means nothing.
    static bool trains(const faiss::Index& index) {
        auto sq = dynamic_cast<const faiss::IndexScalarQuantizer*>(&index);
        return sq == nullptr || !sq->sq.trained.empty();
    }

    const char* name_;
    const double* value_;
};

bool of_clustering(faiss::IndexIVF& ivf, const Field& field, double* out) {
    auto& cp = ivf.cp;
    return (field.is("cp.niter") && field(ivf, cp.niter, kAlways, 1, kInt, out)) ||
            (field.is("cp.nredo") && field(ivf, cp.nredo, kAlways, 1, kInt, out)) ||
            (field.is("cp.seed") && field(ivf, cp.seed, kAlways, std::numeric_limits<int>::min(), kInt, out)) ||
            (field.is("cp.spherical") && field(ivf, cp.spherical, kAlways, 0, 1, out)) ||
            (field.is("cp.max_points_per_centroid") && field(ivf, cp.max_points_per_centroid, kAlways, 1, kInt, out));
}

// Building or dropping the table is what setting it means.
bool of_table(faiss::IndexIVFPQ& ivfpq, const Field& field, double* out) {
    if (!field(ivfpq, ivfpq.use_precomputed_table, kAlways, -1, 1, out)) {
        return false;
    }
    if (field.writes()) {
        ivfpq.precomputed_table.resize(0);
        if (ivfpq.is_trained) {
            ivfpq.precompute_table();
        }
    }
    return true;
}

bool of_sq(faiss::Index& index, faiss::ScalarQuantizer& sq, const Field& field, double* out) {
    int type = sq.qtype, stat = sq.rangestat;
    if (field.is("qtype")) {
        return field(index, type, kNever, 0, 0, out);
    }
    if (field.is("rangestat")) {
        const bool found = field(index, stat, kUntrained, 0, faiss::ScalarQuantizer::RS_optim, out);
        sq.rangestat = static_cast<faiss::ScalarQuantizer::RangeStat>(stat);
        return found;
    }
    return field.is("rangestat_arg") && field(index, sq.rangestat_arg, kUntrained, -1e6, 1e6, out);
}

// Of a product the quantizers of all parts are alike.
bool of_encoder(faiss::Index& index, faiss::AdditiveQuantizer& aq, const Field& field, double* out) {
    if (auto product = dynamic_cast<faiss::ProductAdditiveQuantizer*>(&aq)) {
        if (field.is("nsplits")) {
            return field(index, product->nsplits, kNever, 0, 0, out);
        }
        bool found = !product->quantizers.empty();
        for (auto part : product->quantizers) {
            found = found && of_encoder(index, *part, field, out);
        }
        return found;
    }
    if (auto rq = dynamic_cast<faiss::ResidualQuantizer*>(&aq)) {
        return (field.is("max_beam_size") && field(index, rq->max_beam_size, kAlways, 1, 1024, out)) ||
                (field.is("train_type") && field(index, rq->train_type, kUntrained, 0, 4095, out)) ||
                (field.is("niter_codebook_refine") && field(index, rq->niter_codebook_refine, kUntrained, 1, 1000, out));
    }
    if (auto lsq = dynamic_cast<faiss::LocalSearchQuantizer*>(&aq)) {
        return (field.is("train_iters") && field(index, lsq->train_iters, kUntrained, 1, 10000, out)) ||
                (field.is("train_ils_iters") && field(index, lsq->train_ils_iters, kUntrained, 1, 10000, out)) ||
                (field.is("encode_ils_iters") && field(index, lsq->encode_ils_iters, kAlways, 1, 10000, out)) ||
                (field.is("icm_iters") && field(index, lsq->icm_iters, kAlways, 1, 10000, out)) ||
                (field.is("nperts") && field(index, lsq->nperts, kAlways, 0, static_cast<double>(lsq->M), out)) ||
                (field.is("random_seed") && field(index, lsq->random_seed, kAlways, std::numeric_limits<int>::min(), kInt, out));
    }
    return false;
}

bool of_additive(faiss::Index& index, faiss::AdditiveQuantizer& aq, const Field& field, double* out) {
    int search_type = aq.search_type;
    if ((field.is("M") && field(index, aq.M, kNever, 0, 0, out)) ||
        (field.is("nbits") && !aq.nbits.empty() && field(index, aq.nbits[0], kNever, 0, 0, out)) ||
        (field.is("search_type") && field(index, search_type, kNever, 0, 0, out))) {
        return true;
    }
    return of_encoder(index, aq, field, out);
}

bool of_ivf(faiss::IndexIVF& ivf, const Field& field, double* out) {
    if (of_clustering(ivf, field, out) || (field.is("parallel_mode") && field(ivf, ivf.parallel_mode, kAlways, 0, 2, out))) {
        return true;
    }
    if (auto refined = dynamic_cast<faiss::IndexIVFPQR*>(&ivf)) {
        // Its second quantizer takes the codes for those of residuals.
        return (field.is("by_residual") && field(ivf, refined->by_residual, kNever, 0, 0, out)) ||
                (field.is("use_precomputed_table") && of_table(*refined, field, out)) ||
                (field.is("M_refine") && field(ivf, refined->refine_pq.M, kNever, 0, 0, out)) ||
                (field.is("nbits_refine") && field(ivf, refined->refine_pq.nbits, kNever, 0, 0, out)) ||
                (field.is("do_polysemous_training") && field(ivf, refined->do_polysemous_training, kUntrained, 0, 1, out));
    }
    if (auto ivfpq = dynamic_cast<faiss::IndexIVFPQ*>(&ivf)) {
        return (field.is("by_residual") && field(ivf, ivfpq->by_residual, kUntrained, 0, 1, out)) ||
                (field.is("use_precomputed_table") && of_table(*ivfpq, field, out)) ||
                (field.is("do_polysemous_training") && field(ivf, ivfpq->do_polysemous_training, kUntrained, 0, 1, out));
    }
    if (auto fast = dynamic_cast<faiss::IndexIVFPQFastScan*>(&ivf)) {
        return (field.is("by_residual") && field(ivf, fast->by_residual, kUntrained, 0, 1, out)) ||
                (field.is("bbs") && field(ivf, fast->bbs, kNever, 0, 0, out));
    }
    if (auto sq = dynamic_cast<faiss::IndexIVFScalarQuantizer*>(&ivf)) {
        return (field.is("by_residual") && field(ivf, sq->by_residual, kUntrained, 0, 1, out)) || of_sq(ivf, sq->sq, field, out);
    }
    if (auto additive = dynamic_cast<faiss::IndexIVFAdditiveQuantizer*>(&ivf)) {
        return (field.is("by_residual") && field(ivf, additive->by_residual, kUntrained, 0, 1, out)) || of_additive(ivf, *additive->aq, field, out);
    }
    auto qb = rabitq_query_bits(ivf);
    return field.is("qb") && qb != nullptr && field(ivf, *qb, kAlways, 0, 8, out);
}

bool of_others(faiss::Index& index, const Field& field, double* out) {
    if (auto pq = dynamic_cast<faiss::IndexPQ*>(&index)) {
        return field.is("do_polysemous_training") && field(index, pq->do_polysemous_training, kUntrained, 0, 1, out);
    }
    if (auto fast = dynamic_cast<faiss::IndexPQFastScan*>(&index)) {
        return field.is("bbs") && field(index, fast->bbs, kNever, 0, 0, out);
    }
    if (auto sq = dynamic_cast<faiss::IndexScalarQuantizer*>(&index)) {
        return of_sq(index, sq->sq, field, out);
    }
    if (auto additive = dynamic_cast<faiss::IndexAdditiveQuantizer*>(&index)) {
        return of_additive(index, *additive->aq, field, out);
    }
    if (auto lsh = dynamic_cast<faiss::IndexLSH*>(&index)) {
        return (field.is("nbits") && field(index, lsh->nbits, kNever, 0, 0, out)) ||
                (field.is("rotate_data") && field(index, lsh->rotate_data, kNever, 0, 0, out)) ||
                (field.is("train_thresholds") && field(index, lsh->train_thresholds, kNever, 0, 0, out));
    }
    if (auto hnsw = dynamic_cast<faiss::IndexHNSW*>(&index)) {
        int links = hnsw->hnsw.cum_nneighbor_per_level.size() < 3 ? 0 : hnsw->hnsw.nb_neighbors(1);
        return field.is("M") && field(index, links, kNever, 0, 0, out);
    }
    if (auto shards = dynamic_cast<faiss::IndexShards*>(&index)) {
        return field.is("successive_ids") && field(index, shards->successive_ids, kNever, 0, 0, out);
    }
    auto qb = rabitq_query_bits(index);
    return field.is("qb") && qb != nullptr && field(index, *qb, kAlways, 0, 8, out);
}

// The p of Lp, which other metrics do not have. A graph compares by that of its storage.
bool of_metric(faiss::Index& index, const Field& field, double* out) {
    if (!field.is("metric_arg")) {
        return false;
    }
    auto hnsw = dynamic_cast<faiss::IndexHNSWFlat*>(&index);
    if (hnsw == nullptr && dynamic_cast<faiss::IndexFlat*>(&index) == nullptr) {
        return false;
    }
    if (field.writes() && index.metric_type != faiss::METRIC_Lp) {
        fail(FAISSNET_UNSUPPORTED, "metric_arg is of the metric Lp alone: this index has another one");
    }
    if (field.writes() && index.ntotal != 0) {
        fail(FAISSNET_UNSUPPORTED, "metric_arg can be set while the index is empty only");
    }
    const bool found = field(index, index.metric_arg, kAlways, 1e-3, 1e3, out);
    if (hnsw != nullptr && field.writes()) {
        hnsw->storage->metric_arg = index.metric_arg;
    }
    return found;
}

void access(faiss::Index& index, const char* name, const double* value, double* out) {
    require(name != nullptr, "name must not be NULL");
    const Field field(name, value);
    if (of_metric(index, field, out)) {
        return;
    }
    auto ivf = dynamic_cast<faiss::IndexIVF*>(&index);
    if (ivf != nullptr ? !of_ivf(*ivf, field, out) : !of_others(index, field, out)) {
        fail(FAISSNET_UNSUPPORTED, "name is \"%.100s\": this index type has no such option", name);
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_set_option(faissnet_index* index, const char* name, double value) {
    return guard([&] { access(open(index), name, &value, nullptr); });
}

faissnet_status faissnet_index_get_option(const faissnet_index* index, const char* name, double* value) {
    return guard([&] {
        require(value != nullptr, "value must not be NULL");
        access(const_cast<faiss::Index&>(open(index)), name, nullptr, value);
    });
}
