// FAISS's index_factory behind the checks that it lacks.
#include <cstdio>
#include <stdexcept>
#include <string>

#include <faiss/IndexHNSW.h>
#include <faiss/index_factory.h>

#include "handle.hpp"
#include "limits.hpp"
#include "quantizers.hpp"

namespace faissnet {
namespace {

// FAISS divides by a size of 0, indexes with it or waits for it; only SpectralHash's period may be a fraction, as in "SH0.5".
void require_no_zero(const std::string& description) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    for (size_t i = 0; i < description.size(); i++) {
        if (!is_digit(description[i])) {
            continue;
        }
        const size_t begin = i;
        bool zero = true;
        bool fraction = begin > 1 && is_digit(description[begin - 2]) && description[begin - 1] == 'e';
        for (; i < description.size() && (is_digit(description[i]) || description[i] == '.'); i++) {
            zero = zero && description[i] == '0';
            fraction = fraction || description[i] == '.';
        }
        if (zero && !fraction) {
            fail(FAISSNET_INVALID_ARGUMENT, "description is \"%.200s\": the number 0 at position %zu has no meaning", description.c_str(), begin);
        }
    }
}

// FAISS matches descriptions by regular expressions, whose depth on the stack grows with the text, and shifts by an
// inverted multi-index's bits without looking.
void require_readable(const std::string& description) {
    constexpr size_t longest = 1000;
    if (description.size() > longest) {
        fail(FAISSNET_INVALID_ARGUMENT, "description has %zu characters: expected at most %zu", description.size(), longest);
    }
    int m = 0;
    int nbits = 0;
    const size_t imi = description.find("IMI");
    if (imi != std::string::npos && std::sscanf(description.c_str() + imi, "IMI%9dx%9d", &m, &nbits) == 2 &&
        static_cast<int64_t>(m) * nbits > 30) {
        fail(FAISSNET_INVALID_ARGUMENT, "description is \"%.200s\": %d times %d bits make more than 2^30 lists", description.c_str(), m, nbits);
    }
}

// What the factory lets pass and then ends the process, as the sources of the versions in version.hpp have it.
void require_usable(const faiss::Index& index) {
    if (auto refine = dynamic_cast<const faiss::IndexRefine*>(&index)) {
        require_usable(*refine->refine_index);
    }
    if (auto inner = unwrap_once(index)) {
        return require_usable(*inner);
    }
    if (auto pq = find_pq(index); pq != nullptr && pq->nbits > kMaxBits) {
        fail(FAISSNET_INVALID_ARGUMENT, "the product quantizer has %zu bits: expected 1 to %d", pq->nbits, kMaxBits);
    }
    auto ivf = dynamic_cast<const faiss::IndexIVF*>(&index);
    if (ivf != nullptr) {
        require_usable(*ivf->quantizer);
    }
    auto hnsw = dynamic_cast<const faiss::IndexHNSW*>(&index);
    // The levels are drawn by a logarithm to the base of the number of links, which gives none for 1.
    if (hnsw != nullptr && (hnsw->hnsw.assign_probas.empty() || hnsw->hnsw.cum_nneighbor_per_level.size() < 2)) {
        fail(FAISSNET_INVALID_ARGUMENT, "the HNSW graph has 1 link per vector: expected at least 2");
    }
    if (index.metric_type == faiss::METRIC_L2 || index.metric_type == faiss::METRIC_INNER_PRODUCT) {
        return;
    }
    const bool flat = dynamic_cast<const faiss::IndexFlat*>(hnsw != nullptr ? hnsw->storage : &index) != nullptr;
    if (!flat && (hnsw != nullptr || !kCodesTakeEveryMetric)) {
        fail(FAISSNET_INVALID_ARGUMENT, "metric is %d: this index type knows L2 (1) and inner product (0)", static_cast<int>(index.metric_type));
    }
}

} // namespace

std::unique_ptr<faiss::Index> make_by_factory(int32_t d, const char* description, int32_t metric) {
    require_dimension(d);
    require(description != nullptr && *description != '\0', "description must not be empty");
    require_readable(description);
    require_no_zero(description);
    std::unique_ptr<faiss::Index> made;
    try {
        made.reset(faiss::index_factory(d, description, require_metric(metric)));
    } catch (const faiss::FaissException& error) {
        // Whatever the factory refuses, it refuses because of the description (or how d and the metric fit it).
        record_faiss(error.what());
        char message[512];
        int64_t length = 0;
        faissnet_last_error(message, sizeof message, &length);
        fail(FAISSNET_INVALID_ARGUMENT, "description is \"%.200s\" (d = %d): %s", description, d, message);
    } catch (const std::out_of_range&) {
        fail(FAISSNET_INVALID_ARGUMENT, "description is \"%.200s\": a number in it is too large", description);
    }
    require_usable(*made);
    return made;
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_factory(int32_t d, const char* description, int32_t metric, faissnet_index** index) {
    return guard([&] { hand_over(make_by_factory(d, description, metric), index); });
}
