// Training, encoding and adding, measured; and the indexes that both sides load.
#pragma once

#include <memory>
#include <string>

#include <faiss/Index.h>

#include "common.h"

namespace peer {

// Each answers wall seconds and CPU seconds, and what the other side is compared by.
std::string train_product_quantizer(const Vectors& base, std::istringstream& request);
std::string train_clustering(const Vectors& base, std::istringstream& request);
std::string encode(const Vectors& base, std::istringstream& request);
std::string add(const Vectors& base, std::unique_ptr<faiss::Index>& index, std::istringstream& request);

// With all threads.
std::string build(const Vectors& base, std::istringstream& request);

} // namespace peer
