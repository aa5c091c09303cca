#include "from_float.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <faiss/IndexBinaryFromFloat.h>

#include "range_result.hpp"

namespace faissnet {
namespace {

// Bits that become floats at a time, 4 bytes for each.
constexpr int64_t kBitsPerBlock = 1 << 24;

// FAISS's binary_to_real, from the lowest bit of each byte on.
std::vector<float> to_floats(const faiss::Index& base, int64_t n, const uint8_t* x) {
    std::vector<float> floats(static_cast<size_t>(n) * base.d);
    for (size_t i = 0; i < floats.size(); i++) {
        floats[i] = (x[i / 8] >> (i % 8) & 1) != 0 ? 1.0f : -1.0f;
    }
    return floats;
}

// call receives the first vector, the number of vectors and their floats.
template <typename Call>
void in_blocks(const faiss::Index& base, int64_t n, const uint8_t* x, Call call) {
    const int64_t size = base.d / 8, step = std::max<int64_t>(1, kBitsPerBlock / base.d);
    for (int64_t first = 0; first < n; first += step) {
        const int64_t count = std::min(step, n - first);
        const auto floats = to_floats(base, count, x + first * size);
        call(first, count, floats.data());
    }
}

// Components that differ do so by 2.
int32_t to_bits(float distance) {
    return static_cast<int32_t>(std::lround(distance / 4));
}

} // namespace

void relay(faissnet_status status) {
    if (status != FAISSNET_OK) {
        char message[1024];
        int64_t length = 0;
        faissnet_last_error(message, sizeof message, &length);
        throw Error(status, message);
    }
}

std::unique_ptr<faissnet_binary_index> make_from_float(const faissnet_index& base) {
    const auto& index = *base.index;
    if (index.d % 8 != 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "base has the dimension %d: expected a multiple of 8", static_cast<int>(index.d));
    }
    if (index.metric_type != faiss::METRIC_L2) {
        fail(FAISSNET_INVALID_ARGUMENT, "base has the metric %d: expected L2, whose distances are four times the numbers of bits that differ",
             static_cast<int>(index.metric_type));
    }
    auto made = std::make_unique<faissnet_binary_index>();
    made->index = std::make_unique<faiss::IndexBinaryFromFloat>(base.index);
    made->base = make_handle(*base.index);
    made->base->family = base.family;
    return made;
}

void train_floats(faissnet_index& base, int64_t n, const uint8_t* x, const faissnet_monitor* monitor) {
    const auto floats = to_floats(*base.index, n, x);
    relay(faissnet_index_train(&base, n, floats.data(), monitor));
}

void add_floats(faissnet_index& base, int64_t n, const uint8_t* x, const int64_t* ids) {
    in_blocks(*base.index, n, x, [&](int64_t first, int64_t count, const float* floats) {
        relay(ids != nullptr ? faissnet_index_add_with_ids(&base, count, floats, ids + first) : faissnet_index_add(&base, count, floats));
    });
}

void search_floats(
        const faissnet_index& base, int64_t n, const uint8_t* x, int64_t k, const faissnet_search_parameters* parameters, int32_t* distances,
        int64_t* labels) {
    std::vector<float> found;
    in_blocks(*base.index, n, x, [&](int64_t first, int64_t count, const float* floats) {
        found.resize(count * k);
        relay(faissnet_index_search(&base, count, floats, k, parameters, found.data(), labels + first * k));
        for (int64_t i = 0; i < count * k; i++) {
            distances[first * k + i] = labels[first * k + i] < 0 ? std::numeric_limits<int32_t>::max() : to_bits(found[i]);
        }
    });
}

faissnet_range_result* range_search_floats(
        const faissnet_index& base, int64_t n, const uint8_t* x, int32_t radius, const faissnet_search_parameters* parameters) {
    const auto floats = to_floats(*base.index, n, x);
    faissnet_range_result* result = nullptr;
    // What rounds to radius bits is not within it.
    relay(faissnet_index_range_search(&base, n, floats.data(), 4.0f * static_cast<float>(radius) - 2, parameters, &result));
    auto& hits = result->hits;
    std::transform(hits.distances, hits.distances + hits.lims[hits.nq], hits.distances, [](float distance) { return static_cast<float>(to_bits(distance)); });
    return result;
}

void reconstruct_floats(const faissnet_index& base, int64_t id, uint8_t* vector) {
    const int d = base.index->d;
    std::vector<float> floats(d);
    relay(faissnet_index_reconstruct(&base, id, floats.data()));
    std::fill_n(vector, d / 8, uint8_t(0));
    for (int i = 0; i < d; i++) {
        if (floats[i] > 0) {
            vector[i / 8] = static_cast<uint8_t>(vector[i / 8] | 1 << (i % 8));
        }
    }
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_binary_from_float_new(faissnet_index* base, faissnet_binary_index** index) {
    return guard([&] {
        require_whole(base, "base");
        require(index != nullptr, "the out-parameter for the index must not be NULL");
        *index = make_from_float(*base).release();
    });
}

faissnet_status faissnet_binary_base(faissnet_binary_index* index, faissnet_index** base) {
    return guard([&] {
        open(index);
        require(base != nullptr, "the out-parameter for the index must not be NULL");
        if (index->base == nullptr) {
            fail(FAISSNET_UNSUPPORTED, "there is no index over floats in this one");
        }
        auto made = make_handle(*index->base->index);
        made->family = index->base->family;
        *base = made.release();
    });
}
