// The blocks in which fast-scan keeps its codes of 4 bits per sub-quantizer, for what FAISS does wrong with single codes in them: it takes every
// block for one of 32 vectors, and adds with "or" to what removed vectors left behind the last one.
#pragma once

#include <cstdint>

#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexPQFastScan.h>

#include "version.hpp"

namespace faissnet {

class PackedCodes {
   public:
    // block: vectors per block, a multiple of 32; m2: sub-quantizers, even.
    PackedCodes(size_t block, size_t m2) : block_(block), m2_(m2) {}

    // Of one code outside of blocks.
    size_t code_size() const {
        return m2_ / 2;
    }
    // Of the blocks that so many codes take.
    size_t bytes(size_t count) const {
        return (count + block_ - 1) / block_ * block_ * code_size();
    }
    void get(const uint8_t* blocks, size_t number, uint8_t* code) const;
    void set(uint8_t* blocks, size_t number, const uint8_t* code) const;
    // Zeroes what is left of the last block behind count codes, as adding expects it.
    void clear_behind(uint8_t* blocks, size_t count) const;

   private:
    struct Place {
        size_t byte; // of the first two sub-quantizers; the others follow at distances of a block
        int shift;
    };
    Place place(size_t number) const;

    size_t block_, m2_;
};

// Whether an index's blocks hold codes and nothing else, which all of the following ask for.
bool is_packed(const faiss::IndexFastScan& index);
bool is_packed(const faiss::IndexIVFFastScan& index);

// FAISS's remove_ids.
size_t remove_packed(faiss::IndexFastScan& index, const faiss::IDSelector& selector);
size_t remove_packed(faiss::IndexIVFFastScan& index, const faiss::IDSelector& selector);

// All codes of one behind those of the other, which is of the same training.
void move_packed(faiss::IndexFastScan& to, faiss::IndexFastScan& from);
void move_packed(faiss::IndexIVFFastScan& to, faiss::IndexIVFFastScan& from, int64_t add_id);

// Codes as encoding writes them, of an IVF with the number of the list before each, behind those that are there; ids of an IVF: NULL numbers on.
void add_packed(faiss::IndexPQFastScan& index, int64_t n, const uint8_t* codes);
void add_packed(faiss::IndexIVFPQFastScan& index, int64_t n, const uint8_t* codes, const idx_t* ids);

// One code of one list, as encoding writes it behind the number of the list.
void read_packed(const faiss::IndexIVFFastScan& index, int64_t list, int64_t offset, uint8_t* code);

// FAISS's reconstruct.
void reconstruct_packed(const faiss::IndexPQFastScan& index, int64_t number, float* vector);
void reconstruct_packed(const faiss::IndexIVFPQFastScan& index, int64_t list, int64_t offset, float* vector);

} // namespace faissnet
