// Moving the vectors of one index to another.
#include <cstring>
#include <memory>
#include <typeinfo>
#include <vector>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexLSH.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexPQFastScan.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/VectorTransform.h>
#include <faiss/invlists/InvertedLists.h>

#include "handle.hpp"
#include "merge.hpp"
#include "packed.hpp"
#include "parts.hpp"
#include "quantizers.hpp"
#include "stored.hpp"

namespace faissnet {
namespace {

// FAISS compares too little before it merges (no codebooks), has no merge of refined indexes, does not shift the positions
// under an IDMap, and takes an IndexFlat and the IndexFlatL2 that it reads back from a file for two types. So all of it is here.

bool is_plain_flat(const faiss::Index& index) {
    const auto& type = typeid(index);
    return type == typeid(faiss::IndexFlat) || type == typeid(faiss::IndexFlatL2) || type == typeid(faiss::IndexFlatIP);
}

bool keeps_ids(const faiss::Index& index) {
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        return keeps_ids(*chain->index);
    }
    return dynamic_cast<const faiss::IndexIDMap*>(&index) != nullptr || dynamic_cast<const faiss::IndexIVF*>(&index) != nullptr;
}

void require_same_pq(const faiss::Index& to, const faiss::Index& from) {
    const auto *a = find_pq(to), *b = find_pq(from);
    if (a != nullptr && b != nullptr) {
        require_same(a->M == b->M && a->nbits == b->nbits && a->centroids == b->centroids, "their codebooks are not the same");
    }
}

void require_same_sq(const faiss::ScalarQuantizer& a, const faiss::ScalarQuantizer& b) {
    require_same(a.qtype == b.qtype && a.trained == b.trained, "their scalar quantizers are not the same");
}

void require_same_lists(const faiss::IndexIVF& a, const faiss::IndexIVF& b, int64_t add_id) {
    require_same(a.nlist == b.nlist, "they have different numbers of lists");
    require_same_centroids(a, 0, b, 0, static_cast<int64_t>(a.nlist));
    for (size_t list = 0; list < b.nlist; list++) {
        require_shift(faiss::InvertedLists::ScopedIds(b.invlists, list).get(), b.invlists->list_size(list), add_id);
    }
}

void require_same_additive(const faiss::AdditiveQuantizer& a, const faiss::AdditiveQuantizer& b) {
    require_same(a.nbits == b.nbits && a.codebooks == b.codebooks, "their codebooks are not the same");
    require_same(a.search_type == b.search_type && a.norm_min == b.norm_min && a.norm_max == b.norm_max &&
                         a.qnorm.ntotal == b.qnorm.ntotal &&
                         (a.qnorm.ntotal == 0 || std::memcmp(a.qnorm.get_xb(), b.qnorm.get_xb(), a.qnorm.ntotal * sizeof(float)) == 0),
                 "they store norms differently");
}

void require_same_lsh(const faiss::IndexLSH& a, const faiss::IndexLSH& b) {
    require_same(a.nbits == b.nbits && a.rotate_data == b.rotate_data && a.train_thresholds == b.train_thresholds &&
                         a.thresholds == b.thresholds && (!a.rotate_data || a.rrot.A == b.rrot.A),
                 "they make different bits of a vector");
}

} // namespace

void require_same_codes(const faiss::IndexIVF& to, const faiss::IndexIVF& from) {
    require_same(to.code_size == from.code_size, "their codes have different sizes");
    if (auto pq = dynamic_cast<const faiss::IndexIVFPQ*>(&to); pq != nullptr && typeid(to) == typeid(faiss::IndexIVFPQ)) {
        require_same_pq(to, from);
        require_same(pq->by_residual == static_cast<const faiss::IndexIVFPQ&>(from).by_residual, "only one of them encodes residuals");
    } else if (auto sq = dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(&to)) {
        const auto& other_sq = static_cast<const faiss::IndexIVFScalarQuantizer&>(from);
        require_same_sq(sq->sq, other_sq.sq);
        require_same(sq->by_residual == other_sq.by_residual, "only one of them encodes residuals");
    } else if (auto additive = dynamic_cast<const faiss::IndexIVFAdditiveQuantizer*>(&to)) {
        const auto& other_additive = static_cast<const faiss::IndexIVFAdditiveQuantizer&>(from);
        require_same_additive(*additive->aq, *other_additive.aq);
        require_same(additive->by_residual == other_additive.by_residual, "only one of them encodes residuals");
    } else if (auto fast = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&to); fast != nullptr && is_packed(*fast)) {
        const auto& other_fast = static_cast<const faiss::IndexIVFPQFastScan&>(from);
        require_same(is_packed(other_fast), "only one of them keeps its lists in blocks of codes");
        require_same_pq(to, from);
        require_same(fast->by_residual == other_fast.by_residual, "only one of them encodes residuals");
    } else if (typeid(to) != typeid(faiss::IndexIVFFlat)) {
        fail(FAISSNET_UNSUPPORTED, "merging is not supported by this type of IVF index: add the vectors of the other one");
    }
}

void require_same_centroids(const faiss::IndexIVF& a, int64_t a_first, const faiss::IndexIVF& b, int64_t b_first, int64_t count) {
    // The quantizer of a damaged file may hold anything.
    require_same(a.quantizer->ntotal == static_cast<int64_t>(a.nlist) && b.quantizer->ntotal == static_cast<int64_t>(b.nlist) &&
                         a.quantizer->d == b.quantizer->d,
                 "a coarse quantizer does not hold a centroid for each list");
    std::vector<float> one(a.quantizer->d), other(a.quantizer->d);
    for (int64_t list = 0; list < count; list++) {
        a.quantizer->reconstruct(a_first + list, one.data());
        b.quantizer->reconstruct(b_first + list, other.data());
        require_same(one == other, "their coarse centroids are not the same; clones, and copies of one trained index, fit together");
    }
}

void require_same_chain(const faiss::IndexPreTransform& a, const faiss::IndexPreTransform& b) {
    require_same(a.chain.size() == b.chain.size(), "they transform vectors differently");
    for (size_t i = 0; i < a.chain.size(); i++) {
        try {
            a.chain[i]->check_identical(*b.chain[i]);
        } catch (const faiss::FaissException&) {
            fail_merge("they transform vectors differently");
        }
    }
}

namespace {

// Throws unless move() can do what is asked for.
void check(const faiss::Index& to, const faiss::Index& from, int64_t add_id) {
    require_same(typeid(to) == typeid(from) || (is_plain_flat(to) && is_plain_flat(from)), "they are of different types");
    require_same(to.d == from.d, "they have different dimensions");
    require_same(to.metric_type == from.metric_type && to.metric_arg == from.metric_arg, "they have different metrics");
    require_same(to.is_trained && from.is_trained, "one of them is not trained");

    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&to)) {
        const auto& other = static_cast<const faiss::IndexIDMap&>(from);
        check(*map->index, *other.index, map->index->ntotal);
        require_shift(other.id_map.data(), other.id_map.size(), add_id);
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&to)) {
        const auto& other = static_cast<const faiss::IndexPreTransform&>(from);
        require_same_chain(*chain, other);
        check(*chain->index, *other.index, add_id);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&to)) {
        const auto& other = static_cast<const faiss::IndexRefine&>(from);
        check(*refine->base_index, *other.base_index, refine->ntotal);
        check(*refine->refine_index, *other.refine_index, refine->ntotal);
    } else if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&to)) {
        const auto& other = static_cast<const faiss::IndexIVF&>(from);
        require_same_codes(*ivf, other);
        require_same_lists(*ivf, other, add_id);
    } else if (dynamic_cast<const faiss::IndexPQ*>(&to) != nullptr) {
        require_same_pq(to, from);
    } else if (auto sq = dynamic_cast<const faiss::IndexScalarQuantizer*>(&to)) {
        require_same_sq(sq->sq, static_cast<const faiss::IndexScalarQuantizer&>(from).sq);
    } else if (auto fast = dynamic_cast<const faiss::IndexPQFastScan*>(&to)) {
        require_same_pq(to, from);
        require_same(is_packed(*fast) && is_packed(static_cast<const faiss::IndexPQFastScan&>(from)), "one of them keeps more than codes in its blocks");
    } else if (auto additive = dynamic_cast<const faiss::IndexAdditiveQuantizer*>(&to)) {
        require_same_additive(*additive->aq, *static_cast<const faiss::IndexAdditiveQuantizer&>(from).aq);
    } else if (auto lsh = dynamic_cast<const faiss::IndexLSH*>(&to)) {
        require_same_lsh(*lsh, static_cast<const faiss::IndexLSH&>(from));
    } else if (!is_plain_flat(to)) {
        fail(FAISSNET_UNSUPPORTED, "merging is not supported by this index type: add the vectors of the other one");
    }
}

// List by list, so that both indexes are whole, if not done, should the memory run out.
void move_lists(faiss::IndexIVF& to, faiss::IndexIVF& from, int64_t add_id) {
    // Direct maps are derived data, which faissnet_index_reconstruct does not need.
    for (auto ivf : {&to, &from}) {
        if (!ivf->direct_map.no()) {
            ivf->set_direct_map_type(faiss::DirectMap::NoMap);
        }
    }
    if (auto fast = dynamic_cast<faiss::IndexIVFFastScan*>(&to)) {
        move_packed(*fast, static_cast<faiss::IndexIVFFastScan&>(from), add_id);
        from.ntotal = 0;
        return;
    }
    std::vector<idx_t> ids;
    for (size_t list = 0; list < from.nlist; list++) {
        const size_t size = from.invlists->list_size(list);
        if (size == 0) {
            continue;
        }
        {
            faiss::InvertedLists::ScopedIds old(from.invlists, list);
            faiss::InvertedLists::ScopedCodes codes(from.invlists, list);
            ids.assign(old.get(), old.get() + size);
            for (auto& id : ids) {
                id += add_id;
            }
            to.invlists->add_entries(list, size, ids.data(), codes.get());
            if (auto stored = dynamic_cast<StoredLists*>(to.invlists)) {
                stored->rethrow();
            }
        }
        to.ntotal += static_cast<int64_t>(size);
        from.invlists->resize(list, 0);
        from.ntotal -= static_cast<int64_t>(size);
    }
    from.ntotal = 0; // of a damaged file it may have been anything
}

void move(faiss::Index& to, faiss::Index& from, int64_t add_id) {
    if (auto map = dynamic_cast<faiss::IndexIDMap*>(&to)) {
        auto& other = static_cast<faiss::IndexIDMap&>(from);
        move_mapped<faiss::IndexIDMap2>(*map, other, add_id, move);
    } else if (auto chain = dynamic_cast<faiss::IndexPreTransform*>(&to)) {
        auto& other = static_cast<faiss::IndexPreTransform&>(from);
        move(*chain->index, *other.index, add_id);
        to.ntotal = chain->index->ntotal;
        from.ntotal = other.index->ntotal;
    } else if (auto refine = dynamic_cast<faiss::IndexRefine*>(&to)) {
        auto& other = static_cast<faiss::IndexRefine&>(from);
        // What the base finds are positions in the refining index.
        move(*refine->base_index, *other.base_index, refine->ntotal);
        move(*refine->refine_index, *other.refine_index, refine->ntotal);
        to.ntotal = refine->refine_index->ntotal;
        from.ntotal = other.refine_index->ntotal;
    } else if (auto ivf = dynamic_cast<faiss::IndexIVF*>(&to)) {
        move_lists(*ivf, static_cast<faiss::IndexIVF&>(from), add_id);
    } else if (is_plain_flat(to)) {
        if (from.ntotal > 0) {
            to.add(from.ntotal, static_cast<faiss::IndexFlat&>(from).get_xb());
        }
        from.reset();
    } else if (auto fast = dynamic_cast<faiss::IndexFastScan*>(&to)) {
        move_packed(*fast, static_cast<faiss::IndexFastScan&>(from));
    } else {
        to.merge_from(from, 0);
    }
}

} // namespace

void require_mergeable(const faiss::Index& to, const faiss::Index& from, int64_t add_id) {
    check(to, from, add_id);
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_merge_from(faissnet_index* index, faissnet_index* other, int64_t add_id) {
    return guard([&] {
        auto& to = open(index);
        require(other != nullptr, "other must not be NULL");
        auto& from = open(other);
        require(&from != &to, "other is this index itself: expected another one");
        require_trained(to);
        require_add_id(add_id, keeps_ids(to), to.ntotal);
        check(to, from, add_id);
        require_writable(to);
        require_writable(from);
        const Change change(*index, Change::kVectors), other_change(*other, Change::kVectors);
        move(to, from, add_id);
    });
}
