#include "shared_scan.hpp"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <typeinfo>
#include <vector>

#include <faiss/utils/Heap.h>
#include <faiss/utils/distances.h>

namespace faissnet {
namespace {

// Of the process: a thread that is bound to one of them would count that one alone.
const int processors = omp_get_num_procs();

// One search, from when it comes until it is answered.
struct Caller {
    const faiss::IndexFlat& flat;
    const FlatSearch& search;
    const bool by_products = computes_products(search.n, flat.d);

    // Whose queries are taken and not yet copied cannot leave; who waits or is only asked for can.
    enum { Waits, Leads, IsTaken, IsCopied, IsAnswered } state = Waits;
    std::condition_variable changed = {};
    Caller* next = nullptr;   // in the line
    Caller* beside = nullptr; // whom the same leader answers
    Caller* leader = nullptr;
    int64_t first = 0; // of its queries among those of all whom its leader answers
    std::exception_ptr failure = {};

    bool is_cancelled() const {
        return search.cancelled != nullptr && __atomic_load_n(search.cancelled, __ATOMIC_RELAXED) != 0;
    }
};

// The queries of a leader and of those beside it, with room for what is found. Copies, so that who is cancelled can leave meanwhile.
struct Together {
    explicit Together(Caller& leader) {
        int64_t n = 0, found = 0;
        for (Caller* each = &leader; each != nullptr; each = each->beside) {
            each->first = n;
            n += each->search.n;
            found += each->search.n * each->search.k;
        }
        x.reserve(n * leader.flat.d);
        for (const Caller* each = &leader; each != nullptr; each = each->beside) {
            x.insert(x.end(), each->search.x, each->search.x + each->search.n * leader.flat.d);
            ks.insert(ks.end(), each->search.n, each->search.k);
        }
        distances.resize(found);
        labels.resize(found);
        begins.resize(n);
        for (int64_t i = 1; i < n; i++) {
            begins[i] = begins[i - 1] + ks[i - 1];
        }
    }
    void hand_to(const Caller& caller) const noexcept {
        const int64_t begin = begins[caller.first], count = caller.search.n * caller.search.k;
        std::copy_n(distances.data() + begin, count, caller.search.distances);
        std::copy_n(labels.data() + begin, count, caller.search.labels);
    }

    std::vector<float> x, distances;
    std::vector<int64_t> labels, ks, begins; // of each query: its k, and where its neighbours begin
};

// To read the vectors from memory takes longer than to compare them, and who has read them for one query has them in the cache for the
// next. That is why callers beyond the processors do not just take turns.
class Line {
   public:
    // Comes back with the state Leads, after which leave() is due, or IsAnswered.
    void enter(Caller& caller) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (first_ == nullptr && leading_ < processors) {
            leading_++;
            caller.state = Caller::Leads;
            return;
        }
        (first_ == nullptr ? first_ : last_->next) = &caller;
        last_ = &caller;
        while (caller.state != Caller::Leads && caller.state != Caller::IsAnswered) {
            if (caller.search.cancelled == nullptr) {
                caller.changed.wait(lock);
                continue;
            }
            caller.changed.wait_for(lock, kLongestDeaf);
            if (caller.is_cancelled() && (caller.state == Caller::Waits || caller.state == Caller::IsCopied)) {
                caller.state == Caller::Waits ? step_out(caller) : unlink(caller.leader->beside, &Caller::beside, caller);
                fail(FAISSNET_CANCELLED, "the search was cancelled while it waited for others of its index");
            }
        }
    }

    void let_go(Caller& leader) {
        const std::lock_guard<std::mutex> lock(mutex_);
        for (Caller* each = leader.beside; each != nullptr; each = each->beside) {
            each->state = Caller::IsCopied;
        }
    }

    // Answers who is still beside: with what was found, or with why nothing was.
    void leave(Caller& leader, const Together* found) noexcept {
        const std::lock_guard<std::mutex> lock(mutex_);
        // Told under the lock: what is told lies on the stack of who is told.
        for (Caller *answered = leader.beside, *next; answered != nullptr; answered = next) {
            next = answered->beside;
            if (leader.failure != nullptr) {
                answered->failure = leader.failure;
            } else {
                found->hand_to(*answered);
            }
            answered->state = Caller::IsAnswered;
            answered->changed.notify_one();
        }
        leading_--;
        while (first_ != nullptr && leading_ < processors) {
            start_first();
        }
    }

   private:
    // In one pass of single comparisons; more share little.
    static constexpr int64_t kMostCompared = 16;
    // In one call of FAISS: its own block of queries, and what they and their neighbours take.
    static constexpr int64_t kMostMultiplied = 4096;
    static constexpr int64_t kMostBytes = int64_t(64) << 20;
    // A twentieth of a second or so of multiplications, for a leader who wants to hear of its cancellation.
    static constexpr int64_t kMostWork = int64_t(1) << 31;
    static constexpr std::chrono::milliseconds kLongestDeaf{50};

    std::mutex mutex_;
    Caller* first_ = nullptr;
    Caller* last_ = nullptr;
    int leading_ = 0;

    static bool can_join(const Caller& leader, const Caller& other) {
        // Whom of several at the same distance a heap keeps depends on k.
        return &other.flat == &leader.flat && other.by_products == leader.by_products &&
                (!leader.by_products || (other.search.k == leader.search.k && !other.search.exactly_alone && !leader.search.exactly_alone));
    }

    static int64_t most_queries(const Caller& leader) {
        if (!leader.by_products) {
            return kMostCompared;
        }
        const int64_t bytes = leader.flat.d * int64_t(sizeof(float)) + leader.search.k * int64_t(sizeof(float) + sizeof(int64_t));
        const int64_t most = std::min(kMostMultiplied, kMostBytes / bytes);
        return leader.search.cancelled == nullptr ? most : std::min(most, kMostWork / (leader.flat.ntotal * leader.flat.d));
    }

    static void unlink(Caller*& first, Caller* Caller::*link, const Caller& caller) {
        Caller** at = &first;
        while (*at != &caller) {
            at = &((*at)->*link);
        }
        *at = caller.*link;
    }

    void step_out(const Caller& caller) {
        unlink(first_, &Caller::next, caller);
        last_ = first_;
        while (last_ != nullptr && last_->next != nullptr) {
            last_ = last_->next;
        }
    }

    void start_first() {
        Caller& leader = *first_;
        int waiting = 0;
        for (const Caller* each = first_; each != nullptr; each = each->next) {
            waiting += can_join(leader, *each) ? 1 : 0;
        }
        // As many of a line are answered together as leave the other processors their part of it.
        int room = (waiting + processors - 1) / processors - 1;
        int64_t queries = most_queries(leader) - leader.search.n;
        first_ = leader.next;
        Caller** link = &first_;
        last_ = nullptr;
        while (*link != nullptr) {
            Caller& each = **link;
            if (room > 0 && each.search.n <= queries && can_join(leader, each)) {
                room--;
                queries -= each.search.n;
                *link = each.next;
                each.state = Caller::IsTaken;
                each.leader = &leader;
                each.beside = leader.beside;
                leader.beside = &each;
            } else {
                last_ = &each;
                link = &each.next;
            }
        }
        leading_++;
        leader.state = Caller::Leads;
        leader.changed.notify_one();
    }
};

Line line;

// FAISS's own loop over the vectors for one query, taken block by block. The same heaps see the same distances in the same order.
template <typename Order>
void pass(const faiss::IndexFlat& flat, Together& together, float (*distance)(const float*, const float*, size_t)) {
    constexpr int64_t kBlock = 128 << 10; // bytes, about half of the smallest second-level caches
    const int64_t d = flat.d, step = std::max<int64_t>(1, kBlock / (d * int64_t(sizeof(float))));
    const auto each_query = [&](auto&& act) {
        for (size_t i = 0; i < together.ks.size(); i++) {
            const int64_t at = together.begins[i];
            act(together.x.data() + i * d, together.ks[i], together.distances.data() + at, together.labels.data() + at);
        }
    };
    each_query([](const float*, int64_t k, float* distances, int64_t* labels) { faiss::heap_heapify<Order>(k, distances, labels); });
    for (int64_t begin = 0; begin < flat.ntotal; begin += step) {
        const int64_t end = std::min<int64_t>(flat.ntotal, begin + step);
        each_query([&](const float* x, int64_t k, float* distances, int64_t* labels) {
            const float* y = flat.get_xb() + begin * d;
            for (int64_t i = begin; i < end; i++, y += d) {
                const float found = distance(x, y, static_cast<size_t>(d));
                if (Order::cmp(distances[0], found)) {
                    faiss::heap_replace_top<Order>(k, distances, labels, found, i);
                }
            }
        });
    }
    each_query([](const float*, int64_t k, float* distances, int64_t* labels) { faiss::heap_reorder<Order>(k, distances, labels); });
}

void search_for_all(const Caller& leader, Together& together) {
    const auto& flat = leader.flat;
    if (leader.by_products) {
        const auto n = static_cast<int64_t>(together.ks.size());
        flat.search(n, together.x.data(), leader.search.k, together.distances.data(), together.labels.data());
    } else if (flat.metric_type == faiss::METRIC_INNER_PRODUCT) {
        pass<faiss::CMin<float, idx_t>>(flat, together, faiss::fvec_inner_product);
    } else {
        pass<faiss::CMax<float, idx_t>>(flat, together, faiss::fvec_L2sqr);
    }
}

// Whether the labels are positions in the flat index, which an IDMap has yet to translate.
bool lead(Caller& leader, const faiss::Index& index) {
    std::unique_ptr<Together> together;
    try {
        if (leader.beside == nullptr) {
            const auto& s = leader.search;
            index.search(s.n, s.x, s.k, s.distances, s.labels);
        } else {
            together = std::make_unique<Together>(leader);
            line.let_go(leader);
            search_for_all(leader, *together);
            together->hand_to(leader);
        }
    } catch (...) {
        leader.failure = std::current_exception();
    }
    line.leave(leader, together.get());
    return together != nullptr;
}

} // namespace

const faiss::IndexFlat* scanned_in_whole(const faiss::Index& index) {
    auto map = dynamic_cast<const faiss::IndexIDMap*>(&index);
    const faiss::Index& inner = map != nullptr ? *map->index : index;
    const auto& type = typeid(inner);
    const bool is_flat = type == typeid(faiss::IndexFlat) || type == typeid(faiss::IndexFlatL2) || type == typeid(faiss::IndexFlatIP);
    const bool is_usual = inner.metric_type == faiss::METRIC_L2 || inner.metric_type == faiss::METRIC_INNER_PRODUCT;
    return is_flat && is_usual ? dynamic_cast<const faiss::IndexFlat*>(&inner) : nullptr;
}

void search_in_turn(const faissnet_index& index, const FlatSearch& search) {
    Caller caller{*index.scanned, search};
    line.enter(caller);
    const bool of_flat = caller.state == Caller::Leads ? lead(caller, *index.index) : true;
    if (caller.failure != nullptr) {
        std::rethrow_exception(caller.failure);
    }
    if (auto map = of_flat ? dynamic_cast<const faiss::IndexIDMap*>(index.index) : nullptr) {
        std::transform(search.labels, search.labels + search.n * search.k, search.labels,
                       [&](idx_t position) { return position < 0 ? position : map->id_map[position]; });
    }
}

} // namespace faissnet
