// Binary indexes: making, copying, describing, reading and writing.

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>

#include <faiss/IndexBinaryFromFloat.h>
#include <faiss/index_io.h>

#include "binary.hpp"
#include "callbacks.hpp"
#include "from_float.hpp"
#include "io.hpp"

namespace faissnet {
namespace {

constexpr int32_t kMaxDimension = 1 << 20;

// FAISS shifts a 64-bit word by the number of bits and, while it enumerates, by two more.
constexpr int kMaxHashBits = 60;

// Beyond this a query would visit buckets for hours.
constexpr double kMaxBuckets = 1 << 28;

// "BIVF4096_HNSW32": the numbers between the given pieces of text; false if the description is no such text.
bool matches(const std::string& description, std::initializer_list<const char*> pieces, std::vector<int64_t>& numbers) {
    numbers.clear();
    size_t at = 0;
    for (const char* piece : pieces) {
        const std::string text(piece);
        if (description.compare(at, text.size(), text) != 0) {
            return false;
        }
        at += text.size();
        const size_t end = std::min(description.find_first_not_of("0123456789", at), description.size());
        if (end == at) {
            return false;
        }
        if (end - at > 9) {
            fail(FAISSNET_INVALID_ARGUMENT, "description is \"%.200s\": a number in it is too large", description.c_str());
        }
        numbers.push_back(std::atoll(description.c_str() + at));
        at = end;
    }
    return at == description.size();
}

void require_number(const std::string& description, const char* name, int64_t value, int64_t min, int64_t max) {
    if (value < min || value > max) {
        fail(FAISSNET_INVALID_ARGUMENT, "description is \"%.200s\": %s is %lld, expected %lld to %lld", description.c_str(), name,
             static_cast<long long>(value), static_cast<long long>(min), static_cast<long long>(max));
    }
}

std::unique_ptr<faiss::IndexBinary> make_hnsw(int32_t d, int64_t links, const std::string& description) {
    require_number(description, "the number of links", links, 2, 1 << 16); // of 1 FAISS draws no levels
    return std::make_unique<faiss::IndexBinaryHNSW>(d, static_cast<int>(links));
}

std::unique_ptr<faiss::IndexBinary> make_ivf(int32_t d, int64_t nlist, std::unique_ptr<faiss::IndexBinary> quantizer, const std::string& description) {
    require_number(description, "nlist", nlist, 1, INT32_MAX);
    auto ivf = std::make_unique<faiss::IndexBinaryIVF>(quantizer.get(), d, nlist);
    ivf->quantizer = quantizer.release();
    ivf->own_fields = true;
    return ivf;
}

template <typename Map>
std::unique_ptr<faiss::IndexBinary> make_map(std::unique_ptr<faiss::IndexBinary> inner) {
    auto map = std::make_unique<Map>(inner.get());
    map->code_size = inner->code_size; // FAISS leaves it at 0, in files as well
    map->index = inner.release();
    map->own_fields = true;
    return map;
}

// FAISS's own factory reads with sscanf, which takes what follows a number for granted and any number for fit.
std::unique_ptr<faiss::IndexBinary> make(int32_t d, const std::string& description, const std::string& whole) {
    std::vector<int64_t> numbers;
    for (const auto& [prefix, make_wrapper] : {std::pair{"IDMap,", &make_map<faiss::IndexBinaryIDMap>}, {"IDMap2,", &make_map<faiss::IndexBinaryIDMap2>}}) {
        const std::string text(prefix);
        if (description.compare(0, text.size(), text) == 0) {
            const auto inner = description.substr(text.size());
            if (inner.compare(0, 5, "IDMap") == 0) {
                fail(FAISSNET_INVALID_ARGUMENT, "description is \"%.200s\": one IDMap is enough", whole.c_str());
            }
            return make_wrapper(make(d, inner, whole));
        }
    }
    if (description == "BFlat") {
        return std::make_unique<faiss::IndexBinaryFlat>(d);
    }
    if (matches(description, {"BIVF", "_HNSW"}, numbers)) {
        return make_ivf(d, numbers[0], make_hnsw(d, numbers[1], whole), whole);
    }
    if (matches(description, {"BIVF"}, numbers)) {
        return make_ivf(d, numbers[0], std::make_unique<faiss::IndexBinaryFlat>(d), whole);
    }
    if (matches(description, {"BHNSW"}, numbers)) {
        return make_hnsw(d, numbers[0], whole);
    }
    if (matches(description, {"BHash", "x"}, numbers)) {
        require_number(whole, "the number of bits", numbers[1], 1, std::min(kMaxHashBits, d));
        require_number(whole, "the number of hash tables", numbers[0], 1, d / numbers[1]);
        return std::make_unique<faiss::IndexBinaryMultiHash>(d, static_cast<int>(numbers[0]), static_cast<int>(numbers[1]));
    }
    if (matches(description, {"BHash"}, numbers)) {
        require_number(whole, "the number of bits", numbers[0], 1, std::min(kMaxHashBits, d));
        return std::make_unique<faiss::IndexBinaryHash>(d, static_cast<int>(numbers[0]));
    }
    fail(FAISSNET_INVALID_ARGUMENT,
         "description is \"%.200s\": expected BFlat, BIVF<nlist>, BIVF<nlist>_HNSW<links>, BHNSW<links>, BHash<bits> or "
         "BHash<tables>x<bits>, with IDMap, or IDMap2, before it if need be",
         whole.c_str());
}

double buckets(int bits, int flips) {
    double sum = 1, choose = 1;
    for (int i = 1; i <= flips; i++) {
        choose = choose * (bits - i + 1) / i;
        sum += choose;
    }
    return sum;
}

bool sound_hash(int bits, int flips, int d) {
    return bits >= 1 && bits <= std::min(kMaxHashBits, d) && flips >= 0 && flips <= bits && buckets(bits, flips) <= kMaxBuckets;
}

// What a search or an add would follow without looking. FAISS 1.7.3 checks none of it.
void require_sound(const faiss::IndexBinary& index) {
    const auto check = [](bool condition, const char* what) {
        if (!condition) {
            fail(FAISSNET_CORRUPT, "the data holds a binary index that contradicts itself: %s", what);
        }
    };
    check(index.d >= 8 && index.d <= kMaxDimension && index.code_size == index.d / 8 && index.d % 8 == 0 && index.ntotal >= 0, "its dimension");
    if (auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&index)) {
        check(map->index != nullptr && dynamic_cast<const faiss::IndexBinaryIDMap*>(map->index) == nullptr, "the index inside");
        require_sound(*map->index);
        check(map->index->d == index.d && map->index->ntotal == index.ntotal && static_cast<int64_t>(map->id_map.size()) == index.ntotal, "the ids");
    } else if (auto ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(&index)) {
        check(ivf->quantizer != nullptr && ivf->invlists != nullptr && ivf->nlist >= 1 && ivf->nprobe >= 1, "the lists");
        require_sound(*ivf->quantizer);
        check(dynamic_cast<const faiss::IndexBinaryFlat*>(ivf->quantizer) != nullptr || dynamic_cast<const faiss::IndexBinaryHNSW*>(ivf->quantizer) != nullptr, "the quantizer");
        check(ivf->quantizer->d == index.d && (!index.is_trained || ivf->quantizer->ntotal == static_cast<int64_t>(ivf->nlist)), "the centroids");
    } else if (auto hnsw = dynamic_cast<const faiss::IndexBinaryHNSW*>(&index)) {
        check(dynamic_cast<const faiss::IndexBinaryFlat*>(hnsw->storage) != nullptr, "the storage");
        require_sound(*hnsw->storage);
        check(hnsw->storage->d == index.d && hnsw->storage->ntotal == index.ntotal && static_cast<int64_t>(hnsw->hnsw.levels.size()) == index.ntotal, "the graph");
    } else if (auto hash = dynamic_cast<const faiss::IndexBinaryHash*>(&index)) {
        check(sound_hash(hash->b, hash->nflip, hash->d), "b and nflip");
        for (const auto& list : hash->invlists) {
            check(list.second.vecs.size() == list.second.ids.size() * index.code_size, "a list");
        }
    } else if (auto multi = dynamic_cast<const faiss::IndexBinaryMultiHash*>(&index)) {
        check(multi->storage != nullptr && sound_hash(multi->b, multi->nflip, multi->d), "b and nflip");
        check(multi->nhash >= 1 && multi->nhash <= multi->d / multi->b, "nhash");
        require_sound(*multi->storage);
        check(multi->storage->d == index.d && multi->storage->ntotal == index.ntotal, "the storage");
        for (const auto& map : multi->maps) {
            for (const auto& list : map) {
                check(std::all_of(list.second.begin(), list.second.end(), [&](idx_t id) { return id >= 0 && id < index.ntotal; }), "an id");
            }
        }
    } else if (dynamic_cast<const faiss::IndexBinaryFlat*>(&index) == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "this type of binary index is not supported");
    }
}

// The rest of an IBHm file behind its storage, and what stands around it, as FAISS lays it out.
class BinaryFile {
   public:
    explicit BinaryFile(faiss::IOWriter& writer) : writer_(writer) {}

    template <typename T>
    void put(const T& value) {
        put_array(&value, 1);
    }

    template <typename T>
    void put_vector(const T* values, size_t count) {
        put(static_cast<uint64_t>(count));
        put_array(values, count);
    }

    void put_header(const char* type, const faiss::IndexBinary& index) {
        put_array(type, 4);
        put(index.d);
        put(index.code_size);
        put(index.ntotal);
        put(index.is_trained);
        put(index.metric_type);
    }

   private:
    template <typename T>
    void put_array(const T* values, size_t count) {
        if (count > 0 && writer_(values, sizeof(T), count) != count) {
            fail(FAISSNET_IO, "the index cannot be written");
        }
    }

    faiss::IOWriter& writer_;
};

using Buckets = faiss::IndexBinaryMultiHash::Map;

// FAISS writes the size of a bucket in the bits that an id takes. A bucket of all vectors, when their number is a power of
// two, takes one more: FAISS then writes past its buffer, and reads the bucket as empty.
bool has_full_bucket(const faiss::IndexBinaryMultiHash& index) {
    const bool power_of_two = index.ntotal > 0 && (index.ntotal & (index.ntotal - 1)) == 0;
    return power_of_two && std::any_of(index.maps.begin(), index.maps.end(), [](const Buckets& map) { return map.size() == 1; });
}

void put_buckets(BinaryFile& file, const Buckets& map, int bits, int64_t ntotal) {
    int id_bits = 0;
    while (ntotal >> id_bits != 0) {
        id_bits++;
    }
    std::vector<uint8_t> packed(((bits + id_bits) * map.size() + ntotal * id_bits + 7) / 8);
    size_t at = 0;
    const auto pack = [&](uint64_t value, int count) {
        for (int i = 0; i < count; i++, at++) {
            packed[at / 8] = static_cast<uint8_t>(packed[at / 8] | (value >> i & 1) << (at % 8));
        }
    };
    for (const auto& [hash, ids] : map) {
        pack(hash, bits);
        pack(ids.size(), id_bits);
        for (const idx_t id : ids) {
            pack(id, id_bits);
        }
    }
    file.put(id_bits);
    file.put(static_cast<uint64_t>(map.size()));
    file.put_vector(packed.data(), packed.size());
}

void write(const faiss::IndexBinary& index, faiss::IOWriter& writer) {
    BinaryFile file(writer);
    auto multi = find_inside<faiss::IndexBinaryMultiHash>(index);
    if (multi == nullptr || !has_full_bucket(*multi)) {
        faiss::write_index_binary(&index, &writer);
    } else if (auto map = dynamic_cast<const faiss::IndexBinaryIDMap*>(&index)) {
        file.put_header(dynamic_cast<const faiss::IndexBinaryIDMap2*>(map) != nullptr ? "IBM2" : "IBMp", index);
        write(*map->index, writer);
        file.put_vector(map->id_map.data(), map->id_map.size());
    } else {
        file.put_header("IBHm", index);
        faiss::write_index_binary(multi->storage, &writer);
        file.put(multi->b);
        file.put(multi->nhash);
        file.put(multi->nflip);
        for (const auto& buckets_of_table : multi->maps) {
            put_buckets(file, buckets_of_table, multi->b, multi->ntotal);
        }
    }
}

// Of such a file that FAISS itself wrote.
void restore_buckets(faiss::IndexBinary& index) {
    auto multi = find_inside<faiss::IndexBinaryMultiHash>(index);
    if (multi == nullptr || multi->ntotal == 0) {
        return;
    }
    const bool complete = std::all_of(multi->maps.begin(), multi->maps.end(), [&](const auto& map) {
        size_t ids = 0;
        for (const auto& list : map) {
            ids += list.second.size();
        }
        return static_cast<int64_t>(ids) == multi->ntotal;
    });
    if (complete) {
        return;
    }
    for (auto& map : multi->maps) {
        map.clear();
    }
    const std::vector<uint8_t> codes(multi->storage->xb.data(), multi->storage->xb.data() + multi->storage->xb.size());
    const auto n = multi->ntotal;
    multi->storage->reset();
    multi->ntotal = 0;
    with_room_behind(*multi, n, codes.data(), [&](int64_t, int64_t count, const uint8_t* from) { multi->add(count, from); });
}

// A reader that has read the beginning of an index already, and gives it out again as it should be.
class Reread : public faiss::IOReader {
   public:
    explicit Reread(faiss::IOReader& reader) : reader_(reader) {
        length_ = reader(first_, 1, sizeof first_);
        if (length_ < kTypeLength) {
            fail(FAISSNET_CORRUPT, "the data ends before the type of an index");
        }
        name = reader.name;
        if (length_ == sizeof first_ && (starts_with("IBMp") || starts_with("IBM2"))) {
            give_code_size();
        }
    }
    bool starts_with(const char* type) const {
        return std::memcmp(first_, type, kTypeLength) == 0;
    }
    size_t operator()(void* to, size_t size, size_t count) override {
        const size_t wanted = size * count;
        if (wanted == 0) {
            return 0; // and there may be nowhere to read to
        }
        const size_t again = std::min(wanted, length_ - given_);
        std::memcpy(to, first_ + given_, again);
        given_ += again;
        const size_t more = again == wanted ? 0 : reader_(static_cast<char*>(to) + again, 1, wanted - again);
        return (again + more) / size;
    }

   private:
    // FAISS before 1.8 leaves the size of an IDMap's codes at 0, in files as well, which 1.14.2 refuses.
    void give_code_size() {
        int32_t d = 0;
        int32_t code_size = 0;
        std::memcpy(&d, first_ + kTypeLength, sizeof d);
        std::memcpy(&code_size, first_ + kTypeLength + sizeof d, sizeof code_size);
        if (code_size == 0 && d > 0 && d % 8 == 0) {
            code_size = d / 8;
            std::memcpy(first_ + kTypeLength + sizeof d, &code_size, sizeof code_size);
        }
    }

    static constexpr size_t kTypeLength = 4;
    faiss::IOReader& reader_;
    char first_[12]; // the type, d and code_size
    size_t length_ = 0;
    size_t given_ = 0;
};

// FAISS's reader would take the index over floats as it comes.
std::unique_ptr<faissnet_binary_index> read_from_float(faiss::IOReader& reader) {
    faiss::IndexBinaryFromFloat header;
    const auto get = [&](auto& field) {
        if (reader(&field, sizeof field, 1) != 1) {
            fail(FAISSNET_CORRUPT, "the data ends within the index");
        }
    };
    char type[4];
    uint8_t is_trained = 0;
    get(type);
    get(header.d);
    get(header.code_size);
    get(header.ntotal);
    get(is_trained);
    get(header.metric_type);
    faissnet_index* base = nullptr;
    hand_over(checked([&] { return read_index(reader, Reading()); }), &base);
    const std::unique_ptr<faissnet_index> owner(base);
    if (header.d != base->index->d || header.d % 8 != 0 || header.code_size != header.d / 8 || header.ntotal != base->index->ntotal ||
        base->index->metric_type != faiss::METRIC_L2) {
        fail(FAISSNET_CORRUPT, "the data holds a binary index that contradicts itself: the index over floats");
    }
    return make_from_float(*base);
}

std::unique_ptr<faiss::IndexBinary> read(faiss::IOReader* reader) {
    std::unique_ptr<faiss::IndexBinary> made;
    try {
        made.reset(faiss::read_index_binary(reader));
    } catch (const faiss::FaissException& error) {
        rethrow_as(FAISSNET_CORRUPT, error.what());
    } catch (const std::length_error&) {
        fail(FAISSNET_CORRUPT, "a length in the data is impossible");
    }
    if (auto map = dynamic_cast<faiss::IndexBinaryIDMap*>(made.get()); map != nullptr && map->index != nullptr) {
        map->code_size = map->index->code_size;
    }
    require_sound(*made);
    restore_buckets(*made);
    return made;
}

const char* name_of(const faiss::IndexBinary& index) {
    return dynamic_cast<const faiss::IndexBinaryIDMap2*>(&index) != nullptr ? "IndexBinaryIDMap2"
            : dynamic_cast<const faiss::IndexBinaryIDMap*>(&index) != nullptr ? "IndexBinaryIDMap"
            : dynamic_cast<const faiss::IndexBinaryIVF*>(&index) != nullptr ? "IndexBinaryIVF"
            : dynamic_cast<const faiss::IndexBinaryHNSW*>(&index) != nullptr ? "IndexBinaryHNSW"
            : dynamic_cast<const faiss::IndexBinaryHash*>(&index) != nullptr ? "IndexBinaryHash"
            : dynamic_cast<const faiss::IndexBinaryMultiHash*>(&index) != nullptr ? "IndexBinaryMultiHash"
                                                                                 : "IndexBinaryFlat";
}

// A parameter of an index, where it is kept and what it may be. FAISS has no ParameterSpace for binary indexes.
template <typename Visit>
void visit_parameter(faiss::IndexBinary& index, const std::string& name, Visit visit) {
    faiss::IndexBinary* target = &const_cast<faiss::IndexBinary&>(inside(index));
    std::string inner = name;
    auto ivf = dynamic_cast<faiss::IndexBinaryIVF*>(target);
    if (ivf != nullptr && name.compare(0, 10, "quantizer_") == 0) {
        inner = name.substr(10);
        target = ivf->quantizer;
        ivf = nullptr;
    }
    auto hnsw = dynamic_cast<faiss::IndexBinaryHNSW*>(target);
    auto hash = dynamic_cast<faiss::IndexBinaryHash*>(target);
    auto multi = dynamic_cast<faiss::IndexBinaryMultiHash*>(target);
    if (ivf != nullptr && inner == "nprobe") {
        visit(ivf->nprobe, 1);
    } else if (ivf != nullptr && inner == "max_codes") {
        visit(ivf->max_codes, 0);
    } else if (hnsw != nullptr && inner == "efSearch") {
        visit(hnsw->hnsw.efSearch, 1);
    } else if (hnsw != nullptr && inner == "efConstruction") {
        visit(hnsw->hnsw.efConstruction, 1);
    } else if (hash != nullptr && inner == "nflip") {
        visit(hash->nflip, 0);
    } else if (multi != nullptr && inner == "nflip") {
        visit(multi->nflip, 0);
    } else {
        fail(FAISSNET_INVALID_ARGUMENT, "name is \"%.100s\": this index has no such parameter", name.c_str());
    }
}

// What an index is made with and then keeps.
bool read_shape(const faiss::IndexBinary& outer, const std::string& name, double& value) {
    const auto& index = inside(outer);
    if (auto ivf = dynamic_cast<const faiss::IndexBinaryIVF*>(&index); ivf != nullptr && name == "nlist") {
        value = static_cast<double>(ivf->nlist);
    } else if (auto hnsw = dynamic_cast<const faiss::IndexBinaryHNSW*>(&index); hnsw != nullptr && name == "M") {
        value = hnsw->hnsw.cum_nneighbor_per_level.size() > 2 ? hnsw->hnsw.cum_nneighbor_per_level[2] - hnsw->hnsw.cum_nneighbor_per_level[1] : 0;
    } else if (auto hash = dynamic_cast<const faiss::IndexBinaryHash*>(&index); hash != nullptr && name == "b") {
        value = hash->b;
    } else if (auto multi = dynamic_cast<const faiss::IndexBinaryMultiHash*>(&index); multi != nullptr && (name == "b" || name == "nhash")) {
        value = name == "b" ? multi->b : multi->nhash;
    } else {
        return false;
    }
    return true;
}

} // namespace

void hand_over(std::unique_ptr<faiss::IndexBinary> made, faissnet_binary_index** out) {
    require(out != nullptr, "the out-parameter for the index must not be NULL");
    auto handle = std::make_unique<faissnet_binary_index>();
    handle->index = std::move(made);
    *out = handle.release();
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_binary_factory(int32_t d, const char* description, faissnet_binary_index** index) {
    return guard([&] {
        if (d < 8 || d > kMaxDimension || d % 8 != 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "d is %d: expected a multiple of 8 from 8 to %d", d, kMaxDimension);
        }
        require(description != nullptr && *description != '\0', "description must not be empty");
        hand_over(make(d, description, description), index);
    });
}

faissnet_status faissnet_binary_clone(const faissnet_binary_index* index, faissnet_binary_index** copy) {
    return guard([&] {
        const auto& source = open(index);
        if (index->base != nullptr) {
            require(copy != nullptr, "the out-parameter for the index must not be NULL");
            faissnet_index* base = nullptr;
            relay(faissnet_index_clone(index->base.get(), &base));
            const std::unique_ptr<faissnet_index> owner(base);
            *copy = make_from_float(*base).release();
            return;
        }
        // FAISS copies no binary indexes before 1.8. What can be written can be copied through memory.
        faiss::VectorIOWriter writer;
        write(source, writer);
        faiss::VectorIOReader reader;
        reader.data.swap(writer.data);
        std::unique_ptr<faiss::IndexBinary> made(faiss::read_index_binary(&reader));
        auto from = find_inside<faiss::IndexBinaryIVF>(source);
        auto to = find_inside<faiss::IndexBinaryIVF>(*made);
        if (from != nullptr && to != nullptr) {
            to->cp = from->cp;
            to->max_codes = from->max_codes;
        }
        hand_over(std::move(made), copy);
    });
}

void faissnet_binary_free(faissnet_binary_index* index) {
    guard([&] { delete index; });
}

faissnet_status faissnet_binary_type_name(const faissnet_binary_index* index, char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] {
        const auto& source = open(index);
        if (index->base != nullptr) {
            char base[512];
            int64_t base_length = 0;
            relay(faissnet_index_type_name(index->base.get(), base, sizeof base, &base_length));
            copy_text("IndexBinaryFromFloat(" + std::string(base) + ")", buffer, capacity, length);
            return;
        }
        const auto& inner = inside(source);
        std::string name = name_of(source);
        if (&inner != &source) {
            name = name + "(" + name_of(inner) + ")";
        }
        copy_text(name, buffer, capacity, length);
    });
}

faissnet_status faissnet_binary_d(const faissnet_binary_index* index, int32_t* d) {
    return guard([&] {
        const auto& source = open(index);
        require(d != nullptr, "the out-parameter must not be NULL");
        *d = source.d;
    });
}

faissnet_status faissnet_binary_ntotal(const faissnet_binary_index* index, int64_t* ntotal) {
    return guard([&] {
        const auto& source = open(index);
        require(ntotal != nullptr, "the out-parameter must not be NULL");
        *ntotal = index->base != nullptr ? index->base->index->ntotal : source.ntotal;
    });
}

faissnet_status faissnet_binary_is_trained(const faissnet_binary_index* index, int32_t* is_trained) {
    return guard([&] {
        const auto& source = open(index);
        require(is_trained != nullptr, "the out-parameter must not be NULL");
        *is_trained = (index->base != nullptr ? index->base->index->is_trained : source.is_trained) ? 1 : 0;
    });
}

faissnet_status faissnet_binary_list_sizes(const faissnet_binary_index* index, int64_t count, int64_t* sizes) {
    return guard([&] {
        auto ivf = find_inside<faiss::IndexBinaryIVF>(open(index));
        if (index->base != nullptr) {
            relay(faissnet_index_list_sizes(index->base.get(), count, sizes));
            return;
        }
        if (ivf == nullptr) {
            fail(FAISSNET_UNSUPPORTED, "this index has no inverted lists");
        }
        if (count != static_cast<int64_t>(ivf->nlist) || sizes == nullptr) {
            fail(FAISSNET_INVALID_ARGUMENT, "count is %lld: expected nlist = %zu values behind sizes", static_cast<long long>(count), ivf->nlist);
        }
        for (size_t list = 0; list < ivf->nlist; list++) {
            sizes[list] = static_cast<int64_t>(ivf->invlists->list_size(list));
        }
    });
}

faissnet_status faissnet_binary_set_parameter(faissnet_binary_index* index, const char* name, double value) {
    return guard([&] {
        auto& target = open(index);
        if (index->base != nullptr) {
            relay(faissnet_index_set_parameter(index->base.get(), name, value));
            return;
        }
        require(name != nullptr, "name must not be NULL");
        visit_parameter(target, name, [&](auto& field, int min) {
            if (!(value >= min && value <= INT32_MAX) || value != std::floor(value)) {
                fail(FAISSNET_INVALID_ARGUMENT, "%.100s is %g: expected a whole number, at least %d", name, value, min);
            }
            const bool flips = std::string(name) == "nflip";
            double bits = 0;
            if (flips && read_shape(target, "b", bits) && !(value <= bits && buckets(static_cast<int>(bits), static_cast<int>(value)) <= kMaxBuckets)) {
                fail(FAISSNET_INVALID_ARGUMENT, "nflip is %g: expected at most b = %g, and no more than 2^28 buckets to visit", value, bits);
            }
            field = static_cast<std::decay_t<decltype(field)>>(value);
        });
    });
}

faissnet_status faissnet_binary_get_parameter(const faissnet_binary_index* index, const char* name, double* value) {
    return guard([&] {
        const auto& source = open(index);
        if (index->base != nullptr) {
            relay(faissnet_index_get_parameter(index->base.get(), name, value));
            return;
        }
        require(name != nullptr && value != nullptr, "name and value must not be NULL");
        double found = 0;
        if (!read_shape(source, name, found)) {
            visit_parameter(const_cast<faiss::IndexBinary&>(source), name, [&](const auto& field, int) { found = static_cast<double>(field); });
        }
        *value = found;
    });
}

faissnet_status faissnet_binary_write(const faissnet_binary_index* index, faissnet_write_fn write_callback, void* context) {
    return guard([&] {
        const auto& source = open(index);
        require(write_callback != nullptr, "write must not be NULL");
        CallbackWriter writer(write_callback, context);
        if (index->base != nullptr) {
            faiss::IndexBinaryFromFloat header(index->base->index);
            BinaryFile(writer).put_header("IBFf", header);
            relay(faissnet_index_write(index->base.get(), write_callback, context));
            return;
        }
        write(source, writer);
    });
}

faissnet_status faissnet_binary_read(faissnet_read_fn read_callback, void* context, faissnet_binary_index** index) {
    return guard([&] {
        require(read_callback != nullptr, "read must not be NULL");
        require(index != nullptr, "the out-parameter for the index must not be NULL");
        CallbackReader callback(read_callback, context);
        Reread reader(callback);
        if (reader.starts_with("IBFf")) {
            *index = read_from_float(reader).release();
        } else {
            hand_over(read(&reader), index);
        }
    });
}
