// Deep copies.
#pragma once

#include "handle.hpp"

namespace faissnet {

std::unique_ptr<faiss::Index> copy_of(const faiss::Index& source);

} // namespace faissnet
