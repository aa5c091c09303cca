#include "views.hpp"

#include <algorithm>
#include <cstring>
#include <set>
#include <typeinfo>

#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/VectorTransform.h>
#include <faiss/impl/FaissAssert.h>
#include <faiss/impl/io.h>
#include <faiss/index_io.h>

#include "copy.hpp"
#include "loaded.hpp"
#include "merge.hpp"

namespace faissnet {

namespace {

// The code that this thread asked for last: FAISS 1.7 does not give single codes back.
std::vector<uint8_t>& single_code() {
    thread_local std::vector<uint8_t> code;
    return code;
}

} // namespace

ViewedLists::ViewedLists(size_t code_size, std::vector<std::vector<Piece>> pieces, std::vector<std::unique_ptr<Shown>> shown)
        : InvertedLists(pieces.size(), code_size), pieces_(std::move(pieces)), shown_(std::move(shown)) {
    for (const auto& list : pieces_) {
        size_t size = 0;
        for (const auto& piece : list) {
            size += piece.lists->list_size(piece.list);
        }
        sizes_.push_back(size);
    }
}

const uint8_t* ViewedLists::get_codes(size_t list) const {
    const auto& pieces = pieces_[list];
    if (pieces.empty()) {
        return nullptr;
    }
    if (pieces.size() == 1) {
        return pieces[0].lists->get_codes(pieces[0].list);
    }
    std::unique_ptr<uint8_t[]> codes(new uint8_t[sizes_[list] * code_size]);
    uint8_t* to = codes.get();
    for (const auto& piece : pieces) {
        ScopedCodes from(piece.lists, piece.list);
        to = std::copy_n(from.get(), piece.lists->list_size(piece.list) * code_size, to);
    }
    return codes.release();
}

void ViewedLists::release_codes(size_t list, const uint8_t* codes) const {
    const auto& pieces = pieces_[list];
    if (pieces.size() == 1) {
        pieces[0].lists->release_codes(pieces[0].list, codes);
    } else if (codes != single_code().data()) {
        delete[] codes;
    }
}

const idx_t* ViewedLists::get_ids(size_t list) const {
    const auto& pieces = pieces_[list];
    if (pieces.empty()) {
        return nullptr;
    }
    if (shares_ids(list)) {
        return pieces[0].lists->get_ids(pieces[0].list);
    }
    std::unique_ptr<idx_t[]> ids(new idx_t[sizes_[list]]);
    idx_t* to = ids.get();
    for (const auto& piece : pieces) {
        ScopedIds from(piece.lists, piece.list);
        to = std::transform(from.get(), from.get() + piece.lists->list_size(piece.list), to, [&](idx_t id) { return id + piece.add_id; });
    }
    return ids.release();
}

void ViewedLists::release_ids(size_t list, const idx_t* ids) const {
    if (shares_ids(list)) {
        pieces_[list][0].lists->release_ids(pieces_[list][0].list, ids);
    } else {
        delete[] ids;
    }
}

const ViewedLists::Piece& ViewedLists::find(size_t list, size_t& offset) const {
    for (const auto& piece : pieces_[list]) {
        const size_t size = piece.lists->list_size(piece.list);
        if (offset < size) {
            return piece;
        }
        offset -= size;
    }
    FAISS_THROW_MSG("the list holds no such vector");
}

const uint8_t* ViewedLists::get_single_code(size_t list, size_t offset) const {
    const auto& piece = find(list, offset);
    if (pieces_[list].size() == 1) {
        return piece.lists->get_single_code(piece.list, offset);
    }
    auto& code = single_code();
    ScopedCodes from(piece.lists, piece.list, offset);
    if (from.get() != code.data()) { // a view of a view has put it there
        code.assign(from.get(), from.get() + code_size);
    }
    return code.data();
}

idx_t ViewedLists::get_single_id(size_t list, size_t offset) const {
    const auto& piece = find(list, offset);
    return piece.lists->get_single_id(piece.list, offset) + piece.add_id;
}

size_t ViewedLists::add_entries(size_t, size_t, const idx_t*, const uint8_t*) {
    FAISS_THROW_MSG("views of lists cannot be changed");
}

void ViewedLists::update_entries(size_t, size_t, size_t, const idx_t*, const uint8_t*) {
    FAISS_THROW_MSG("views of lists cannot be changed");
}

void ViewedLists::resize(size_t, size_t) {
    FAISS_THROW_MSG("views of lists cannot be changed");
}

namespace {

[[noreturn]] void fail_no_ivf(const char* name) {
    fail(FAISSNET_UNSUPPORTED, "%s is no IVF, nor one behind transforms: only their lists can be shown", name);
}

const faiss::IndexIVF& require_bare_ivf(const faiss::Index& index, const char* name) {
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        return require_bare_ivf(*chain->index, name);
    }
    auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    if (ivf == nullptr) {
        fail_no_ivf(name);
    }
    if (ivf->invlists->code_size != ivf->code_size) {
        fail(FAISSNET_UNSUPPORTED, "fast-scan keeps its lists in blocks, which cannot be shown");
    }
    return *ivf;
}

// Whether lists of one may be shown by an index that is trained as the other.
void require_same_training(const faiss::Index& a, const faiss::Index& b) {
    require_same(typeid(a) == typeid(b), "they are of different types");
    require_same(a.d == b.d, "they have different dimensions");
    require_same(a.metric_type == b.metric_type && a.metric_arg == b.metric_arg, "they have different metrics");
    require_same(a.is_trained && b.is_trained, "one of them is not trained");
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&a)) {
        const auto& other = static_cast<const faiss::IndexPreTransform&>(b);
        require_same_chain(*chain, other);
        require_same_training(*chain->index, *other.index);
    } else {
        require_same_codes(dynamic_cast<const faiss::IndexIVF&>(a), dynamic_cast<const faiss::IndexIVF&>(b));
    }
}

// The same index without its lists, large as they may be. Field by field: a copy of the whole would own the lists and the quantizer of the other
// one, and free them if memory ran out meanwhile.
template <typename Ivf>
std::unique_ptr<Ivf> without_lists(const Ivf& from) {
    auto copy = std::make_unique<Ivf>();
    copy->d = from.d;
    copy->verbose = from.verbose;
    copy->is_trained = from.is_trained;
    copy->metric_type = from.metric_type;
    copy->metric_arg = from.metric_arg;
    copy->nlist = from.nlist;
    copy->quantizer_trains_alone = from.quantizer_trains_alone;
    copy->cp = from.cp;
    copy->code_size = from.code_size;
    copy->nprobe = from.nprobe;
    copy->max_codes = from.max_codes;
    copy->parallel_mode = from.parallel_mode;
    copy->quantizer = copy_of(*from.quantizer).release();
    copy->own_fields = true;
    return copy;
}

std::unique_ptr<faiss::IndexIVF> training_of(const faiss::IndexIVF& from) {
    if (typeid(from) == typeid(faiss::IndexIVFFlat)) {
        return without_lists(static_cast<const faiss::IndexIVFFlat&>(from));
    }
    if (typeid(from) == typeid(faiss::IndexIVFPQ)) {
        const auto& other = static_cast<const faiss::IndexIVFPQ&>(from);
        auto copy = without_lists(other);
        copy->by_residual = other.by_residual;
        copy->pq = other.pq;
        copy->do_polysemous_training = other.do_polysemous_training;
        copy->scan_table_threshold = other.scan_table_threshold;
        copy->polysemous_ht = other.polysemous_ht;
        copy->use_precomputed_table = other.use_precomputed_table;
        copy->precomputed_table = other.precomputed_table;
        return copy;
    }
    if (typeid(from) == typeid(faiss::IndexIVFScalarQuantizer)) {
        const auto& other = static_cast<const faiss::IndexIVFScalarQuantizer&>(from);
        auto copy = without_lists(other);
        copy->by_residual = other.by_residual;
        copy->sq = other.sq;
        return copy;
    }
    // What else there is points into itself.
    auto copy = copy_of(from);
    auto ivf = dynamic_cast<faiss::IndexIVF*>(copy.get());
    copy.release();
    return std::unique_ptr<faiss::IndexIVF>(ivf);
}

std::unique_ptr<faiss::VectorTransform> copy_of(const faiss::VectorTransform& from) {
    faiss::VectorIOWriter writer;
    faiss::write_VectorTransform(&from, &writer);
    faiss::VectorIOReader reader;
    reader.data.swap(writer.data);
    return std::unique_ptr<faiss::VectorTransform>(faiss::read_VectorTransform(&reader));
}

// An index with the training of another, over the given lists.
std::unique_ptr<faiss::Index> over_lists(const faiss::Index& trained, std::unique_ptr<ViewedLists>& lists) {
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&trained)) {
        auto inner = over_lists(*chain->index, lists);
        auto made = std::make_unique<faiss::IndexPreTransform>();
        made->index = inner.release();
        made->own_fields = true;
        made->d = chain->d;
        made->metric_type = chain->metric_type;
        made->metric_arg = chain->metric_arg;
        made->is_trained = chain->is_trained;
        made->ntotal = made->index->ntotal;
        made->chain.reserve(chain->chain.size());
        for (const auto* transform : chain->chain) {
            made->chain.push_back(copy_of(*transform).release());
        }
        return made;
    }
    auto made = training_of(dynamic_cast<const faiss::IndexIVF&>(trained));
    made->ntotal = static_cast<int64_t>(lists->compute_ntotal());
    made->replace_invlists(lists.release(), true);
    return made;
}

std::shared_ptr<Family> whole_family(const faissnet_index& index) {
    auto family = index.family;
    while (family->taken_over != nullptr) {
        family = family->taken_over;
    }
    return family;
}

std::unique_ptr<ViewedLists> show(
        const faiss::Index& trained, int64_t count, const faissnet_list_run* runs, int32_t choice, int64_t max_size) {
    const auto& whole = require_bare_ivf(trained, "trained");
    const auto nlist = static_cast<int64_t>(whole.nlist);
    std::vector<std::vector<ViewedLists::Piece>> pieces(whole.nlist);
    std::vector<std::unique_ptr<Shown>> shown;
    std::set<Family*> known;
    for (int64_t i = 0; i < count; i++) {
        const auto& run = runs[i];
        require(run.source != nullptr, "the source of a run must not be NULL");
        const auto& source = require_bare_ivf(open(run.source), "a source");
        const auto lists = static_cast<int64_t>(source.nlist);
        if (run.first < 0 || run.count < 0 || run.first > lists || run.count > lists - run.first) {
            fail(FAISSNET_INVALID_ARGUMENT, "run %lld shows %lld lists from %lld on: its source has %lld", static_cast<long long>(i),
                 static_cast<long long>(run.count), static_cast<long long>(run.first), static_cast<long long>(lists));
        }
        if (run.at < 0 || run.at > nlist || run.count > nlist - run.at) {
            fail(FAISSNET_INVALID_ARGUMENT, "run %lld shows %lld lists as those from %lld on: there are %lld", static_cast<long long>(i),
                 static_cast<long long>(run.count), static_cast<long long>(run.at), static_cast<long long>(nlist));
        }
        if (run.add_id < 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "the add_id of run %lld is %lld: expected at least 0", static_cast<long long>(i), static_cast<long long>(run.add_id));
        }
        require_same_training(trained, open(run.source));
        require_same_centroids(whole, run.at, source, run.first, run.count);
        for (int64_t list = 0; list < run.count; list++) {
            const auto from = static_cast<size_t>(run.first + list);
            auto& to = pieces[static_cast<size_t>(run.at + list)];
            const size_t size = source.invlists->list_size(from);
            if (size == 0 || (choice == FAISSNET_LISTS_FIRST && !to.empty())) {
                continue;
            }
            if (run.add_id != 0) {
                require_shift(faiss::InvertedLists::ScopedIds(source.invlists, from).get(), size, run.add_id);
            }
            to.push_back({source.invlists, from, run.add_id});
        }
        const auto family = whole_family(*run.source);
        if (known.insert(family.get()).second) {
            shown.push_back(std::make_unique<Shown>(family));
        }
    }
    for (auto& list : pieces) {
        size_t size = 0;
        for (const auto& piece : list) {
            size += piece.lists->list_size(piece.list);
        }
        if (max_size >= 0 && size > static_cast<size_t>(max_size)) {
            list.clear();
        }
    }
    return std::make_unique<ViewedLists>(whole.code_size, std::move(pieces), std::move(shown));
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_view_lists(
        const faissnet_index* trained, int64_t count, const faissnet_list_run* runs, int32_t choice, int64_t max_size, faissnet_index** index) {
    return guard([&] {
        const auto& source = open(trained);
        require_trained(source);
        require(count >= 0 && (count == 0 || runs != nullptr), "runs must hold count runs of lists");
        if (choice != FAISSNET_LISTS_ALL && choice != FAISSNET_LISTS_FIRST) {
            fail(FAISSNET_INVALID_ARGUMENT, "choice is %d: expected one of FAISSNET_LISTS_…", choice);
        }
        auto lists = show(source, count, runs, choice, max_size);
        auto made = over_lists(source, lists);
        settle_loaded(*made);
        hand_over(std::move(made), index);
    });
}
