#include "composed.hpp"

#include <omp.h>

#include <algorithm>
#include <memory>

#include "selected.hpp"

namespace faissnet {
namespace {

// Few queries leave threads idle within each member: then members are asked at the same time. Nothing may be thrown out of the region.
void ask(const std::vector<Member>& members, int64_t n, const std::function<void(size_t)>& one) {
    std::vector<std::exception_ptr> failures(members.size());
    const auto count = static_cast<int64_t>(members.size());
    const bool together = count > 1 && n < omp_get_max_threads();
#pragma omp parallel for schedule(dynamic) if (together)
    for (int64_t i = 0; i < count; i++) {
        try {
            one(static_cast<size_t>(i));
        } catch (...) {
            failures[i] = std::current_exception();
        }
    }
    for (const auto& failure : failures) {
        if (failure != nullptr) {
            std::rethrow_exception(failure);
        }
    }
}

} // namespace

std::vector<Member> members_of(const faiss::Index& index) {
    std::vector<Member> members;
    int64_t first_id = 0;
    auto shards = dynamic_cast<const faiss::IndexShards*>(&index);
    if (is_composed(index)) {
        for (const auto& part : parts_of(index)) {
            members.push_back({part.index, shards != nullptr && shards->successive_ids ? first_id : 0});
            first_id += part.index->ntotal;
        }
    }
    return members;
}

std::vector<Member> members_to_ask(const faiss::Index& index) {
    auto members = members_of(index);
    if (members.empty()) {
        fail(FAISSNET_INVALID_ARGUMENT, "there are no indexes in here yet: add some first");
    }
    if (dynamic_cast<const faiss::IndexReplicas*>(&index) != nullptr) {
        members.resize(1);
    }
    return members;
}

void search_members(
        const faiss::Index& index, int64_t n, int64_t k,
        const std::function<void(const Member&, int64_t k, float* distances, int64_t* labels)>& find, float* distances, int64_t* labels) {
    struct Found {
        int64_t k;
        std::vector<float> distances;
        std::vector<int64_t> labels;
    };
    const auto members = members_to_ask(index);
    std::vector<Found> found(members.size());
    for (size_t s = 0; s < members.size(); s++) {
        found[s].k = std::min<int64_t>(k, members[s].index->ntotal);
        found[s].distances.resize(n * found[s].k);
        found[s].labels.resize(n * found[s].k);
    }
    ask(members, n, [&](size_t s) {
        if (found[s].k > 0) {
            find(members[s], found[s].k, found[s].distances.data(), found[s].labels.data());
        }
    });

    const bool similarity = is_similarity(index);
    std::vector<int64_t> next(members.size());
    for (int64_t i = 0; i < n; i++) {
        std::fill(next.begin(), next.end(), 0);
        for (int64_t j = 0; j < k; j++) {
            size_t best = members.size();
            for (size_t s = 0; s < members.size(); s++) {
                const int64_t at = i * found[s].k + next[s];
                if (next[s] == found[s].k || found[s].labels[at] == -1) {
                    continue;
                }
                const float distance = found[s].distances[at];
                const float so_far = best == members.size() ? 0 : found[best].distances[i * found[best].k + next[best]];
                if (best == members.size() || (similarity ? distance > so_far : distance < so_far)) {
                    best = s;
                }
            }
            if (best == members.size()) {
                distances[i * k + j] = worst(index);
                labels[i * k + j] = -1;
                continue;
            }
            const int64_t at = i * found[best].k + next[best]++;
            distances[i * k + j] = found[best].distances[at];
            labels[i * k + j] = found[best].labels[at] + members[best].first_id;
        }
    }
}

void range_search_members(
        const faiss::Index& index, int64_t n, const std::function<void(const Member&, faiss::RangeSearchResult& hits)>& find,
        faiss::RangeSearchResult& hits) {
    const auto members = members_to_ask(index);
    std::vector<std::unique_ptr<faiss::RangeSearchResult>> found;
    for (size_t s = 0; s < members.size(); s++) {
        found.push_back(std::make_unique<faiss::RangeSearchResult>(n));
    }
    ask(members, n, [&](size_t s) {
        if (members[s].index->ntotal > 0) {
            find(members[s], *found[s]);
        } else {
            std::fill_n(found[s]->lims, n + 1, size_t(0));
        }
    });

    for (int64_t i = 0; i < n; i++) {
        hits.lims[i] = 0; // FAISS makes starts of these counts
        for (const auto& one : found) {
            hits.lims[i] += one->lims[i + 1] - one->lims[i];
        }
    }
    hits.do_allocation();
    for (int64_t i = 0; i < n; i++) {
        size_t to = hits.lims[i];
        for (size_t s = 0; s < members.size(); s++) {
            for (size_t from = found[s]->lims[i]; from < found[s]->lims[i + 1]; from++, to++) {
                hits.labels[to] = found[s]->labels[from] + members[s].first_id;
                hits.distances[to] = found[s]->distances[from];
            }
        }
    }
}

} // namespace faissnet
