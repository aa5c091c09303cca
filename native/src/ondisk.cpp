// Indexes whose inverted lists lie in files.
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <faiss/IndexIVF.h>

#include "io.hpp"
#include "merge.hpp"
#include "parts.hpp"

#ifndef _WIN32
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace faissnet {
namespace {

#ifndef _WIN32

// What goes into the data file, one part behind the other in each list.
struct Source {
    const faiss::InvertedLists* lists;
    int64_t add_id;
};

// A file that takes its name at the end, or leaves nothing behind.
class NewFile {
   public:
    explicit NewFile(const char* path) : path_(path), temporary_(path_ + ".XXXXXX") {
        const int file = mkstemp(temporary_.data());
        if (file < 0) {
            fail(FAISSNET_IO, "%.500s: %s", path, std::strerror(errno));
        }
        // mkstemp lets nobody else read.
        const mode_t mask = umask(0);
        umask(mask);
        fchmod(file, 0666 & ~mask);
        file_ = fdopen(file, "w+b");
        if (file_ == nullptr) {
            close(file);
            unlink(temporary_.c_str());
            throw std::bad_alloc();
        }
        std::setvbuf(file_, nullptr, _IOFBF, 1 << 20);
    }

    ~NewFile() {
        if (file_ != nullptr) {
            std::fclose(file_);
            unlink(temporary_.c_str());
        }
    }
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void reserve(size_t size) {
        if (const int error = posix_fallocate(fileno(file_), 0, static_cast<off_t>(size)); error != 0) {
            failed(error);
        }
    }

    void write(const void* from, size_t size) {
        if (size > 0 && std::fwrite(from, 1, size, file_) != size) {
            failed(errno);
        }
    }

    std::shared_ptr<MappedFile> finish() {
        if (std::fflush(file_) != 0 || fsync(fileno(file_)) != 0) {
            failed(errno);
        }
        const int mapped = fcntl(fileno(file_), F_DUPFD_CLOEXEC, 0);
        if (mapped < 0) {
            failed(errno);
        }
        auto result = std::make_shared<MappedFile>(mapped, path_, true);
        if (std::rename(temporary_.c_str(), path_.c_str()) != 0) {
            failed(errno);
        }
        std::fclose(file_);
        file_ = nullptr;
        return result;
    }

   private:
    [[noreturn]] void failed(int error) {
        fail(FAISSNET_IO, "%.500s: %s", path_.c_str(), std::strerror(error));
    }

    std::string path_, temporary_;
    std::FILE* file_;
};

void write_ids(NewFile& file, const Source& part, size_t list, size_t size, std::vector<idx_t>& ids) {
    const faiss::InvertedLists::ScopedIds scope(part.lists, list);
    ids.assign(scope.ids, scope.ids + size);
    for (auto& id : ids) {
        id += part.add_id;
    }
    file.write(ids.data(), size * sizeof(idx_t));
}

std::unique_ptr<StoredLists> store(const char* path, size_t nlist, size_t code_size, const std::vector<Source>& parts) {
    // FAISS cannot map an empty file.
    constexpr size_t kLeast = 4096;
    std::vector<StoredLists::List> lists(nlist);
    size_t used = 0;
    for (size_t list = 0; list < nlist; list++) {
        size_t size = 0;
        for (const auto& part : parts) {
            size += part.lists->list_size(list);
        }
        lists[list] = {size, size, used};
        used += size * (code_size + sizeof(idx_t));
    }
    const size_t total = std::max(used, kLeast);

    NewFile file(path);
    file.reserve(total);
    std::vector<idx_t> ids;
    for (size_t list = 0; list < nlist; list++) {
        for (const auto& part : parts) {
            if (const size_t size = part.lists->list_size(list); size > 0) {
                const faiss::InvertedLists::ScopedCodes codes(part.lists, list);
                file.write(codes.codes, size * code_size);
            }
        }
        for (const auto& part : parts) {
            if (const size_t size = part.lists->list_size(list); size > 0) {
                write_ids(file, part, list, size, ids);
            }
        }
    }
    std::vector<StoredLists::Slot> slots;
    if (total > used) {
        slots.push_back({used, total - used});
    }
    return std::make_unique<StoredLists>(nlist, code_size, file.finish(), path, std::move(lists), std::move(slots), total);
}

bool is_bare_ivf(const faiss::Index& index) {
    if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        return is_bare_ivf(*chain->index);
    }
    return dynamic_cast<const faiss::IndexIVF*>(&index) != nullptr;
}

void lists_to_disk(faissnet_index* handle, const char* path, int64_t count, const faissnet_index* const* others, bool shift_ids) {
    auto& index = open(handle);
    require(path != nullptr && *path != '\0', "path must not be empty");
    require(count >= 0 && (count == 0 || others != nullptr), "others must hold count indexes");
    auto ivf = find_inside<faiss::IndexIVF>(index);
    if (ivf == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "this index type has no inverted lists to put on disk");
    }
    if (ivf->invlists->code_size != ivf->code_size) {
        fail(FAISSNET_UNSUPPORTED, "fast-scan keeps its lists in blocks, which lie in memory alone");
    }
    require_trained(index);
    if (count > 0 && !is_bare_ivf(index)) {
        fail(FAISSNET_UNSUPPORTED, "only an IVF, or one behind transforms, takes the lists of others");
    }

    std::vector<Source> parts{{ivf->invlists, 0}};
    int64_t total = index.ntotal;
    for (int64_t i = 0; i < count; i++) {
        const auto& other = open(others[i]);
        require(&other != &index, "others holds the index itself: expected other ones");
        const int64_t add_id = shift_ids ? total : 0;
        require_mergeable(index, other, add_id);
        parts.push_back({find_inside<faiss::IndexIVF>(other)->invlists, add_id});
        total += other.ntotal;
    }

    // Only parts bring vectors in. A view that takes none in becomes an index of its own. What is refused leaves the file alone.
    const Change change(*handle, Change::kPlace);
    auto stored = store(path, ivf->nlist, ivf->code_size, parts);
    ivf->set_direct_map_type(faiss::DirectMap::NoMap);
    ivf->replace_invlists(stored.release(), true);
    for (faiss::Index* outer = &index; count > 0 && outer != nullptr; outer = const_cast<faiss::Index*>(unwrap_once(*outer))) {
        outer->ntotal = total;
    }
}

#else

void lists_to_disk(faissnet_index*, const char*, int64_t, const faissnet_index* const*, bool) {
    fail(FAISSNET_UNSUPPORTED, "FAISS has no lists in files on Windows");
}

#endif

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_lists_to_disk(
        faissnet_index* index, const char* path, int64_t count, const faissnet_index* const* others, int32_t shift_ids) {
    return guard([&] { lists_to_disk(index, path, count, others, shift_ids != 0); });
}

faissnet_status faissnet_index_lists_path(const faissnet_index* index, char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] {
        auto lists = find_stored(open(index));
        copy_text(lists != nullptr ? lists->name() : "", buffer, capacity, length);
    });
}

faissnet_status faissnet_index_open(const char* path, const char* lists_path, int32_t map, int32_t writable, faissnet_index** index) {
    return guard([&] {
        require(path != nullptr && *path != '\0', "path must not be empty");
        require(lists_path == nullptr || *lists_path != '\0', "lists_path must not be empty; NULL means as the index names it");
        Reading how;
        how.data_path = lists_path;
        how.writable = writable != 0;
        hand_over(map != 0 ? checked([&] { return map_index(path, how); }) : read_file(path, how), index);
    });
}
