// Reading an index from a file, with what FAISS does not check itself.
#pragma once

#include <functional>
#include <memory>

#include "stored.hpp"

namespace faissnet {

// Runs a reader of FAISS's, tells damaged data by its status, and refuses indexes that cannot be used.
std::unique_ptr<faiss::Index> checked(const std::function<std::unique_ptr<faiss::Index>()>& read);

std::unique_ptr<faiss::Index> read_file(const char* path, const Reading& how);

} // namespace faissnet
