#include "copy.hpp"

#include <algorithm>
#include <typeinfo>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexLSH.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/VectorTransform.h>
#include <faiss/clone_index.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>

#include "composed.hpp"
#include "loaded.hpp"
#include "quantizers.hpp"
#include "stored.hpp"

namespace faissnet {
namespace {

template <typename... Types>
bool is_one_of(const std::type_info& type) {
    return ((type == typeid(Types)) || ...);
}

// Whether FAISS's clone_index makes the same again. Some types it refuses, leaking what it has copied by then; of others
// (HNSW) it copies a base class only, which then cannot be written.
bool clones(const faiss::Index& index) {
    const auto& type = typeid(index);
    if (is_one_of<faiss::IndexFlat, faiss::IndexFlatL2, faiss::IndexFlatIP, faiss::IndexPQ, faiss::IndexLSH, faiss::IndexScalarQuantizer>(type)) {
        return true;
    }
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        return is_one_of<faiss::IndexIDMap, faiss::IndexIDMap2>(type) && clones(*map->index);
    }
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        return std::all_of(chain->chain.begin(), chain->chain.end(), [](const faiss::VectorTransform* transform) {
            return dynamic_cast<const faiss::LinearTransform*>(transform) != nullptr;
        }) && clones(*chain->index);
    }
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        return is_one_of<faiss::IndexIVFFlat, faiss::IndexIVFPQ, faiss::IndexIVFScalarQuantizer>(type) &&
                dynamic_cast<const faiss::ArrayInvertedLists*>(ivf->invlists) != nullptr && clones(*ivf->quantizer);
    }
    return false;
}

// Settings that files do not hold.
void copy_settings(const faiss::Index& from, faiss::Index& to) {
    auto from_ivf = find_inside<faiss::IndexIVF>(from);
    auto to_ivf = find_inside<faiss::IndexIVF>(to);
    if (from_ivf != nullptr && to_ivf != nullptr) {
        to_ivf->cp = from_ivf->cp;
        to_ivf->max_codes = from_ivf->max_codes;
    }
    auto from_pq = find_pq(from);
    auto to_pq = find_pq(to);
    if (from_pq != nullptr && to_pq != nullptr) {
        to_pq->cp = from_pq->cp;
    }
    auto from_ivfpq = find_inside<faiss::IndexIVFPQ>(from);
    auto to_ivfpq = find_inside<faiss::IndexIVFPQ>(to);
    if (from_ivfpq != nullptr && to_ivfpq != nullptr) {
        to_ivfpq->do_polysemous_training = from_ivfpq->do_polysemous_training;
        to_ivfpq->polysemous_ht = from_ivfpq->polysemous_ht;
    }
}

} // namespace

template <typename Several>
std::unique_ptr<faiss::Index> copy_members(const faiss::Index& source, std::unique_ptr<Several> copy) {
    copy->metric_type = source.metric_type;
    copy->is_trained = source.is_trained;
    own_all(*copy, 0);
    for (const auto& member : members_of(source)) {
        auto made = copy_of(*member.index);
        copy->addIndex(made.get());
        made.release();
    }
    return copy;
}

std::unique_ptr<faiss::Index> copy_of(const faiss::Index& source) {
    if (auto shards = dynamic_cast<const faiss::IndexShards*>(&source)) {
        return copy_members(source, std::make_unique<faiss::IndexShards>(source.d, false, shards->successive_ids));
    }
    if (is_composed(source)) {
        return copy_members(source, std::make_unique<faiss::IndexReplicas>(source.d, false));
    }
    if (clones(source)) {
        return std::unique_ptr<faiss::Index>(faiss::clone_index(&source));
    }
    require_readable(source);
    // What can be written can be copied through memory.
    faiss::VectorIOWriter writer;
    {
        prepare_io();
        const InFull in_full;
        faiss::write_index(&source, &writer);
    }
    faiss::VectorIOReader reader;
    reader.data.swap(writer.data);
    auto copy = read_index(reader, Reading());
    settle_loaded(*copy);
    copy_settings(source, *copy);
    return copy;
}

} // namespace faissnet
