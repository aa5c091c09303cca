#include "stored.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <faiss/impl/io_macros.h>
#include <faiss/index_io.h>
#include <faiss/invlists/InvertedListsIOHook.h>

#include "views.hpp"

#ifndef _WIN32
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <faiss/invlists/OnDiskInvertedLists.h>
#endif

namespace faissnet {
namespace {

thread_local bool in_full = false;

} // namespace

InFull::InFull() {
    in_full = true;
}

InFull::~InFull() {
    in_full = false;
}

#ifndef _WIN32

namespace {

[[noreturn]] void fail_file(const std::string& path, int error) {
    fail(error == ENOMEM ? FAISSNET_OUT_OF_MEMORY : FAISSNET_IO, "%.500s: %s", path.c_str(), std::strerror(error));
}

size_t size_of(int file, const std::string& path) {
    struct stat status;
    if (fstat(file, &status) != 0) {
        fail_file(path, errno);
    }
    if (!S_ISREG(status.st_mode)) {
        fail(FAISSNET_IO, "%.500s: is no ordinary file", path.c_str());
    }
    return static_cast<size_t>(status.st_size);
}

} // namespace

MappedFile::MappedFile(const char* path, bool writable) : file_(-1), path_(path), writable_(writable) {
    file_ = ::open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    if (file_ < 0) {
        fail_file(path_, errno);
    }
    open_mapping();
}

MappedFile::MappedFile(int file, std::string path, bool writable) : file_(file), path_(std::move(path)), writable_(writable) {
    open_mapping();
}

void MappedFile::open_mapping() {
    try {
        size_ = size_of(file_, path_);
        if (size_ > 0) {
            void* mapped = mmap(nullptr, size_, writable_ ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, file_, 0);
            if (mapped == MAP_FAILED) {
                fail_file(path_, errno);
            }
            data_ = static_cast<uint8_t*>(mapped);
        }
    } catch (...) {
        close(file_);
        throw;
    }
}

MappedFile::~MappedFile() {
    if (data_ != nullptr) {
        munmap(data_, size_);
    }
    close(file_);
}

void MappedFile::grow(size_t size) {
    if (const int error = posix_fallocate(file_, static_cast<off_t>(size_), static_cast<off_t>(size - size_)); error != 0) {
        fail_file(path_, error);
    }
    void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (mapped == MAP_FAILED) {
        fail_file(path_, errno);
    }
    if (data_ != nullptr) {
        munmap(data_, size_);
    }
    data_ = static_cast<uint8_t*>(mapped);
    size_ = size;
}

void MappedFile::flush() const {
    if (writable_ && data_ != nullptr && msync(data_, size_, MS_SYNC) != 0) {
        fail_file(path_, errno);
    }
}

StoredLists::StoredLists(
        size_t nlist, size_t code_size, std::shared_ptr<MappedFile> file, std::string name, std::vector<List> lists, std::vector<Slot> slots, size_t total)
        : InvertedLists(nlist, code_size), lists_(std::move(lists)), file_(std::move(file)), name_(std::move(name)), slots_(std::move(slots)), total_(total) {
    if (lists_.size() != nlist) {
        fail(FAISSNET_CORRUPT, "the data holds %zu lists where nlist is %zu", lists_.size(), nlist);
    }
    if (file_->size() < total) {
        fail(FAISSNET_CORRUPT, "%.500s holds %zu bytes: the lists need %zu", file_->path().c_str(), file_->size(), total);
    }
    const uint64_t entry = code_size + sizeof(idx_t);
    for (const auto& list : lists_) {
        if (list.size > list.capacity ||
            (list.capacity > 0 && (list.offset > total || list.capacity > (total - list.offset) / entry))) {
            fail(FAISSNET_CORRUPT, "a list lies beyond the %zu bytes of %.500s", total, file_->path().c_str());
        }
    }
    for (const auto& slot : slots_) {
        if (slot.offset > total || slot.capacity > total - slot.offset) {
            fail(FAISSNET_CORRUPT, "a free slot lies beyond the %zu bytes of %.500s", total, file_->path().c_str());
        }
    }
}

size_t StoredLists::add_entries(size_t list, size_t count, const idx_t* ids, const uint8_t* codes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t size = lists_[list].size;
    if (failure_ != nullptr) {
        return size;
    }
    try {
        reserve(list, size + count);
        lists_[list].size = size + count;
        update_entries(list, size, count, ids, codes);
    } catch (const Error& error) {
        failure_ = std::make_unique<Error>(error);
    }
    return size;
}

void StoredLists::update_entries(size_t list, size_t offset, size_t count, const idx_t* ids, const uint8_t* codes) {
    if (count > 0) {
        std::memcpy(const_cast<uint8_t*>(get_codes(list)) + offset * code_size, codes, count * code_size);
        std::memcpy(const_cast<idx_t*>(get_ids(list)) + offset, ids, count * sizeof(idx_t));
    }
}

void StoredLists::resize(size_t list, size_t size) {
    const std::lock_guard<std::mutex> lock(mutex_);
    try {
        reserve(list, size);
        lists_[list].size = size;
    } catch (const Error& error) {
        failure_ = std::make_unique<Error>(error);
    }
}

void StoredLists::rethrow() {
    if (failure_ != nullptr) {
        const Error error = *failure_;
        failure_.reset();
        throw error;
    }
}

void StoredLists::reserve(size_t list, size_t size) {
    const List old = lists_[list];
    if (size <= old.capacity) {
        return;
    }
    uint64_t capacity = 1;
    while (capacity < size) {
        capacity *= 2;
    }
    const uint64_t offset = allocate(capacity * (code_size + sizeof(idx_t)));
    if (old.size > 0) {
        uint8_t* to = file_->data() + offset;
        std::memcpy(to, get_codes(list), old.size * code_size);
        std::memcpy(to + capacity * code_size, get_ids(list), old.size * sizeof(idx_t));
    }
    if (old.capacity > 0) {
        freed_.push_back({old.offset, old.capacity * (code_size + sizeof(idx_t))});
    }
    lists_[list] = {old.size, capacity, offset};
}

size_t StoredLists::allocate(size_t bytes) {
    constexpr size_t kStep = 1 << 20;
    auto slot = std::find_if(slots_.begin(), slots_.end(), [bytes](const Slot& free) { return free.capacity >= bytes; });
    if (slot == slots_.end()) {
        const size_t more = std::max({bytes, total_ / 4, kStep});
        file_->grow(total_ + more);
        slots_.push_back({total_, more});
        total_ += more;
        slot = slots_.end() - 1;
    }
    const size_t offset = slot->offset;
    slot->offset += bytes;
    slot->capacity -= bytes;
    if (slot->capacity == 0) {
        slots_.erase(slot);
    }
    return offset;
}

namespace {

// The key under which FAISS finds the hook when it reads lists in memory, and the flag that makes it look there.
constexpr char kKey[] = "ilfn";
constexpr char kViewKey[] = "ilfv";
int flags() {
    return faiss::IO_FLAG_SKIP_IVF_DATA | static_cast<int>(faiss::fourcc(kKey) & 0xffff0000);
}

// Reads out of a mapped file; what the hook below finds there can stay.
class MappedReader : public faiss::IOReader {
   public:
    explicit MappedReader(std::shared_ptr<MappedFile> source) : file(std::move(source)) {
        name = file->path();
    }

    size_t operator()(void* buffer, size_t size, size_t count) override {
        count = size == 0 ? 0 : std::min(count, (file->size() - position) / size);
        if (count > 0) {
            std::memcpy(buffer, file->data() + position, size * count);
            position += size * count;
        }
        return count;
    }

    std::shared_ptr<MappedFile> file;
    size_t position = 0;
};

// Lists of any kind, as FAISS writes those in memory.
void write_in_full(const faiss::InvertedLists& lists, faiss::IOWriter& to) {
    faiss::IOWriter* f = &to;
    const uint32_t type = faiss::fourcc("ilar");
    WRITE1(type);
    WRITE1(lists.nlist);
    WRITE1(lists.code_size);
    size_t used = 0;
    for (size_t list = 0; list < lists.nlist; list++) {
        used += lists.list_size(list) > 0 ? 1 : 0;
    }
    // FAISS's rule for which of the two forms is shorter.
    const bool full = used > lists.nlist / 2;
    const uint32_t form = faiss::fourcc(full ? "full" : "sprs");
    WRITE1(form);
    std::vector<uint64_t> sizes;
    for (size_t list = 0; list < lists.nlist; list++) {
        const size_t size = lists.list_size(list);
        if (!full && size > 0) {
            sizes.push_back(list);
        }
        if (full || size > 0) {
            sizes.push_back(size);
        }
    }
    WRITEVECTOR(sizes);
    for (size_t list = 0; list < lists.nlist; list++) {
        if (const size_t size = lists.list_size(list); size > 0) {
            faiss::InvertedLists::ScopedCodes codes(&lists, list);
            WRITEANDCHECK(codes.get(), size * lists.code_size);
            faiss::InvertedLists::ScopedIds ids(&lists, list);
            WRITEANDCHECK(ids.get(), size);
        }
    }
}

class ViewHook : public faiss::InvertedListsIOHook {
   public:
    ViewHook() : InvertedListsIOHook(kViewKey, typeid(ViewedLists).name()) {}

    void write(const faiss::InvertedLists* lists, faiss::IOWriter* to) const override {
        write_in_full(*lists, *to);
    }

    faiss::InvertedLists* read(faiss::IOReader*, int) const override {
        fail(FAISSNET_CORRUPT, "the data holds lists of the type %s, which no file has", kViewKey);
    }
};

class Hook : public faiss::InvertedListsIOHook {
   public:
    Hook() : InvertedListsIOHook(kKey, typeid(StoredLists).name()) {}

    void write(const faiss::InvertedLists* lists, faiss::IOWriter* to) const override {
        static_cast<const StoredLists*>(lists)->write(*to);
    }

    faiss::InvertedLists* read(faiss::IOReader*, int) const override {
        fail(FAISSNET_CORRUPT, "the data holds lists of the type %s, which no file has", kKey);
    }

    faiss::InvertedLists* read_ArrayInvertedLists(
            faiss::IOReader* f, int, size_t nlist, size_t code_size, const std::vector<size_t>& sizes) const override {
        if (auto mapped = dynamic_cast<MappedReader*>(f)) {
            return leave(*mapped, nlist, code_size, sizes);
        }
        auto lists = std::make_unique<faiss::ArrayInvertedLists>(nlist, code_size);
        for (size_t list = 0; list < nlist; list++) {
            if (const size_t size = sizes[list]; size > 0) {
                lists->ids[list].resize(size);
                lists->codes[list].resize(size * code_size);
                READANDCHECK(lists->codes[list].data(), size * code_size);
                READANDCHECK(lists->ids[list].data(), size);
            }
        }
        return lists.release();
    }

   private:
    static faiss::InvertedLists* leave(MappedReader& from, size_t nlist, size_t code_size, const std::vector<size_t>& sizes) {
        std::vector<StoredLists::List> lists(nlist);
        const uint64_t entry = code_size + sizeof(idx_t);
        for (size_t list = 0; list < nlist; list++) {
            if (sizes[list] > (from.file->size() - from.position) / entry) {
                fail(FAISSNET_CORRUPT, "the file ends within list %zu", list);
            }
            if (sizes[list] > 0) {
                lists[list] = {sizes[list], sizes[list], from.position};
                from.position += sizes[list] * entry;
            }
        }
        return new StoredLists(nlist, code_size, from.file, "", std::move(lists), {}, from.file->size());
    }
};

// FAISS reads the tables of lists on disk; the file itself is opened here.
void open_data(faiss::Index& index, const Reading& how) {
    auto ivf = find_inside<faiss::IndexIVF>(index);
    auto found = ivf != nullptr ? dynamic_cast<const faiss::OnDiskInvertedLists*>(ivf->invlists) : nullptr;
    if (found == nullptr) {
        return;
    }
    const std::string path = how.data_path != nullptr ? how.data_path : found->filename;
    std::vector<StoredLists::List> lists(found->lists.size());
    for (size_t list = 0; list < lists.size(); list++) {
        const auto& from = found->lists[list];
        lists[list] = {from.size, from.capacity, from.offset};
    }
    std::vector<StoredLists::Slot> slots;
    for (const auto& slot : found->slots) {
        slots.push_back({slot.offset, slot.capacity});
    }
    auto stored = std::make_unique<StoredLists>(
            found->nlist, found->code_size, std::make_shared<MappedFile>(path.c_str(), how.writable), path, std::move(lists), std::move(slots), found->totsize);
    ivf->replace_invlists(stored.release(), true);
}

} // namespace

void prepare_io() {
    static std::once_flag once;
    std::call_once(once, [] {
        faiss::InvertedListsIOHook::add_callback(new Hook);
        faiss::InvertedListsIOHook::add_callback(new ViewHook);
    });
}

void StoredLists::write(faiss::IOWriter& to) const {
    if (name_.empty() || in_full) {
        write_in_full(*this, to);
        return;
    }
    faiss::IOWriter* f = &to;
    const uint32_t type = faiss::fourcc("ilod");
    WRITE1(type);
    WRITE1(nlist);
    WRITE1(code_size);
    file_->flush();
    WRITEVECTOR(lists_);
    // What is written refers to no slot that was given up. FAISS expects them in order, and neighbours as one.
    std::vector<Slot> all(slots_), slots;
    all.insert(all.end(), freed_.begin(), freed_.end());
    std::sort(all.begin(), all.end(), [](const Slot& a, const Slot& b) { return a.offset < b.offset; });
    for (const auto& slot : all) {
        if (!slots.empty() && slots.back().offset + slots.back().capacity == slot.offset) {
            slots.back().capacity += slot.capacity;
        } else {
            slots.push_back(slot);
        }
    }
    WRITEVECTOR(slots);
    const std::vector<char> name(name_.begin(), name_.end());
    WRITEVECTOR(name);
    const uint64_t total = total_;
    WRITE1(total);
}

std::unique_ptr<faiss::Index> read_index(faiss::IOReader& from, const Reading& how) {
    prepare_io();
    // Newer FAISS has lists that it cannot skip. Where nothing asks for it, it opens data files itself, under the name in the index.
    const bool skips = how.data_path != nullptr || how.writable || dynamic_cast<MappedReader*>(&from) != nullptr;
    std::unique_ptr<faiss::Index> made(faiss::read_index(&from, skips ? flags() : faiss::IO_FLAG_READ_ONLY));
    if (made != nullptr) {
        open_data(*made, how);
    }
    return made;
}

std::unique_ptr<faiss::Index> map_index(const char* path, const Reading& how) {
    MappedReader reader(std::make_shared<MappedFile>(path, false));
    return read_index(reader, how);
}

#else

void prepare_io() {}

std::unique_ptr<faiss::Index> read_index(faiss::IOReader& from, const Reading&) {
    return std::unique_ptr<faiss::Index>(faiss::read_index(&from));
}

std::unique_ptr<faiss::Index> map_index(const char*, const Reading&) {
    fail(FAISSNET_UNSUPPORTED, "FAISS has no lists in files on Windows: the managed engine maps them");
}

#endif

StoredLists* find_stored(const faiss::Index& index) {
    auto ivf = find_inside<faiss::IndexIVF>(index);
    return ivf != nullptr ? dynamic_cast<StoredLists*>(ivf->invlists) : nullptr;
}

void require_writable(const faiss::Index& index) {
    auto lists = find_stored(index);
    if (lists == nullptr || lists->writable()) {
        return;
    }
    if (lists->name().empty()) {
        fail(FAISSNET_UNSUPPORTED, "the inverted lists are mapped from the index file and cannot be changed: load the index into memory");
    }
    fail(FAISSNET_UNSUPPORTED, "the inverted lists are mapped from %.500s for reading alone: open them for writing", lists->name().c_str());
}

StoredAdd::StoredAdd(faiss::Index& target) : target_(target), lists_(find_stored(target)), count_(target.ntotal) {
    if (lists_ == nullptr) {
        return;
    }
    require_writable(target);
    // What else would have to be taken back if the disk is full.
    for (const faiss::Index* outer = &target; dynamic_cast<const faiss::IndexIVF*>(outer) == nullptr; outer = unwrap_once(*outer)) {
        if (dynamic_cast<const faiss::IndexPreTransform*>(outer) == nullptr) {
            fail(FAISSNET_UNSUPPORTED, "an index with lists on disk takes vectors only as an IVF, or as one behind transforms");
        }
    }
    find_inside<faiss::IndexIVF>(target)->set_direct_map_type(faiss::DirectMap::NoMap);
    before_ = lists_->state();
}

void StoredAdd::finish() {
    if (lists_ == nullptr) {
        return;
    }
    try {
        lists_->rethrow();
    } catch (const Error&) {
        lists_->restore(std::move(before_));
        for (faiss::Index* outer = &target_; outer != nullptr; outer = const_cast<faiss::Index*>(unwrap_once(*outer))) {
            outer->ntotal = count_;
        }
        throw;
    }
}

} // namespace faissnet
