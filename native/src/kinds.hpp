// FAISSNET_KIND_… of an index.
#pragma once

#include <cstdint>

#include "version.hpp"

namespace faissnet {

int32_t kind_of(const faiss::Index& index);

} // namespace faissnet
