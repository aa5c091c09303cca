// Checks of what an index is made from, where FAISS accepts anything and fails later or not at all.
#pragma once

#include <cstdint>
#include <memory>

#include <faiss/impl/ScalarQuantizer.h>

#include "version.hpp"

namespace faissnet {

// FAISS's newer readers refuse files above this one.
constexpr int32_t kMaxDimension = 1 << 20;

// FAISS takes more bits and then counts 256 centroids; its encoder stops at 16.
constexpr int kMaxBits = 16;

void require_dimension(int32_t d);
faiss::MetricType require_metric(int32_t metric);
faiss::MetricType require_usual_metric(int32_t metric); // L2 or inner product
void require_range(const char* name, int64_t value, int64_t least, int64_t most);
void require_pq(int32_t d, int64_t m, int32_t nbits);
faiss::ScalarQuantizer::QuantizerType require_qtype(int32_t qtype);

// FAISS's index_factory behind the checks that it lacks.
std::unique_ptr<faiss::Index> make_by_factory(int32_t d, const char* description, int32_t metric);

} // namespace faissnet
