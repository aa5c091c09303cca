// Inverted lists that lie in a mapped file: in a data file of their own, as FAISS's OnDiskInvertedLists, or in the index file itself.
//
// FAISS's class does the same, but prints to stdout when it grows, throws inside OpenMP regions (which ends the process), extends files
// without reserving the disk (a full one is a SIGBUS later), starts up to 32 threads for each search, trusts that the file is as long as it
// says, and writes an index whose lists were mapped so that they cannot be found again. It only ever lives here while a file is read.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <faiss/impl/io.h>
#include <faiss/invlists/InvertedLists.h>

#include "handle.hpp"

namespace faissnet {

// A file that is open and, if it is not empty, mapped.
class MappedFile {
   public:
    MappedFile(const char* path, bool writable);
    // Takes over an open file.
    MappedFile(int file, std::string path, bool writable);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    uint8_t* data() const {
        return data_;
    }
    size_t size() const {
        return size_;
    }
    const std::string& path() const {
        return path_;
    }
    bool writable() const {
        return writable_;
    }
    // Reserves the room on the disk, then maps it.
    void grow(size_t size);
    void flush() const;

   private:
    void open_mapping();

    int file_;
    std::string path_;
    bool writable_;
    uint8_t* data_ = nullptr;
    size_t size_ = 0;
};

class StoredLists : public faiss::InvertedLists {
   public:
    // As they stand in files.
    struct List {
        uint64_t size = 0;     // entries
        uint64_t capacity = 0; // entries; codes, then ids, each with room for so many
        uint64_t offset = UINT64_MAX;
    };
    struct Slot {
        uint64_t offset;
        uint64_t capacity; // bytes
    };

    // name: how index files call the data file; empty for lists that lie in their index file.
    StoredLists(size_t nlist, size_t code_size, std::shared_ptr<MappedFile> file, std::string name, std::vector<List> lists, std::vector<Slot> slots, size_t total);

    size_t list_size(size_t list) const override {
        return lists_[list].size;
    }
    const uint8_t* get_codes(size_t list) const override {
        return lists_[list].capacity == 0 ? nullptr : file_->data() + lists_[list].offset;
    }
    const idx_t* get_ids(size_t list) const override {
        return lists_[list].capacity == 0 ? nullptr : reinterpret_cast<const idx_t*>(get_codes(list) + lists_[list].capacity * code_size);
    }

    // FAISS calls these from OpenMP regions, which nothing may be thrown out of: what fails is kept for rethrow(), and changes nothing.
    size_t add_entries(size_t list, size_t count, const idx_t* ids, const uint8_t* codes) override;
    void update_entries(size_t list, size_t offset, size_t count, const idx_t* ids, const uint8_t* codes) override;
    void resize(size_t list, size_t size) override;

    bool writable() const {
        return !name_.empty() && file_->writable();
    }
    const std::string& name() const {
        return name_;
    }
    std::vector<List> state() const {
        return lists_;
    }
    void restore(std::vector<List> state) {
        lists_ = std::move(state);
        failure_.reset();
    }
    // Throws what add_entries could not.
    void rethrow();
    void write(faiss::IOWriter& to) const;

   private:
    void reserve(size_t list, size_t size);
    size_t allocate(size_t bytes);

    std::vector<List> lists_;
    std::shared_ptr<MappedFile> file_;
    std::string name_;
    std::vector<Slot> slots_;
    // Given up since the lists were opened. Index files that were saved before still read there, so nothing new goes in.
    std::vector<Slot> freed_;
    size_t total_;
    std::mutex mutex_;
    std::unique_ptr<Error> failure_;
};

// Makes stored lists known to FAISS. Before anything that may ask FAISS for its kinds of lists: they are in a vector without a lock.
void prepare_io();

// Reads an index, lists of every kind included. Where FAISS's lists name a data file, it is opened: as data_path if that is given.
struct Reading {
    const char* data_path = nullptr;
    bool writable = false;
};
std::unique_ptr<faiss::Index> read_index(faiss::IOReader& from, const Reading& how);

// Reads an index from a mapped file, and leaves its lists there.
std::unique_ptr<faiss::Index> map_index(const char* path, const Reading& how);

// The lists of the IVF inside, if they are stored; nullptr else.
StoredLists* find_stored(const faiss::Index& index);

// While it lives, this thread writes stored lists as ordinary ones, content and all.
class InFull {
   public:
    InFull();
    ~InFull();
    InFull(const InFull&) = delete;
    InFull& operator=(const InFull&) = delete;
};

// FAISSNET_UNSUPPORTED if the lists inside are stored and cannot be changed.
void require_writable(const faiss::Index& index);

// An add to lists on disk is done whole or not at all.
class StoredAdd {
   public:
    explicit StoredAdd(faiss::Index& target);
    void finish();

   private:
    faiss::Index& target_;
    StoredLists* lists_;
    std::vector<StoredLists::List> before_;
    int64_t count_;
};

} // namespace faissnet
