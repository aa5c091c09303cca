// Inverted lists that are views of the lists of other indexes: FAISS's HStack-, VStack-, Slice-, Masked- and StopWordsInvertedLists in one.
//
// FAISS's classes point at lists that whoever made them has to keep alive and unchanged, and stack one on the other to say what is in a list.
// Here that is worked out once, which is enough, for what is shown cannot change meanwhile.
#pragma once

#include <memory>
#include <vector>

#include <faiss/invlists/InvertedLists.h>

#include "handle.hpp"

namespace faissnet {

// Keeps an index alive and unchanged.
class Shown {
   public:
    explicit Shown(std::shared_ptr<Family> family) : family_(std::move(family)) {
        family_->viewers++;
    }
    ~Shown() {
        family_->viewers--;
    }
    Shown(const Shown&) = delete;
    Shown& operator=(const Shown&) = delete;

   private:
    std::shared_ptr<Family> family_;
};

class ViewedLists : public faiss::InvertedLists {
   public:
    // One list of another index, not empty.
    struct Piece {
        const faiss::InvertedLists* lists;
        size_t list;
        idx_t add_id; // what its ids are raised by
    };

    // pieces: of each list, one behind the other; shown: what they are of.
    ViewedLists(size_t code_size, std::vector<std::vector<Piece>> pieces, std::vector<std::unique_ptr<Shown>> shown);

    size_t list_size(size_t list) const override {
        return sizes_[list];
    }
    const uint8_t* get_codes(size_t list) const override;
    void release_codes(size_t list, const uint8_t* codes) const override;
    const idx_t* get_ids(size_t list) const override;
    void release_ids(size_t list, const idx_t* ids) const override;
    const uint8_t* get_single_code(size_t list, size_t offset) const override;
    idx_t get_single_id(size_t list, size_t offset) const override;

    // Nobody comes here: Change refuses it.
    size_t add_entries(size_t list, size_t count, const idx_t* ids, const uint8_t* codes) override;
    void update_entries(size_t list, size_t offset, size_t count, const idx_t* ids, const uint8_t* codes) override;
    void resize(size_t list, size_t size) override;

   private:
    const Piece& find(size_t list, size_t& offset) const;
    bool shares_ids(size_t list) const {
        return pieces_[list].size() == 1 && pieces_[list][0].add_id == 0;
    }

    std::vector<std::vector<Piece>> pieces_;
    std::vector<size_t> sizes_;
    std::vector<std::unique_ptr<Shown>> shown_;
};

} // namespace faissnet
