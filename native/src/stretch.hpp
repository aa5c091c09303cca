// How far the transforms in front of an index stretch what they are given.
#pragma once

#include <cstdint>

#include <faiss/Index.h>

struct faissnet_index;

namespace faissnet {

// The length of the longest vector to which distances behind the transforms of the index stay finite; infinity if it has none, and less
// than 0 if their own numbers are not finite. FAISS leaves labels undefined where no distance is finite, and follows them.
double longest_input(const faiss::Index& index);

// Refuses vectors that are longer.
void require_bearable(const faissnet_index& index, int64_t n, const float* x);

} // namespace faissnet
