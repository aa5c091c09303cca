// An index as a tree: what is inside what, and what may be changed alone.
#pragma once

#include <vector>

#include "handle.hpp"

namespace faissnet {

struct Part {
    faiss::Index* index;
    int32_t kind; // FAISSNET_PART_…
};

// The indexes right inside one, in FAISS's order.
std::vector<Part> parts_of(const faiss::Index& index);

// Whether an IVF inside has views of the lists of others for lists.
bool shows_views(const faiss::Index& index);

// Whether it is made of shards or replicas, which are always outermost.
bool is_composed(const faiss::Index& index);

// Held by a call that changes what a handle stands for. Refuses what would leave the index around it with content that it does
// not know of, and what others look at or this one only looks at; afterwards brings those around it up to date.
class Change {
   public:
    // kPlace: lists go elsewhere, and what is in them stays the same.
    // kMember: an index is taken in, and those beside it stay the same.
    enum Kind { kVectors, kTraining, kPlace, kMember };
    Change(faissnet_index& target, Kind kind);
    ~Change();
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    faissnet_index& target_;
    std::vector<Part> around_; // from the inside out, each with the kind of part that it was reached by
};

} // namespace faissnet
