#include <cxxabi.h>

#include <cstdlib>
#include <string>
#include <typeinfo>

#include <faiss/IndexFlat.h>
#include <faiss/IndexFlatCodes.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>

#include "handle.hpp"
#include "kinds.hpp"
#include "quantizers.hpp"

namespace faissnet {
namespace {

std::string class_name(const faiss::Index& index) {
    int status = 0;
    char* text = abi::__cxa_demangle(typeid(index).name(), nullptr, nullptr, &status);
    std::string name = text != nullptr ? text : typeid(index).name();
    std::free(text);
    if (const auto colons = name.find("::"); colons != std::string::npos) {
        name.erase(0, colons + 2);
    }
    if (name.compare(0, 5, "gpu::") == 0) {
        name.erase(0, 5);
    }
    // IndexIDMap is an alias of IndexIDMapTemplate<faiss::Index>.
    if (const auto alias = name.find("Template<"); alias != std::string::npos) {
        name.erase(alias);
    }
    return name;
}

std::string type_name(const faiss::Index& index) {
    if (auto carrier = dynamic_cast<const Carrier*>(&index)) {
        return type_name(carrier->carried());
    }
    const faiss::Index* inner = unwrap_once(index);
    return inner == nullptr ? class_name(index) : class_name(index) + "(" + type_name(*inner) + ")";
}

int64_t code_size(const faiss::Index& index) {
    if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        return code_size(*refine->base_index) + code_size(*refine->refine_index);
    }
    if (auto inner = unwrap_once(index)) {
        return code_size(*inner);
    }
    if (auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
        return code_size(*hnsw->storage);
    }
    // An IVF's sa_code_size counts the list number too, which its lists do not store.
    if (auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index)) {
        return static_cast<int64_t>(ivf->code_size);
    }
    return static_cast<int64_t>(index.sa_code_size());
}

const faiss::IndexIVF& require_ivf(const faiss::Index& index) {
    if (auto ivf = find_inside<faiss::IndexIVF>(index)) {
        return *ivf;
    }
    fail(FAISSNET_UNSUPPORTED, "there is no IVF in this index (%s)", type_name(index).c_str());
}

const faiss::ProductQuantizer& require_pq(const faiss::Index& index) {
    if (auto pq = find_pq(index)) {
        return *pq;
    }
    fail(FAISSNET_UNSUPPORTED, "there is no product quantizer in this index (%s)", type_name(index).c_str());
}

// Every getter is the same two lines around one value.
template <typename Handle, typename T, typename Get>
faissnet_status get(Handle* index, T* out, Get value) {
    return guard([&] {
        const faiss::Index& source = open(index);
        require(out != nullptr, "the out-parameter must not be NULL");
        *out = static_cast<T>(value(source));
    });
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_kind(const faissnet_index* index, int32_t* kind) {
    return get(index, kind, [](const faiss::Index& source) { return kind_of(source); });
}

faissnet_status faissnet_index_type_name(const faissnet_index* index, char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] { copy_text(type_name(open(index)), buffer, capacity, length); });
}

faissnet_status faissnet_index_d(const faissnet_index* index, int32_t* d) {
    return get(index, d, [](const faiss::Index& source) { return source.d; });
}

faissnet_status faissnet_index_ntotal(const faissnet_index* index, int64_t* ntotal) {
    return get(index, ntotal, [](const faiss::Index& source) { return source.ntotal; });
}

faissnet_status faissnet_index_is_trained(const faissnet_index* index, int32_t* is_trained) {
    return get(index, is_trained, [](const faiss::Index& source) { return source.is_trained ? 1 : 0; });
}

faissnet_status faissnet_index_metric(const faissnet_index* index, int32_t* metric) {
    return get(index, metric, [](const faiss::Index& source) { return source.metric_type; });
}

faissnet_status faissnet_index_code_size(const faissnet_index* index, int64_t* size) {
    return get(index, size, [](const faiss::Index& source) { return code_size(source); });
}

faissnet_status faissnet_index_nlist(const faissnet_index* index, int64_t* nlist) {
    return get(index, nlist, [](const faiss::Index& source) { return require_ivf(source).nlist; });
}

faissnet_status faissnet_index_get_nprobe(const faissnet_index* index, int64_t* nprobe) {
    return get(index, nprobe, [](const faiss::Index& source) { return require_ivf(source).nprobe; });
}

faissnet_status faissnet_index_set_nprobe(faissnet_index* index, int64_t nprobe) {
    return guard([&] {
        auto& target = open(index);
        auto& ivf = const_cast<faiss::IndexIVF&>(require_ivf(target));
        if (nprobe < 1) {
            fail(FAISSNET_INVALID_ARGUMENT, "nprobe is %lld: expected 1 to nlist = %lld",
                 static_cast<long long>(nprobe), static_cast<long long>(ivf.nlist));
        }
        ivf.nprobe = static_cast<size_t>(nprobe);
        limit_probes(target);
    });
}

faissnet_status faissnet_index_list_sizes(const faissnet_index* index, int64_t count, int64_t* sizes) {
    return guard([&] {
        const auto& ivf = require_ivf(open(index));
        if (count != static_cast<int64_t>(ivf.nlist) || sizes == nullptr) {
            fail(FAISSNET_INVALID_ARGUMENT, "count is %lld: expected room for nlist = %lld sizes",
                 static_cast<long long>(count), static_cast<long long>(ivf.nlist));
        }
        for (int64_t list = 0; list < count; list++) {
            sizes[list] = static_cast<int64_t>(ivf.invlists->list_size(list));
        }
    });
}

faissnet_status faissnet_index_pq_m(const faissnet_index* index, int64_t* m) {
    return get(index, m, [](const faiss::Index& source) { return require_pq(source).M; });
}

faissnet_status faissnet_index_pq_nbits(const faissnet_index* index, int32_t* nbits) {
    return get(index, nbits, [](const faiss::Index& source) { return require_pq(source).nbits; });
}
