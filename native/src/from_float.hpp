// FAISS's IndexBinaryFromFloat: a binary index that hands each bit on to one over floats, as -1 or 1. FAISS's own takes no parameters, has no range
// search and gives no vector back; all of that the index over floats can do, through its own functions and with their checks.
#pragma once

#include <memory>

#include "binary.hpp"

namespace faissnet {

// Around the index of a handle, which both keep alive.
std::unique_ptr<faissnet_binary_index> make_from_float(const faissnet_index& base);

void train_floats(faissnet_index& base, int64_t n, const uint8_t* x, const faissnet_monitor* monitor);

// ids may be nullptr.
void add_floats(faissnet_index& base, int64_t n, const uint8_t* x, const int64_t* ids);

void search_floats(
        const faissnet_index& base, int64_t n, const uint8_t* x, int64_t k, const faissnet_search_parameters* parameters, int32_t* distances,
        int64_t* labels);

faissnet_range_result* range_search_floats(
        const faissnet_index& base, int64_t n, const uint8_t* x, int32_t radius, const faissnet_search_parameters* parameters);

void reconstruct_floats(const faissnet_index& base, int64_t id, uint8_t* vector);

// Hands on what a function of this interface has answered.
void relay(faissnet_status status);

} // namespace faissnet
