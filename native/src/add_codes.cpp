// Codes into an index as they are. FAISS's add_sa_codes, which before 1.11 only IVF indexes have.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <faiss/IndexAdditiveQuantizer.h>
#include <faiss/IndexFlat.h>
#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexIVFAdditiveQuantizer.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexLSH.h>
#include <faiss/IndexPQ.h>
#include <faiss/IndexScalarQuantizer.h>

#include "codes.hpp"
#include "packed.hpp"
#include "parts.hpp"
#include "stored.hpp"

namespace faissnet {
namespace {

bool takes_codes(const faiss::Index& index) {
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        if (auto fast = dynamic_cast<const faiss::IndexIVFFastScan*>(ivf)) {
            return dynamic_cast<const faiss::IndexIVFPQFastScan*>(fast) != nullptr && is_packed(*fast);
        }
        // It keeps more of a vector than its code.
        return dynamic_cast<const faiss::IndexIVFPQR*>(ivf) == nullptr;
    }
    if (auto fast = dynamic_cast<const faiss::IndexPQFastScan*>(&index)) {
        return is_packed(*fast);
    }
    // Others of one class with these may keep something beside the codes.
    return dynamic_cast<const faiss::IndexFlat*>(&index) != nullptr || dynamic_cast<const faiss::IndexPQ*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexScalarQuantizer*>(&index) != nullptr || dynamic_cast<const faiss::IndexLSH*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexAdditiveQuantizer*>(&index) != nullptr;
}

// Whether any bytes stand for a vector that searches can bear. Where floats are stored, they may be anything.
bool stores_floats(const faiss::Index& index) {
    return dynamic_cast<const faiss::IndexFlat*>(&index) != nullptr || dynamic_cast<const faiss::IndexIVFFlat*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexScalarQuantizer*>(&index) != nullptr ||
            dynamic_cast<const faiss::IndexIVFScalarQuantizer*>(&index) != nullptr;
}

constexpr double kMost = std::numeric_limits<float>::max() / 4; // of a squared length, as for vectors that are added

// What searches take from a code beside what it decodes to: the bits where a float begins.
std::vector<size_t> floats_beside(const faiss::Index& index) {
    std::vector<size_t> places;
    auto whole = dynamic_cast<const faiss::IndexAdditiveQuantizer*>(&index);
    auto listed = dynamic_cast<const faiss::IndexIVFAdditiveQuantizer*>(&index);
    const faiss::AdditiveQuantizer* additive = whole != nullptr ? whole->aq : listed != nullptr ? listed->aq : nullptr;
    if (additive != nullptr && additive->search_type == faiss::AdditiveQuantizer::ST_norm_float) {
        places.push_back(additive->tot_bits - additive->norm_bits);
    }
    for (const size_t byte : rabitq_factors(index)) {
        places.push_back(8 * byte);
    }
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        for (auto& place : places) {
            place += 8 * ivf->coarse_code_size();
        }
    }
    return places;
}

void require_finite_beside(const faiss::Index& index, int64_t n, const uint8_t* codes) {
    const auto places = floats_beside(index);
    const int64_t size = places.empty() ? 0 : encoded_size(index);
    for (int64_t i = 0; i < n; i++) {
        for (const size_t place : places) {
            const auto bits = static_cast<uint32_t>(bits_at(codes + i * size, place, 32));
            float number;
            std::memcpy(&number, &bits, sizeof number);
            if (!(std::fabs(number) <= kMost)) {
                fail(FAISSNET_INVALID_ARGUMENT, "code %lld keeps %g beside the vector that it stands for: expected a finite norm or factor, of %g at most",
                     static_cast<long long>(i), static_cast<double>(number), kMost);
            }
        }
    }
}

void require_finite(const faiss::Index& index, int64_t n, const uint8_t* codes) {
    constexpr int64_t kStep = 1024;
    const int64_t d = index.d, size = static_cast<int64_t>(index.sa_code_size());
    std::vector<float> vectors(std::min(n, kStep) * d);
    for (int64_t first = 0; first < n; first += kStep) {
        const int64_t count = std::min(kStep, n - first);
        index.sa_decode(count, codes + first * size, vectors.data());
        for (int64_t i = 0; i < count; i++) {
            double sum = 0;
            for (int64_t j = 0; j < d; j++) {
                sum += static_cast<double>(vectors[i * d + j]) * vectors[i * d + j];
            }
            if (!(sum <= kMost)) {
                fail(FAISSNET_INVALID_ARGUMENT, "code %lld stands for a vector with a component that is not finite, or one so long that distances to it overflow",
                     static_cast<long long>(first + i));
            }
        }
    }
}

// Throws unless add() can do what is asked for.
void check(const faiss::Index& index, int64_t n, const uint8_t* codes, bool with_ids) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        if (!with_ids) {
            fail(FAISSNET_UNSUPPORTED, "an IDMap index needs the caller's ids: add with ids");
        }
        check(*map->index, n, codes, false);
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        check(*chain->index, n, codes, with_ids);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        if (with_ids) {
            fail(FAISSNET_UNSUPPORTED, "a refined index numbers its vectors itself and stores no ids: wrap it as \"IDMap,...\"");
        }
        const RefinedCodes both(*refine, n, codes);
        check(*refine->base_index, n, both.base.data(), false);
        check(*refine->refine_index, n, both.fine.data(), false);
    } else {
        if (!takes_codes(index)) {
            fail(FAISSNET_UNSUPPORTED, "this index type does not take codes: decode them and add the vectors");
        }
        if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
            require_lists(*ivf, n, codes);
        } else if (with_ids) {
            fail(FAISSNET_UNSUPPORTED, "this index type numbers its vectors itself and stores no ids: wrap it as \"IDMap,...\"");
        }
        if (stores_floats(index)) {
            require_finite(index, n, codes);
        }
        require_finite_beside(index, n, codes);
    }
}

void add(faiss::Index& index, int64_t n, const uint8_t* codes, const idx_t* ids) {
    if (auto map = dynamic_cast<faiss::IndexIDMap*>(&index)) {
        map->id_map.reserve(map->id_map.size() + n); // nothing fails behind the add
        add(*map->index, n, codes, nullptr);
        map->id_map.insert(map->id_map.end(), ids, ids + n);
        map->ntotal = map->index->ntotal;
        if (auto two_way = dynamic_cast<faiss::IndexIDMap2*>(map)) {
            for (int64_t i = 0; i < n; i++) {
                two_way->rev_map[ids[i]] = map->ntotal - n + i;
            }
        }
    } else if (auto chain = dynamic_cast<faiss::IndexPreTransform*>(&index)) {
        add(*chain->index, n, codes, ids);
        chain->ntotal = chain->index->ntotal;
    } else if (auto refine = dynamic_cast<faiss::IndexRefine*>(&index)) {
        const RefinedCodes both(*refine, n, codes);
        add(*refine->base_index, n, both.base.data(), nullptr);
        add(*refine->refine_index, n, both.fine.data(), nullptr);
        refine->ntotal = refine->refine_index->ntotal;
    } else if (auto ivf = dynamic_cast<faiss::IndexIVF*>(&index)) {
        // It takes no ids of the caller's, and is derived data that faissnet_index_reconstruct does not need.
        if (ids != nullptr && ivf->direct_map.type == faiss::DirectMap::Array) {
            ivf->set_direct_map_type(faiss::DirectMap::NoMap);
        }
        if (auto fast = dynamic_cast<faiss::IndexIVFPQFastScan*>(ivf)) {
            fast->set_direct_map_type(faiss::DirectMap::NoMap);
            add_packed(*fast, n, codes, ids);
        } else {
            ivf->add_sa_codes(n, codes, ids);
        }
    } else if (auto fast = dynamic_cast<faiss::IndexPQFastScan*>(&index)) {
        add_packed(*fast, n, codes);
    } else {
        append_codes(dynamic_cast<faiss::IndexFlatCodes&>(index), n, codes, 0);
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_add_codes(faissnet_index* index, int64_t n, const uint8_t* codes, const int64_t* ids) {
    return guard([&] {
        auto& target = open(index);
        if (n < 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: expected at least 0", static_cast<long long>(n));
        }
        require_trained(target);
        require_codes(target, n, codes);
        if (ids != nullptr) {
            if (auto refused = std::find(ids, ids + n, idx_t(-1)); refused != ids + n) {
                fail(FAISSNET_INVALID_ARGUMENT, "ids[%lld] is -1, which means \"no neighbour\": choose another id",
                     static_cast<long long>(refused - ids));
            }
        }
        check(target, n, codes, ids != nullptr);
        if (n == 0) {
            return;
        }
        const Change change(*index, Change::kVectors);
        StoredAdd stored(target);
        add(target, n, codes, ids);
        stored.finish();
    });
}
