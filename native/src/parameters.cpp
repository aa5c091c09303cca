#include <cmath>
#include <cstdio>
#include <string>

#include <faiss/AutoTune.h>
#include <faiss/IndexHNSW.h>
#include <faiss/IndexIVF.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexIVFPQR.h>
#include <faiss/IndexPQ.h>

#include "composed.hpp"
#include "handle.hpp"

namespace faissnet {
namespace {

const std::string kQuantizerPrefix = "quantizer_";

// FAISS casts to an integer without looking: NaN, negative and huge values would become anything.
void require_value(const std::string& name, double value) {
    if (name.compare(0, kQuantizerPrefix.size(), kQuantizerPrefix) == 0) {
        return require_value(name.substr(kQuantizerPrefix.size()), value);
    }
    // k * k_factor candidates are allocated for each query, and newer FAISS reads no file with a factor above this.
    const double largest = name == "k_factor" || name == "k_factor_rf" ? 1000 : 2147483647.0;
    const bool fraction = name == "k_factor" || name == "k_factor_rf";
    const bool may_be_zero = name == "verbose" || name == "max_codes" || name == "ht";
    // FAISS's own spelling of "no limit" for these is infinity.
    const bool unlimited = std::isinf(value) && value > 0 && name == "max_codes";
    if (!unlimited && !(value >= (may_be_zero ? 0 : 1) && value <= largest)) {
        fail(FAISSNET_INVALID_ARGUMENT, "%.100s is %g: expected %d to %.0f", name.c_str(), value, may_be_zero ? 0 : 1, largest);
    }
    if (!fraction && !unlimited && value != std::floor(value)) {
        fail(FAISSNET_INVALID_ARGUMENT, "%.100s is %g: expected a whole number", name.c_str(), value);
    }
}

[[noreturn]] void fail_no_parameter(const std::string& name) {
    fail(FAISSNET_INVALID_ARGUMENT, "name is \"%.100s\": this index has no such parameter", name.c_str());
}

const faiss::IndexHNSW* hnsw_of(const faiss::Index& index) {
    if (auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index)) {
        return hnsw;
    }
    auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    return ivf != nullptr ? dynamic_cast<const faiss::IndexHNSW*>(ivf->quantizer) : nullptr;
}

// FAISS only sets. This reads along the same paths as its ParameterSpace::set_index_parameter.
double read(const faiss::Index& index, const std::string& name, const std::string& asked) {
    if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index); refine != nullptr && name == "k_factor_rf") {
        return refine->k_factor;
    }
    if (auto inner = unwrap_once(index)) {
        return read(*inner, name, asked);
    }
    if (const auto members = members_of(index); !members.empty()) {
        return read(*members[0].index, name, asked);
    }
    if (name == "verbose") {
        return index.verbose ? 1 : 0;
    }
    auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    if (ivf != nullptr && name == "nprobe") {
        return static_cast<double>(ivf->nprobe);
    }
    if (ivf != nullptr && name == "max_codes") {
        return static_cast<double>(ivf->max_codes);
    }
    if (ivf != nullptr && name.compare(0, kQuantizerPrefix.size(), kQuantizerPrefix) == 0) {
        return read(*ivf->quantizer, name.substr(kQuantizerPrefix.size()), asked);
    }
    if (auto refined = dynamic_cast<const faiss::IndexIVFPQR*>(&index); refined != nullptr && name == "k_factor") {
        return refined->k_factor;
    }
    if (name == "ht") {
        if (auto pq = dynamic_cast<const faiss::IndexPQ*>(&index)) {
            return pq->search_type == faiss::IndexPQ::ST_polysemous ? pq->polysemous_ht
                                                                    : static_cast<double>(pq->pq.code_size * 8);
        }
        if (auto ivfpq = dynamic_cast<const faiss::IndexIVFPQ*>(&index)) {
            return ivfpq->polysemous_ht != 0 ? ivfpq->polysemous_ht : static_cast<double>(ivfpq->pq.code_size * 8);
        }
    }
    if (auto hnsw = hnsw_of(index)) {
        if (name == "efSearch") {
            return hnsw->hnsw.efSearch;
        }
        if (name == "efConstruction") {
            return hnsw->hnsw.efConstruction;
        }
    }
    fail_no_parameter(asked);
}

// As "nprobe=1,2,4;efSearch=4,8". FAISS looks into some wrappers only, and in one order.
std::string ranges(const faiss::Index& index) {
    if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        const auto inside = ranges(*refine->base_index);
        return "k_factor_rf=1,2,4,8,16,32,64" + (inside.empty() ? "" : ";" + inside);
    }
    if (auto inner = unwrap_once(index)) {
        return ranges(*inner);
    }
    if (const auto members = members_of(index); !members.empty()) {
        return ranges(*members[0].index);
    }
    faiss::ParameterSpace space;
    space.initialize(&index);
    std::string text;
    for (const auto& range : space.parameter_ranges) {
        if (range.values.empty()) {
            continue;
        }
        text += (text.empty() ? "" : ";") + range.name;
        char separator = '=';
        for (const double value : range.values) {
            char number[32];
            std::snprintf(number, sizeof number, "%c%.17g", separator, value);
            text += number;
            separator = ',';
        }
    }
    return text;
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_parameter_ranges(const faissnet_index* index, char* buffer, int64_t capacity, int64_t* length) {
    return guard([&] { copy_text(ranges(open(index)), buffer, capacity, length); });
}

faissnet_status faissnet_index_set_parameter(faissnet_index* index, const char* name, double value) {
    return guard([&] {
        auto& target = open(index);
        require(name != nullptr, "name must not be NULL");
        require_value(name, value);
        read(target, name, name); // says so if there is no such parameter, where FAISS names only itself
        faiss::ParameterSpace().set_index_parameter(&target, name, value);
        limit_probes(target);
    });
}

faissnet_status faissnet_index_get_parameter(const faissnet_index* index, const char* name, double* value) {
    return guard([&] {
        const auto& source = open(index);
        require(name != nullptr && value != nullptr, "name and value must not be NULL");
        *value = read(source, name, name);
    });
}
