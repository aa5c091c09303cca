#include "limits.hpp"

#include "guard.hpp"

static_assert(FAISSNET_METRIC_INNER_PRODUCT == static_cast<int>(faiss::METRIC_INNER_PRODUCT), "metric values");
static_assert(FAISSNET_METRIC_L2 == static_cast<int>(faiss::METRIC_L2), "metric values");
static_assert(FAISSNET_METRIC_LP == static_cast<int>(faiss::METRIC_Lp), "metric values");
static_assert(FAISSNET_METRIC_JENSEN_SHANNON == static_cast<int>(faiss::METRIC_JensenShannon), "metric values");

namespace faissnet {

void require_dimension(int32_t d) {
    if (d < 1 || d > kMaxDimension) {
        fail(FAISSNET_INVALID_ARGUMENT, "d is %d: expected 1 to %d", d, kMaxDimension);
    }
}

faiss::MetricType require_metric(int32_t metric) {
    const bool known = (metric >= FAISSNET_METRIC_INNER_PRODUCT && metric <= FAISSNET_METRIC_LP) ||
            (metric >= FAISSNET_METRIC_CANBERRA && metric <= FAISSNET_METRIC_JENSEN_SHANNON);
    if (!known) {
        fail(FAISSNET_INVALID_ARGUMENT, "metric is %d: no such metric", metric);
    }
    return static_cast<faiss::MetricType>(metric);
}

faiss::MetricType require_usual_metric(int32_t metric) {
    if (metric != FAISSNET_METRIC_L2 && metric != FAISSNET_METRIC_INNER_PRODUCT) {
        fail(FAISSNET_INVALID_ARGUMENT, "metric is %d: this index type knows L2 (1) and inner product (0)", metric);
    }
    return static_cast<faiss::MetricType>(metric);
}

void require_range(const char* name, int64_t value, int64_t least, int64_t most) {
    if (value < least || value > most) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s is %lld: expected %lld to %lld", name, static_cast<long long>(value),
             static_cast<long long>(least), static_cast<long long>(most));
    }
}

void require_pq(int32_t d, int64_t m, int32_t nbits) {
    if (m < 1 || m > d || d % m != 0) {
        fail(FAISSNET_INVALID_ARGUMENT, "m is %lld: expected a divisor of d = %d", static_cast<long long>(m), d);
    }
    require_range("nbits", nbits, 1, kMaxBits);
}

faiss::ScalarQuantizer::QuantizerType require_qtype(int32_t qtype) {
    constexpr int32_t newest = 8; // of those that the other side knows
    if (qtype >= kScalarQuantizerTypes && qtype <= newest) {
        fail(FAISSNET_UNSUPPORTED, "FAISS %d.%d has no scalar quantizer of type %d", FAISS_VERSION_MAJOR, FAISS_VERSION_MINOR, qtype);
    }
    require_range("qtype", qtype, 0, kScalarQuantizerTypes - 1);
    return static_cast<faiss::ScalarQuantizer::QuantizerType>(qtype);
}

} // namespace faissnet
