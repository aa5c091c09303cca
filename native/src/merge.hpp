// What two indexes must have in common before the vectors of one may go into the other.
#pragma once

#include "handle.hpp"

namespace faissnet {

// FAISSNET_INVALID_ARGUMENT with the reason, or FAISSNET_UNSUPPORTED for types that cannot merge at all.
void require_mergeable(const faiss::Index& to, const faiss::Index& from, int64_t add_id);

} // namespace faissnet
