// Scalar quantizers that stand for themselves.

#include <algorithm>
#include <cmath>

#include <faiss/impl/ScalarQuantizer.h>

#include "handle.hpp"
#include "limits.hpp"
#include "pieces.hpp"

struct faissnet_sq : faissnet::Counted {
    faissnet_sq(int32_t d, faiss::ScalarQuantizer::QuantizerType qtype) : sq(d, qtype) {}
    faiss::ScalarQuantizer sq;
};

namespace faissnet {
namespace {

using faiss::ScalarQuantizer;

const ScalarQuantizer& open(const faissnet_sq* sq) {
    require(sq != nullptr, "sq must not be NULL");
    return sq->sq;
}

// How many values training finds.
int64_t trained_size(const ScalarQuantizer& sq) {
    switch (sq.qtype) {
        case ScalarQuantizer::QT_8bit:
        case ScalarQuantizer::QT_4bit:
        case ScalarQuantizer::QT_6bit:
            return 2 * static_cast<int64_t>(sq.d);
        case ScalarQuantizer::QT_8bit_uniform:
        case ScalarQuantizer::QT_4bit_uniform:
            return 2;
        default:
            return 0;
    }
}

// FAISS reads the ranges without looking whether they are there.
const ScalarQuantizer& require_trained(const faissnet_sq* sq) {
    const auto& source = open(sq);
    if (static_cast<int64_t>(source.trained.size()) != trained_size(source)) {
        fail(FAISSNET_NOT_TRAINED, "the scalar quantizer is not trained: train it with representative vectors first");
    }
    return source;
}

void require_codes(const ScalarQuantizer& sq, int64_t n, const float* x, const uint8_t* codes) {
    require_floats(n, static_cast<int64_t>(sq.d), x, "x");
    require(n == 0 || codes != nullptr, "codes must hold n codes");
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_sq_new(int32_t d, int32_t qtype, faissnet_sq** sq) {
    return guard([&] {
        require_dimension(d);
        const auto type = require_qtype(qtype);
        require(sq != nullptr, "the out-parameter must not be NULL");
        *sq = new faissnet_sq(d, type);
    });
}

void faissnet_sq_free(faissnet_sq* sq) {
    guard([&] { delete sq; });
}

faissnet_status faissnet_sq_code_size(const faissnet_sq* sq, int64_t* code_size, int32_t* bits) {
    return guard([&] {
        const auto& source = open(sq);
        require(code_size != nullptr && bits != nullptr, "the out-parameters must not be NULL");
        *code_size = static_cast<int64_t>(source.code_size);
        *bits = static_cast<int32_t>(source.bits);
    });
}

faissnet_status faissnet_sq_train(faissnet_sq* sq, int32_t rangestat, float rangestat_arg, int64_t n, const float* x) {
    return guard([&] {
        const auto& source = open(sq);
        require_range("rangestat", rangestat, ScalarQuantizer::RS_minmax, ScalarQuantizer::RS_optim);
        // FAISS turns products of it into integers.
        if (!(std::fabs(rangestat_arg) <= 1e6f)) {
            fail(FAISSNET_INVALID_ARGUMENT, "rangestat_arg is %g: expected -1e6 to 1e6", rangestat_arg);
        }
        require_floats(n, static_cast<int64_t>(source.d), x, "x");
        require(n > 0, "n is 0: training needs vectors");
        if (trained_size(source) > 0) {
            sq->sq.rangestat = static_cast<ScalarQuantizer::RangeStat>(rangestat);
            sq->sq.rangestat_arg = rangestat_arg;
            sq->sq.train(n, x);
        }
    });
}

faissnet_status faissnet_sq_get_trained(const faissnet_sq* sq, int64_t capacity, float* values, int64_t* count) {
    return guard([&] {
        const auto& trained = open(sq).trained;
        require(count != nullptr, "count must not be NULL");
        require(values == nullptr || capacity >= static_cast<int64_t>(trained.size()), "values has no room for all of them");
        *count = static_cast<int64_t>(trained.size());
        if (values != nullptr) {
            std::copy(trained.begin(), trained.end(), values);
        }
    });
}

faissnet_status faissnet_sq_set_trained(faissnet_sq* sq, int64_t count, const float* values) {
    return guard([&] {
        const auto expected = trained_size(open(sq));
        if (count != expected || (count > 0 && values == nullptr)) {
            fail(FAISSNET_INVALID_ARGUMENT, "count is %lld: expected %lld values", static_cast<long long>(count), static_cast<long long>(expected));
        }
        sq->sq.trained.assign(values, values + count);
    });
}

faissnet_status faissnet_sq_encode(const faissnet_sq* sq, int64_t n, const float* x, uint8_t* codes) {
    return guard([&] {
        const auto& source = require_trained(sq);
        require_codes(source, n, x, codes);
        if (n > 0) {
            source.compute_codes(x, codes, n);
        }
    });
}

faissnet_status faissnet_sq_decode(const faissnet_sq* sq, int64_t n, const uint8_t* codes, float* x) {
    return guard([&] {
        const auto& source = require_trained(sq);
        require_codes(source, n, x, codes);
        if (n > 0) {
            source.decode(codes, x, n);
        }
    });
}
