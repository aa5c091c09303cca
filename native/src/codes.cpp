// Vectors to codes and back, without storing them.
#include <algorithm>
#include <cstring>
#include <vector>

#include <faiss/Index2Layer.h>
#include <faiss/IndexIVFPQFastScan.h>
#include <faiss/IndexLattice.h>
#include <faiss/IndexPQFastScan.h>

#include "codes.hpp"
#include "lsq_turn.hpp"
#include "stretch.hpp"
#include "thread_share.hpp"
#include "transformed.hpp"

namespace faissnet {

int64_t encoded_size(const faiss::Index& index) {
    if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        return encoded_size(*refine->base_index) + encoded_size(*refine->refine_index);
    }
    if (auto inner = unwrap_once(index)) {
        return encoded_size(*inner);
    }
    // FAISS before 1.10 has no codes of the one, and takes the list number of the other for a part of the code.
    if (auto fast = dynamic_cast<const faiss::IndexPQFastScan*>(&index)) {
        return static_cast<int64_t>(fast->code_size);
    }
    if (auto fast = dynamic_cast<const faiss::IndexIVFFastScan*>(&index)) {
        if (dynamic_cast<const faiss::IndexIVFPQFastScan*>(fast) == nullptr) {
            fail(FAISSNET_UNSUPPORTED, "encoding is not supported for this type of IVF fast-scan index: FAISS does not decode what it encodes");
        }
        return static_cast<int64_t>(fast->coarse_code_size() + fast->code_size);
    }
    return static_cast<int64_t>(index.sa_code_size());
}

uint64_t bits_at(const uint8_t* code, size_t first, int bits) {
    uint64_t number = 0;
    for (int bit = 0; bit < bits; bit++) {
        const size_t at = first + bit;
        number |= static_cast<uint64_t>(code[at / 8] >> (at % 8) & 1) << bit;
    }
    return number;
}

namespace {

void encode_listed(const faiss::IndexIVFPQFastScan& ivf, int64_t n, const float* x, uint8_t* codes) {
    const size_t coarse = ivf.coarse_code_size();
    std::vector<idx_t> lists(n);
    std::vector<uint8_t> plain(n * ivf.code_size);
    ivf.quantizer->assign(n, x, lists.data());
    ivf.encode_vectors(n, x, lists.data(), plain.data(), false);
    for (int64_t i = 0; i < n; i++, codes += coarse + ivf.code_size) {
        ivf.encode_listno(lists[i], codes);
        std::copy_n(plain.data() + i * ivf.code_size, ivf.code_size, codes + coarse);
    }
}

void decode_listed(const faiss::IndexIVFPQFastScan& ivf, int64_t n, const uint8_t* codes, float* x) {
    const size_t coarse = ivf.coarse_code_size();
    std::vector<float> centroid(ivf.d);
    for (int64_t i = 0; i < n; i++, codes += coarse + ivf.code_size, x += ivf.d) {
        ivf.pq.decode(codes + coarse, x);
        if (ivf.by_residual) {
            ivf.quantizer->reconstruct(ivf.decode_listno(codes), centroid.data());
            for (int j = 0; j < ivf.d; j++) {
                x[j] += centroid[j];
            }
        }
    }
}

void encode(const faiss::Index& index, int64_t n, const float* x, uint8_t* codes) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        encode(*map->index, n, x, codes);
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        encode(*chain->index, n, Transformed(*chain, n, x).data(), codes);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        const auto first = encoded_size(*refine->base_index), second = encoded_size(*refine->refine_index);
        std::vector<uint8_t> base(n * first), fine(n * second);
        encode(*refine->base_index, n, x, base.data());
        encode(*refine->refine_index, n, x, fine.data());
        for (int64_t i = 0; i < n; i++) {
            std::copy_n(base.data() + i * first, first, codes + i * (first + second));
            std::copy_n(fine.data() + i * second, second, codes + i * (first + second) + first);
        }
    } else if (auto fast = dynamic_cast<const faiss::IndexPQFastScan*>(&index)) {
        fast->pq.compute_codes(x, codes, n);
    } else if (auto listed = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&index)) {
        encode_listed(*listed, n, x, codes);
    } else {
        const LsqTurn turn(index);
        index.sa_encode(n, x, codes);
    }
}

// FAISS believes the list number in the first bytes of each code, or throws where that ends the process.
void require_list_numbers(size_t nlist, size_t bytes, size_t size, int64_t n, const uint8_t* codes) {
    for (int64_t i = 0; i < n; i++) {
        uint64_t list = 0;
        for (size_t byte = 0; byte < bytes; byte++) {
            list |= static_cast<uint64_t>(codes[i * size + byte]) << (8 * byte);
        }
        if (list >= nlist) {
            fail(FAISSNET_INVALID_ARGUMENT, "code %lld is of list %llu: expected one of the index's %lld lists",
                 static_cast<long long>(i), static_cast<unsigned long long>(list), static_cast<long long>(nlist));
        }
    }
}

// FAISS takes any number for that of a point on the sphere.
void require_points(const faiss::IndexLattice& lattice, int64_t n, const uint8_t* codes) {
    for (int64_t i = 0; i < n; i++) {
        size_t at = 0;
        for (int part = 0; part < lattice.nsq; part++, at += lattice.lattice_nbit) {
            at += lattice.scale_nbit;
            if (const uint64_t point = bits_at(codes + i * lattice.code_size, at, lattice.lattice_nbit); point >= lattice.zn_sphere_codec.nv) {
                fail(FAISSNET_INVALID_ARGUMENT, "code %lld is of point %llu: the lattice has %llu", static_cast<long long>(i),
                     static_cast<unsigned long long>(point), static_cast<unsigned long long>(lattice.zn_sphere_codec.nv));
            }
        }
    }
}

} // namespace

void require_lists(const faiss::IndexIVF& ivf, int64_t n, const uint8_t* codes) {
    require_list_numbers(ivf.nlist, ivf.coarse_code_size(), encoded_size(ivf), n, codes);
}

RefinedCodes::RefinedCodes(const faiss::IndexRefine& refine, int64_t n, const uint8_t* codes) {
    const auto first = encoded_size(*refine.base_index), second = encoded_size(*refine.refine_index);
    base.resize(n * first);
    fine.resize(n * second);
    for (int64_t i = 0; i < n; i++, codes += first + second) {
        std::copy_n(codes, first, base.data() + i * first);
        std::copy_n(codes + first, second, fine.data() + i * second);
    }
}

namespace {

void decode(const faiss::Index& index, int64_t n, const uint8_t* codes, float* x) {
    if (auto map = dynamic_cast<const faiss::IndexIDMap*>(&index)) {
        decode(*map->index, n, codes, x);
    } else if (auto chain = dynamic_cast<const faiss::IndexPreTransform*>(&index)) {
        std::vector<float> inner(n * chain->index->d);
        decode(*chain->index, n, codes, inner.data());
        chain->reverse_chain(n, inner.data(), x);
    } else if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        decode(*refine->refine_index, n, RefinedCodes(*refine, n, codes).fine.data(), x);
    } else {
        if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
            require_lists(*ivf, n, codes);
        } else if (auto layers = dynamic_cast<const faiss::Index2Layer*>(&index)) {
            require_list_numbers(layers->q1.nlist, layers->code_size_1, layers->code_size, n, codes);
        } else if (auto lattice = dynamic_cast<const faiss::IndexLattice*>(&index)) {
            require_points(*lattice, n, codes);
        }
        if (auto fast = dynamic_cast<const faiss::IndexPQFastScan*>(&index)) {
            fast->pq.decode(codes, x, n);
        } else if (auto listed = dynamic_cast<const faiss::IndexIVFPQFastScan*>(&index)) {
            decode_listed(*listed, n, codes, x);
        } else {
            index.sa_decode(n, codes, x);
        }
    }
}

} // namespace

void require_codes(const faiss::Index& index, int64_t n, const void* codes) {
    require(n == 0 || codes != nullptr, "codes must hold n * size bytes");
    if (n > INT64_MAX / std::max<int64_t>(1, encoded_size(index))) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: n codes do not fit into memory", static_cast<long long>(n));
    }
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_encoded_size(const faissnet_index* index, int64_t* size) {
    return guard([&] {
        const auto& source = open(index);
        require(size != nullptr, "the out-parameter must not be NULL");
        *size = encoded_size(source);
    });
}

faissnet_status faissnet_index_encode(const faissnet_index* index, int64_t n, const float* x, uint8_t* codes) {
    return guard([&] {
        const ThreadShare share(n);
        const auto& source = open(index);
        require_vectors(source, n, x);
        require_trained(source);
        require_codes(source, n, codes);
        if (n > 0) {
            require_bearable(*index, n, x);
            encode(source, n, x, codes);
        }
    });
}

faissnet_status faissnet_index_decode(const faissnet_index* index, int64_t n, const uint8_t* codes, float* x) {
    return guard([&] {
        const auto& source = open(index);
        require_vectors(source, n, x);
        require_trained(source);
        require_codes(source, n, codes);
        if (n > 0) {
            decode(source, n, codes, x);
        }
    });
}
