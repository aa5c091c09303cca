// What encoding, decoding and adding codes have in common.
#pragma once

#include "handle.hpp"

namespace faissnet {

// Bytes of what encoding makes of one vector; FAISSNET_UNSUPPORTED for types that have no codes of a fixed size.
int64_t encoded_size(const faiss::Index& index);

// The number in so many bits of a code, least significant first, from this bit on. FAISS's BitstringReader is in a header that an installed 1.14 does
// not have all parts of.
uint64_t bits_at(const uint8_t* code, size_t first, int bits);

// n codes, of lists that exist.
void require_codes(const faiss::Index& index, int64_t n, const void* codes);
void require_lists(const faiss::IndexIVF& ivf, int64_t n, const uint8_t* codes);

// As FAISS lays out the codes of a refined index: of each vector the code of the base, then that of the refining index.
class RefinedCodes {
   public:
    RefinedCodes(const faiss::IndexRefine& refine, int64_t n, const uint8_t* codes);
    std::vector<uint8_t> base, fine;
};

} // namespace faissnet
