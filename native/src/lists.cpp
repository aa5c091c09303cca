// The inverted lists of an IVF by themselves: what is in one, which to visit, and a search of given ones.
#include <algorithm>
#include <vector>

#include <faiss/invlists/InvertedLists.h>

#include "handle.hpp"
#include "packed.hpp"
#include "selected.hpp"
#include "thread_share.hpp"

namespace faissnet {
namespace {

// What wrappers do to vectors and ids would have to be done here too.
const faiss::IndexIVF& require_ivf_itself(const faiss::Index& index) {
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        return *ivf;
    }
    fail(FAISSNET_UNSUPPORTED, "this index is no IVF itself: expected one without wrappers");
}

bool is_fast_scan(const faiss::IndexIVF& ivf) {
    return dynamic_cast<const faiss::IndexIVFFastScan*>(&ivf) != nullptr;
}

void require_room(int64_t n, int64_t columns, const char* name) {
    if (columns < 1) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s is %lld: expected at least 1", name, static_cast<long long>(columns));
    }
    if (n > 0 && columns > INT64_MAX / 16 / n) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s is %lld: n * %s values for n = %lld do not fit into memory", name,
             static_cast<long long>(columns), name, static_cast<long long>(n));
    }
}

// FAISS's scan of lists one by one, over k neighbours that exist.
void search_in(
        const faiss::IndexIVF& ivf, int64_t n, const float* x, int64_t k, int64_t nprobe, const int64_t* lists, const float* near,
        float* distances, int64_t* labels) {
    faiss::SearchParametersIVF parameters;
    parameters.nprobe = static_cast<size_t>(nprobe);
    parameters.max_codes = ivf.max_codes;
    ivf.search_preassigned(n, x, k, lists, near, distances, labels, false, &parameters);
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_list_read(const faissnet_index* index, int64_t list, int64_t count, int64_t* ids, uint8_t* codes) {
    return guard([&] {
        const auto& ivf = require_ivf_itself(open(index));
        if (list < 0 || list >= static_cast<int64_t>(ivf.nlist)) {
            fail(FAISSNET_INVALID_ARGUMENT, "list is %lld: expected 0 to nlist - 1 = %lld", static_cast<long long>(list),
                 static_cast<long long>(ivf.nlist) - 1);
        }
        const auto size = static_cast<int64_t>(ivf.invlists->list_size(list));
        if (count != size) {
            fail(FAISSNET_INVALID_ARGUMENT, "count is %lld: list %lld holds %lld vectors", static_cast<long long>(count),
                 static_cast<long long>(list), static_cast<long long>(size));
        }
        auto fast = dynamic_cast<const faiss::IndexIVFFastScan*>(&ivf);
        if (codes != nullptr && fast != nullptr && !is_packed(*fast)) {
            fail(FAISSNET_UNSUPPORTED, "this type of fast-scan index keeps more than codes in its blocks: they are not given out one by one");
        }
        if (size == 0) {
            return;
        }
        if (ids != nullptr) {
            faiss::InvertedLists::ScopedIds stored(ivf.invlists, list);
            std::copy_n(stored.get(), size, ids);
        }
        if (codes != nullptr && fast != nullptr) {
            for (int64_t i = 0; i < size; i++) {
                read_packed(*fast, list, i, codes + i * static_cast<int64_t>(ivf.code_size));
            }
        } else if (codes != nullptr) {
            faiss::InvertedLists::ScopedCodes stored(ivf.invlists, list);
            std::copy_n(stored.get(), size * static_cast<int64_t>(ivf.code_size), codes);
        }
    });
}

faissnet_status faissnet_index_choose_lists(
        const faissnet_index* index, int64_t n, const float* x, int64_t nprobe, int64_t* lists, float* distances) {
    return guard([&] {
        const ThreadShare share(n, flat_vectors(index));
        const auto& ivf = require_ivf_itself(open(index));
        require_vectors(ivf, n, x);
        require_trained(ivf);
        require_room(n, nprobe, "nprobe");
        if (nprobe > static_cast<int64_t>(ivf.nlist)) {
            fail(FAISSNET_INVALID_ARGUMENT, "nprobe is %lld: expected at most nlist = %lld", static_cast<long long>(nprobe),
                 static_cast<long long>(ivf.nlist));
        }
        require(n == 0 || (lists != nullptr && distances != nullptr), "lists and distances must hold n * nprobe values each");
        if (n > 0) {
            ivf.quantizer->search(n, x, nprobe, distances, lists);
        }
    });
}

faissnet_status faissnet_index_search_lists(
        const faissnet_index* index, int64_t n, const float* x, int64_t k, int64_t nprobe, const int64_t* lists,
        const float* list_distances, float* distances, int64_t* labels) {
    return guard([&] {
        const ThreadShare share(n);
        const auto& ivf = require_ivf_itself(open(index));
        require_vectors(ivf, n, x);
        require_trained(ivf);
        if (is_fast_scan(ivf)) {
            fail(FAISSNET_UNSUPPORTED, "fast-scan indexes choose their lists themselves");
        }
        require_room(n, k, "k");
        require_room(n, nprobe, "nprobe");
        // FAISS clamps the row length to nlist, and would read the rows at wrong places.
        if (nprobe > static_cast<int64_t>(ivf.nlist)) {
            fail(FAISSNET_INVALID_ARGUMENT, "nprobe is %lld: expected at most nlist = %lld", static_cast<long long>(nprobe),
                 static_cast<long long>(ivf.nlist));
        }
        if (n == 0) {
            return;
        }
        require(lists != nullptr && list_distances != nullptr, "lists and list_distances must hold n * nprobe values each");
        require(distances != nullptr && labels != nullptr, "distances and labels must hold n * k values each");
        // FAISS throws for such a number inside an OpenMP region, which can end the process.
        for (int64_t i = 0; i < n * nprobe; i++) {
            if (lists[i] < -1 || lists[i] >= static_cast<int64_t>(ivf.nlist)) {
                fail(FAISSNET_INVALID_ARGUMENT, "lists holds %lld: expected -1 (no list), or 0 to nlist - 1 = %lld",
                     static_cast<long long>(lists[i]), static_cast<long long>(ivf.nlist) - 1);
            }
        }
        const int64_t found = std::min<int64_t>(k, ivf.ntotal);
        if (found == k) {
            search_in(ivf, n, x, k, nprobe, lists, list_distances, distances, labels);
            return;
        }
        std::vector<float> some_distances(n * found);
        std::vector<int64_t> some_labels(n * found);
        if (found > 0) {
            search_in(ivf, n, x, found, nprobe, lists, list_distances, some_distances.data(), some_labels.data());
        }
        for (int64_t i = 0; i < n; i++) {
            std::copy_n(some_distances.data() + i * found, found, distances + i * k);
            std::fill_n(distances + i * k + found, k - found, worst(ivf));
            std::copy_n(some_labels.data() + i * found, found, labels + i * k);
            std::fill_n(labels + i * k + found, k - found, idx_t(-1));
        }
    });
}
