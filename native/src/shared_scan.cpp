#include "shared_scan.hpp"

#include <omp.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <typeinfo>

#include <faiss/utils/Heap.h>
#include <faiss/utils/distances.h>

namespace faissnet {
namespace {

// Of the process: a thread that is bound to one of them would count that one alone.
const int processors = omp_get_num_procs();

// One search, from when it comes until it is answered.
struct Caller {
    const faiss::IndexFlat& flat;
    const float* x;
    int64_t k;
    float* distances;
    int64_t* labels;

    enum { Waits, Scans, IsAnswered } state = Waits;
    std::condition_variable changed = {};
    Caller* next = nullptr;   // in the line
    Caller* beside = nullptr; // whom the same pass answers
};

// To read the vectors from memory takes longer than to compare them, and who has read them for one query has them in the cache for the
// next. That is why callers beyond the processors do not just take turns.
class Line {
   public:
    // Comes back with the state Scans, after which leave() is due, or IsAnswered.
    void enter(Caller& caller) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (first_ == nullptr && scanning_ < processors) {
            scanning_++;
            caller.state = Caller::Scans;
            return;
        }
        (first_ == nullptr ? first_ : last_->next) = &caller;
        last_ = &caller;
        caller.changed.wait(lock, [&] { return caller.state != Caller::Waits; });
    }

    void leave(Caller& caller) {
        const std::lock_guard<std::mutex> lock(mutex_);
        // Told under the lock: what is told lies on the stack of who is told.
        for (Caller *answered = caller.beside, *next; answered != nullptr; answered = next) {
            next = answered->beside;
            answered->state = Caller::IsAnswered;
            answered->changed.notify_one();
        }
        scanning_--;
        while (first_ != nullptr && scanning_ < processors) {
            start_first();
        }
    }

   private:
    // As many of a line go into one pass as leave the other processors their part of it; more than that share little.
    static constexpr int kMost = 16;

    std::mutex mutex_;
    Caller* first_ = nullptr;
    Caller* last_ = nullptr;
    int scanning_ = 0;

    void start_first() {
        Caller& leader = *first_;
        int waiting = 0;
        for (const Caller* each = first_; each != nullptr; each = each->next) {
            waiting += &each->flat == &leader.flat ? 1 : 0;
        }
        int room = std::min(kMost, (waiting + processors - 1) / processors);
        Caller** link = &first_;
        last_ = nullptr;
        while (*link != nullptr) {
            Caller& each = **link;
            if (room > 0 && &each.flat == &leader.flat) {
                room--;
                *link = each.next;
                if (&each != &leader) {
                    each.beside = leader.beside;
                    leader.beside = &each;
                }
            } else {
                last_ = &each;
                link = &each.next;
            }
        }
        scanning_++;
        leader.state = Caller::Scans;
        leader.changed.notify_one();
    }
};

Line line;

// FAISS's own loop over the vectors for one query, taken block by block. The same heaps see the same distances in the same order.
template <typename Order>
void pass(Caller& leader, float (*distance)(const float*, const float*, size_t)) {
    constexpr int64_t kBlock = 128 << 10; // bytes, about half of the smallest second-level caches
    const auto& flat = leader.flat;
    const int64_t d = flat.d, step = std::max<int64_t>(1, kBlock / (d * int64_t(sizeof(float))));
    for (Caller* each = &leader; each != nullptr; each = each->beside) {
        faiss::heap_heapify<Order>(each->k, each->distances, each->labels);
    }
    for (int64_t begin = 0; begin < flat.ntotal; begin += step) {
        const int64_t end = std::min<int64_t>(flat.ntotal, begin + step);
        for (Caller* each = &leader; each != nullptr; each = each->beside) {
            const float* y = flat.get_xb() + begin * d;
            for (int64_t i = begin; i < end; i++, y += d) {
                const float found = distance(each->x, y, static_cast<size_t>(d));
                if (Order::cmp(each->distances[0], found)) {
                    faiss::heap_replace_top<Order>(each->k, each->distances, each->labels, found, i);
                }
            }
        }
    }
    for (Caller* each = &leader; each != nullptr; each = each->beside) {
        faiss::heap_reorder<Order>(each->k, each->distances, each->labels);
    }
}

void pass_for_all(Caller& leader) {
    if (leader.flat.metric_type == faiss::METRIC_INNER_PRODUCT) {
        pass<faiss::CMin<float, idx_t>>(leader, faiss::fvec_inner_product);
    } else {
        pass<faiss::CMax<float, idx_t>>(leader, faiss::fvec_L2sqr);
    }
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

void search_in_turn(const faissnet_index& index, const float* x, int64_t k, float* distances, int64_t* labels) {
    Caller caller{*index.scanned, x, k, distances, labels};
    line.enter(caller);
    if (caller.state == Caller::Scans) {
        struct Leave {
            Caller& caller;
            ~Leave() {
                line.leave(caller);
            }
        } leave{caller};
        if (caller.beside == nullptr) {
            index.index->search(1, x, k, distances, labels);
            return;
        }
        pass_for_all(caller);
    }
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(index.index)) {
        std::transform(labels, labels + k, labels, [&](idx_t position) { return position < 0 ? position : map->id_map[position]; });
    }
}

} // namespace faissnet
