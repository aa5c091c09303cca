#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>

#include <faiss/index_io.h>

#include "callbacks.hpp"
#include "handle.hpp"
#include "io.hpp"
#include "stored.hpp"
#include "loaded.hpp"

namespace faissnet {
namespace {

struct CloseFile {
    void operator()(std::FILE* file) const {
        std::fclose(file);
    }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

File open_file(const char* path, const char* mode) {
    require(path != nullptr && *path != '\0', "path must not be empty");
    File file(std::fopen(path, mode));
    if (file == nullptr) {
        fail(FAISSNET_IO, "%.500s: %s", path, std::strerror(errno));
    }
    return file;
}

// Where every distance to a centroid is infinite or NaN, FAISS leaves the nearest one's number undefined, and an add
// writes to the list of that number.
void require_finite_centroids(const faiss::IndexIVF& ivf) {
    auto flat = dynamic_cast<const faiss::IndexFlat*>(ivf.quantizer);
    if (flat == nullptr) {
        return;
    }
    const float* centroid = flat->get_xb();
    for (int64_t i = 0; i < flat->ntotal; i++, centroid += flat->d) {
        float squares = 0;
        for (int j = 0; j < flat->d; j++) {
            squares += centroid[j] * centroid[j];
        }
        if (!(squares <= std::numeric_limits<float>::max() / 4)) {
            fail(FAISSNET_CORRUPT, "coarse centroid %lld is not finite, or so long that distances to it overflow", static_cast<long long>(i));
        }
    }
}

} // namespace

std::unique_ptr<faiss::Index> checked(const std::function<std::unique_ptr<faiss::Index>()>& read) {
    std::unique_ptr<faiss::Index> made;
    try {
        made = read();
    } catch (const faiss::FaissException& error) {
        rethrow_as(FAISSNET_CORRUPT, error.what());
    } catch (const std::length_error&) {
        fail(FAISSNET_CORRUPT, "a length in the data is impossible");
    }
    if (made == nullptr || made->d < 1 || made->ntotal < 0) {
        fail(FAISSNET_CORRUPT, "the data holds no index with d >= 1 and ntotal >= 0");
    }
    // FAISS can write an IVF without its lists, and reads it back with none.
    if (auto ivf = find_inside<faiss::IndexIVF>(*made); ivf != nullptr && ivf->invlists == nullptr) {
        fail(FAISSNET_CORRUPT, "the data holds an IVF index without its inverted lists");
    } else if (ivf != nullptr) {
        require_finite_centroids(*ivf);
    }
    settle_loaded(*made);
    require_readable(*made);
    return made;
}

std::unique_ptr<faiss::Index> read_file(const char* path, const Reading& how) {
    const auto file = open_file(path, "rb");
    faiss::FileIOReader reader(file.get());
    reader.name = path;
    try {
        return checked([&] { return read_index(reader, how); });
    } catch (const Error&) {
        // A folder can be opened too; a disk can fail. Neither says anything about the data.
        if (std::ferror(file.get()) != 0) {
            fail(FAISSNET_IO, "%.500s: cannot be read", path);
        }
        throw;
    }
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_write_file(const faissnet_index* index, const char* path) {
    return guard([&] {
        const auto& source = open(index);
        require_readable(source);
        auto file = open_file(path, "wb");
        prepare_io();
        try {
            faiss::write_index(&source, file.get());
        } catch (const faiss::FaissException& error) {
            rethrow_as(FAISSNET_IO, error.what());
        }
        // A full disk may show only when the last bytes leave the buffer.
        if (std::fclose(file.release()) != 0) {
            fail(FAISSNET_IO, "%.500s: %s", path, std::strerror(errno));
        }
    });
}

faissnet_status faissnet_index_read_file(const char* path, faissnet_index** index) {
    return guard([&] { hand_over(read_file(path, Reading()), index); });
}

faissnet_status faissnet_index_write(const faissnet_index* index, faissnet_write_fn write, void* context) {
    return guard([&] {
        const auto& source = open(index);
        require(write != nullptr, "write must not be NULL");
        require_readable(source);
        CallbackWriter writer(write, context);
        prepare_io();
        faiss::write_index(&source, &writer);
    });
}

faissnet_status faissnet_index_read(faissnet_read_fn read_callback, void* context, faissnet_index** index) {
    return guard([&] {
        require(read_callback != nullptr, "read must not be NULL");
        CallbackReader reader(read_callback, context);
        hand_over(checked([&] { return read_index(reader, Reading()); }), index);
    });
}
