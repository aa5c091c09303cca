// What stands behind the header's opaque pointers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "guard.hpp"
#include "version.hpp"

namespace faissnet {

// Counts what is alive, so that a test can tell a leak.
struct Counted {
    Counted() noexcept {
        live.fetch_add(1, std::memory_order_relaxed);
    }
    ~Counted() {
        live.fetch_sub(1, std::memory_order_relaxed);
    }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    static std::atomic<int64_t> live;
};

// An index of this shim's own around one of FAISS's, whose name it has to the caller.
struct Carrier {
    virtual ~Carrier() = default;
    virtual const faiss::Index& carried() const = 0;
};

// Where the vector of each id lies, sorted by id. FAISS's own direct map would do for IVF, but it refuses ids
// that are not sequential, refuses later removals, and is written into the file; this stands beside the index.
struct Locations {
    struct Place {
        idx_t id;
        int64_t list;   // of an IVF
        int64_t offset; // in the list; of an IDMap: the position in the index that it wraps
    };
    std::unordered_map<const faiss::Index*, std::vector<Place>> of; // by the IDMap or IVF that keeps the ids
};

} // namespace faissnet

namespace faissnet {

// What owns an index and all its parts.
struct Family {
    std::unique_ptr<faiss::Index> root;
    std::shared_ptr<Family> taken_over; // of the index that owns the root now; there is none here then
    uint64_t version = 1;               // of the content
    uint64_t trained = 1;               // of the training
    std::atomic<int64_t> viewers{0};    // indexes whose lists are views of lists in here, which must stay as they are

    Family& whole() noexcept {
        Family* family = this;
        while (family->taken_over != nullptr) {
            family = family->taken_over.get();
        }
        return *family;
    }
};

} // namespace faissnet

// A handle stands for a whole index, or for a part of one (the quantizer of an IVF, the index in a wrapper). Either keeps the whole
// alive; that no two of them are used in each other's way is the caller's promise, as for one handle.
struct faissnet_index : faissnet::Counted {
    std::shared_ptr<faissnet::Family> family;
    faiss::Index* index = nullptr;              // in the family
    const faiss::IndexRefine* refine = nullptr; // inside index; looked up once, since every search asks
    bool keeps_one_back = false;                // likewise: NN-descent divides by zero when it is asked for all of its vectors
    bool composed = false;                      // of shards or replicas
    const faiss::IndexFlat* scanned = nullptr;  // what a search passes over from end to end: see shared_scan.hpp
    const faiss::IndexFlat* flat = nullptr;     // what it passes over so at some stage, as an IVF over its centroids

    // Built by the first reconstruction that needs it, for one state of the content; concurrent readers may race for it.
    mutable std::mutex locations_mutex;
    mutable std::unique_ptr<faissnet::Locations> locations;
    mutable uint64_t locations_version = 0;

    // longest_input(*index), which each call with vectors asks for, and the training that it is of.
    mutable std::atomic<double> longest{0};
    mutable std::atomic<uint64_t> longest_trained{0};
};

namespace faissnet {

// Of ThreadShare.
inline int64_t flat_vectors(const faissnet_index* index) {
    return index != nullptr && index->flat != nullptr ? index->flat->ntotal : 0;
}

inline faiss::Index& open(faissnet_index* index) {
    require(index != nullptr, "index must not be NULL");
    return *index->index;
}

inline const faiss::Index& open(const faissnet_index* index) {
    require(index != nullptr, "index must not be NULL");
    return *index->index;
}

// Fast-scan allocates for nprobe lists per query, however few there are, in an OpenMP region: bad_alloc ends the process there.
void limit_probes(faiss::Index& index);

// A handle for an index or a part of one, whose family is not set yet.
std::unique_ptr<faissnet_index> make_handle(faiss::Index& index);

// Gives a finished FAISS index to the caller. Ownership moves only once nothing can fail any more.
void hand_over(std::unique_ptr<faiss::Index> made, faissnet_index** out);

// The same for an index that was made around those of handles, which become parts of it. It must not own them before own() says so,
// which comes when nothing can fail any more.
void hand_over(
        std::unique_ptr<faiss::Index> made, const std::vector<faissnet_index*>& parts, const std::function<void()>& own, faissnet_index** out);

// Makes the index of a handle a part of a family whose root owns it.
void take_over(faissnet_index& part, const std::shared_ptr<Family>& whole) noexcept;

// A handle of an index that another one can take over: a whole one.
void require_whole(const faissnet_index* index, const char* name);

// The index inside wrappers that only carry another one, or nullptr if this is no such wrapper.
const faiss::Index* unwrap_once(const faiss::Index& index);

// The innermost index of a chain of wrappers, looked for as type T.
template <typename T>
const T* find_inside(const faiss::Index& outer) {
    for (const faiss::Index* index = &outer; index != nullptr; index = unwrap_once(*index)) {
        if (auto found = dynamic_cast<const T*>(index)) {
            return found;
        }
    }
    return nullptr;
}

template <typename T>
T* find_inside(faiss::Index& outer) {
    return const_cast<T*>(find_inside<T>(static_cast<const faiss::Index&>(outer)));
}

inline void require_vectors(const faiss::Index& index, int64_t n, const void* x) {
    if (n < 0 || (n > 0 && x == nullptr)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected n >= 0 and n * d floats behind x", static_cast<long long>(n));
    }
    if (n > INT64_MAX / 4 / (index.d > 0 ? index.d : 1)) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: n * d does not fit into memory", static_cast<long long>(n));
    }
}

// Of floats or of bits.
template <typename Index>
void require_trained(const Index& index) {
    if (!index.is_trained) {
        fail(FAISSNET_NOT_TRAINED, "the index is not trained: train it with representative vectors first");
    }
}

// What a search for the k nearest needs beside queries.
inline void require_results(int64_t n, int64_t k, const void* distances, const int64_t* labels) {
    if (k < 1) {
        fail(FAISSNET_INVALID_ARGUMENT, "k is %lld: expected at least 1", static_cast<long long>(k));
    }
    if (n > 0 && k > INT64_MAX / 16 / n) {
        fail(FAISSNET_INVALID_ARGUMENT, "k is %lld: n * k results for n = %lld do not fit into memory", static_cast<long long>(k), static_cast<long long>(n));
    }
    require(n == 0 || (distances != nullptr && labels != nullptr), "distances and labels must hold n * k values each");
}

inline void require_probes(const faissnet_search_parameters& parameters) {
    if (parameters.nprobe < 0 || parameters.max_codes < 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "nprobe is %lld and max_codes is %lld: expected 0 (as the index is set) or more",
             static_cast<long long>(parameters.nprobe), static_cast<long long>(parameters.max_codes));
    }
}

} // namespace faissnet
