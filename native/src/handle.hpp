// What stands behind the header's opaque pointers.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
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
        int64_t list;
        int64_t offset;
    };
    std::vector<Place> mapped; // an IDMap's ids; offset is the position in the index that it wraps
    std::vector<Place> listed; // an IVF's ids
};

} // namespace faissnet

struct faissnet_index : faissnet::Counted {
    std::unique_ptr<faiss::Index> index;
    const faiss::IndexRefine* refine = nullptr; // inside index; looked up once, since every search asks
    double longest = 0; // longest_input(*index), which each call with vectors asks for
    bool keeps_one_back = false; // likewise: NN-descent divides by zero when it is asked for all of its vectors

    // Built by the first reconstruction that needs it; concurrent readers may race for it.
    mutable std::mutex locations_mutex;
    mutable std::unique_ptr<faissnet::Locations> locations;

    void content_changed() noexcept {
        locations.reset();
    }
};

namespace faissnet {

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

// Gives a finished FAISS index to the caller. Ownership moves only once nothing can fail any more.
void hand_over(std::unique_ptr<faiss::Index> made, faissnet_index** out);

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

inline void require_trained(const faiss::Index& index) {
    if (!index.is_trained) {
        fail(FAISSNET_NOT_TRAINED, "the index is not trained: train it with representative vectors first");
    }
}

} // namespace faissnet
