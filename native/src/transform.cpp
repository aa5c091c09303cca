// Vector transforms that stand for themselves.

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include <faiss/VectorTransform.h>
#include <faiss/impl/ProductQuantizer.h>
#include <faiss/index_io.h>

#include "anew.hpp"
#include "callbacks.hpp"
#include "handle.hpp"
#include "interruption.hpp"
#include "pieces.hpp"
#include "transforms.hpp"
#include "watched_opq.hpp"

namespace faissnet {
namespace {

using faiss::VectorTransform;

const VectorTransform& open(const faissnet_transform* transform) {
    require(transform != nullptr, "transform must not be NULL");
    return *transform->transform;
}

VectorTransform& open(faissnet_transform* transform) {
    require(transform != nullptr, "transform must not be NULL");
    return *transform->transform;
}

void hand_over(std::unique_ptr<VectorTransform> made, faissnet_transform** out) {
    require(out != nullptr, "the out-parameter must not be NULL");
    auto handle = std::make_unique<faissnet_transform>();
    handle->transform = std::move(made);
    *out = handle.release();
}

int32_t kind_of(const VectorTransform& transform) {
    const auto& type = typeid(transform);
    return type == typeid(faiss::LinearTransform)           ? FAISSNET_TRANSFORM_LINEAR
            : type == typeid(faiss::RandomRotationMatrix)   ? FAISSNET_TRANSFORM_RANDOM_ROTATION
            : type == typeid(faiss::PCAMatrix)              ? FAISSNET_TRANSFORM_PCA
            : type == typeid(faiss::ITQMatrix)              ? FAISSNET_TRANSFORM_ITQ_MATRIX
            : type == typeid(faiss::ITQTransform)           ? FAISSNET_TRANSFORM_ITQ
            : type == typeid(faiss::OPQMatrix)              ? FAISSNET_TRANSFORM_OPQ
            : type == typeid(faiss::RemapDimensionsTransform) ? FAISSNET_TRANSFORM_REMAP
            : type == typeid(faiss::NormalizationTransform) ? FAISSNET_TRANSFORM_NORMALIZATION
            : type == typeid(faiss::CenteringTransform)     ? FAISSNET_TRANSFORM_CENTERING
                                                            : FAISSNET_TRANSFORM_OTHER;
}

void require_same_dimension(int32_t d_in, int32_t d_out) {
    if (d_in != d_out) {
        fail(FAISSNET_INVALID_ARGUMENT, "d_out is %d: this transform keeps the dimension, %d", d_out, d_in);
    }
}

std::unique_ptr<VectorTransform> make(int32_t kind, int32_t d_in, int32_t d_out, double argument) {
    switch (kind) {
        case FAISSNET_TRANSFORM_LINEAR: {
            auto made = std::make_unique<faiss::LinearTransform>(d_in, d_out);
            made->is_trained = false;
            return made;
        }
        case FAISSNET_TRANSFORM_RANDOM_ROTATION: {
            auto made = std::make_unique<faiss::RandomRotationMatrix>(d_in, d_out);
            made->is_trained = false;
            return made;
        }
        case FAISSNET_TRANSFORM_PCA:
            if (d_out > d_in) {
                fail(FAISSNET_INVALID_ARGUMENT, "d_out is %d: a PCA has at most d_in = %d components", d_out, d_in);
            }
            require(std::isfinite(argument), "eigen_power must be finite");
            return std::make_unique<faiss::PCAMatrix>(d_in, d_out, static_cast<float>(argument));
        case FAISSNET_TRANSFORM_ITQ_MATRIX:
            require_same_dimension(d_in, d_out);
            return std::make_unique<faiss::ITQMatrix>(d_in);
        case FAISSNET_TRANSFORM_ITQ:
            if (argument == 0) {
                require_same_dimension(d_in, d_out);
            } else if (d_out > d_in) {
                fail(FAISSNET_INVALID_ARGUMENT, "d_out is %d: a PCA has at most d_in = %d components", d_out, d_in);
            }
            return std::make_unique<faiss::ITQTransform>(d_in, d_out, argument != 0);
        case FAISSNET_TRANSFORM_OPQ:
            if (!(argument >= 1 && argument <= d_out) || d_out % static_cast<int>(argument) != 0) {
                fail(FAISSNET_INVALID_ARGUMENT, "m is %g: expected a divisor of d_out = %d", argument, d_out);
            }
            return std::make_unique<faiss::OPQMatrix>(d_in, static_cast<int>(argument), d_out);
        case FAISSNET_TRANSFORM_REMAP:
            return std::make_unique<faiss::RemapDimensionsTransform>(d_in, d_out, argument != 0);
        case FAISSNET_TRANSFORM_NORMALIZATION:
            require_same_dimension(d_in, d_out);
            return std::make_unique<faiss::NormalizationTransform>(d_in);
        case FAISSNET_TRANSFORM_CENTERING:
            require_same_dimension(d_in, d_out);
            return std::make_unique<faiss::CenteringTransform>(d_in);
        default:
            fail(FAISSNET_INVALID_ARGUMENT, "kind is %d: no such transform", kind);
    }
}

// What FAISS 1.7.3 reads without looking and then applies.
void require_sound(const VectorTransform& transform) {
    const auto check = [](bool condition) {
        if (!condition) {
            fail(FAISSNET_CORRUPT, "the data holds a transform whose parts do not fit its dimensions");
        }
    };
    const auto d_in = static_cast<size_t>(transform.d_in), d_out = static_cast<size_t>(transform.d_out);
    check(transform.d_in >= 1 && transform.d_out >= 1 && transform.d_in <= kLargestDimension && transform.d_out <= kLargestDimension);
    if (auto linear = dynamic_cast<const faiss::LinearTransform*>(&transform)) {
        check(!transform.is_trained || linear->A.size() == d_in * d_out);
        check(!transform.is_trained || !linear->have_bias || linear->b.size() == d_out);
    } else if (auto remap = dynamic_cast<const faiss::RemapDimensionsTransform*>(&transform)) {
        check(remap->map.size() == d_out);
        check(std::all_of(remap->map.begin(), remap->map.end(), [&](int from) { return from >= -1 && from < transform.d_in; }));
    } else if (auto centering = dynamic_cast<const faiss::CenteringTransform*>(&transform)) {
        check(d_in == d_out && (!transform.is_trained || centering->mean.size() == d_in));
    } else if (auto itq = dynamic_cast<const faiss::ITQTransform*>(&transform)) {
        check(!transform.is_trained || itq->mean.size() == d_in);
        require_sound(itq->pca_then_itq);
        check(itq->pca_then_itq.d_in == transform.d_in && itq->pca_then_itq.d_out == transform.d_out);
        check(!transform.is_trained || itq->pca_then_itq.is_trained);
    } else {
        check(dynamic_cast<const faiss::NormalizationTransform*>(&transform) != nullptr && d_in == d_out);
    }
}

// Fields by their names, each with the least and the largest value that it takes.
template <typename Visit>
void visit_parameter(VectorTransform& transform, const std::string& name, Visit visit) {
    constexpr double most = std::numeric_limits<int32_t>::max();
    if (auto pca = dynamic_cast<faiss::PCAMatrix*>(&transform)) {
        if (name == "eigen_power") return visit(pca->eigen_power, -1e6, 1e6, false);
        if (name == "epsilon") return visit(pca->epsilon, 0, 1e30, false);
        if (name == "random_rotation") return visit(pca->random_rotation, 0, 1, true);
        if (name == "balanced_bins") return visit(pca->balanced_bins, 0, pca->d_out, true);
        if (name == "max_points_per_d") return visit(pca->max_points_per_d, 1, most, true);
    }
    if (auto opq = dynamic_cast<faiss::OPQMatrix*>(&transform)) {
        if (name == "niter") return visit(opq->niter, 1, most, true);
        if (name == "niter_pq") return visit(opq->niter_pq, 1, most, true);
        if (name == "niter_pq_0") return visit(opq->niter_pq_0, 1, most, true);
        if (name == "max_train_points") return visit(opq->max_train_points, 256, most, true);
        if (name == "M") return visit(opq->M, opq->M, opq->M, true);
    }
    if (auto itq = dynamic_cast<faiss::ITQMatrix*>(&transform)) {
        if (name == "max_iter") return visit(itq->max_iter, 1, most, true);
        if (name == "seed") return visit(itq->seed, 0, most, true);
    }
    if (auto itq = dynamic_cast<faiss::ITQTransform*>(&transform)) {
        if (name == "max_train_per_dim") return visit(itq->max_train_per_dim, 1, most / (1 << 20), true);
        if (name == "max_iter") return visit(itq->itq.max_iter, 1, most, true);
        if (name == "seed") return visit(itq->itq.seed, 0, most, true);
        if (name == "do_pca") return visit(itq->do_pca, itq->do_pca ? 1 : 0, itq->do_pca ? 1 : 0, true);
    }
    if (auto linear = dynamic_cast<faiss::LinearTransform*>(&transform)) {
        if (name == "is_orthonormal") return visit(linear->is_orthonormal, linear->is_orthonormal ? 1 : 0, linear->is_orthonormal ? 1 : 0, true);
        if (name == "have_bias") return visit(linear->have_bias, linear->have_bias ? 1 : 0, linear->have_bias ? 1 : 0, true);
    }
    fail(FAISSNET_INVALID_ARGUMENT, "name is \"%.100s\": this transform has no such parameter", name.c_str());
}

std::vector<float> values_of(const VectorTransform& transform, const std::string& name) {
    if (auto pca = dynamic_cast<const faiss::PCAMatrix*>(&transform)) {
        if (name == "mean") return pca->mean;
        if (name == "eigenvalues") return pca->eigenvalues;
        if (name == "PCAMat") return pca->PCAMat;
    }
    if (auto linear = dynamic_cast<const faiss::LinearTransform*>(&transform)) {
        if (name == "A") return linear->A;
        if (name == "b") return linear->b;
    }
    if (auto itq = dynamic_cast<const faiss::ITQTransform*>(&transform)) {
        if (name == "mean") return itq->mean;
        if (name == "itq_A") return itq->itq.A;
        if (name == "pca_then_itq_A") return itq->pca_then_itq.A;
        if (name == "pca_then_itq_b") return itq->pca_then_itq.b;
    }
    if (auto centering = dynamic_cast<const faiss::CenteringTransform*>(&transform); centering != nullptr && name == "mean") {
        return centering->mean;
    }
    if (auto remap = dynamic_cast<const faiss::RemapDimensionsTransform*>(&transform); remap != nullptr && name == "map") {
        return std::vector<float>(remap->map.begin(), remap->map.end());
    }
    fail(FAISSNET_INVALID_ARGUMENT, "name is \"%.100s\": this transform has no such array", name.c_str());
}

void require_count(int64_t count, int64_t expected) {
    if (count != expected) {
        fail(FAISSNET_INVALID_ARGUMENT, "count is %lld: expected %lld values", static_cast<long long>(count), static_cast<long long>(expected));
    }
}

void set_values(VectorTransform& transform, const std::string& name, int64_t count, const float* values) {
    auto linear = typeid(transform) == typeid(faiss::LinearTransform) ? static_cast<faiss::LinearTransform*>(&transform) : nullptr;
    auto remap = dynamic_cast<faiss::RemapDimensionsTransform*>(&transform);
    if (linear != nullptr && name == "A") {
        require_count(count, static_cast<int64_t>(transform.d_in) * transform.d_out);
        linear->A.assign(values, values + count);
        linear->is_trained = true;
        linear->set_is_orthonormal();
    } else if (linear != nullptr && name == "b") {
        require_count(count, transform.d_out);
        linear->b.assign(values, values + count);
        linear->have_bias = true;
    } else if (remap != nullptr && name == "map") {
        require_count(count, transform.d_out);
        std::vector<int> map(count);
        for (int64_t i = 0; i < count; i++) {
            if (!(values[i] >= -1 && values[i] < transform.d_in) || values[i] != std::floor(values[i])) {
                fail(FAISSNET_INVALID_ARGUMENT, "map[%lld] is %g: expected -1 (a zero) to %d", static_cast<long long>(i), values[i], transform.d_in - 1);
            }
            map[i] = static_cast<int>(values[i]);
        }
        remap->map = std::move(map);
    } else {
        values_of(transform, name);
        fail(FAISSNET_UNSUPPORTED, "%.100s can be read, not set: it comes from the training", name.c_str());
    }
}

void train_opq(faiss::OPQMatrix& opq, int64_t n, const float* x, const faissnet_monitor* monitor) {
    WatchedOpq watched(opq, n, monitor);
    opq.train(n, x);
    if (watched.assigner() != nullptr) {
        watched.assigner()->finish();
    }
}

void require_trained(const VectorTransform& transform) {
    if (!transform.is_trained) {
        fail(FAISSNET_NOT_TRAINED, "the transform is not trained: train it with representative vectors first");
    }
}

template <typename Transform>
struct Given : Transform, GivenTransform {
    explicit Given(const Transform& from) : Transform(from) {}
};

// By FAISS's copy constructors: its files do not tell an untrained OPQ from a matrix that cannot learn.
template <typename... Transforms>
std::unique_ptr<VectorTransform> copy_as(const VectorTransform& from, bool given) {
    std::unique_ptr<VectorTransform> copy;
    const auto copy_if = [&](auto* type) {
        using Transform = std::remove_pointer_t<decltype(type)>;
        if (typeid(from) == typeid(Transform)) {
            const auto& source = static_cast<const Transform&>(from);
            copy = given ? std::unique_ptr<VectorTransform>(std::make_unique<Given<Transform>>(source)) : std::make_unique<Transform>(source);
        }
    };
    (copy_if(static_cast<Transforms*>(nullptr)), ...);
    if (copy == nullptr) {
        fail(FAISSNET_UNSUPPORTED, "this type of transform cannot be copied here");
    }
    return copy;
}

std::unique_ptr<VectorTransform> copy_of(const VectorTransform& from, bool given) {
    return copy_as<faiss::LinearTransform, faiss::RandomRotationMatrix, faiss::PCAMatrix, faiss::ITQMatrix, faiss::ITQTransform, faiss::OPQMatrix,
                   faiss::RemapDimensionsTransform, faiss::NormalizationTransform, faiss::CenteringTransform>(from, given);
}

} // namespace

std::unique_ptr<VectorTransform> copy_for_index(const faissnet_transform* transform) {
    const auto& from = open(transform);
    if (!from.is_trained && typeid(from) == typeid(faiss::LinearTransform)) {
        fail(FAISSNET_NOT_TRAINED, "a linear transform does not learn: set its matrix before an index is made of it");
    }
    return copy_of(from, from.is_trained);
}

} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_transform_new(int32_t kind, int32_t d_in, int32_t d_out, double argument, faissnet_transform** transform) {
    return guard([&] {
        require_size(d_in, "d_in", 1, kLargestDimension);
        require_size(d_out, "d_out", 1, kLargestDimension);
        hand_over(make(kind, d_in, d_out, argument), transform);
    });
}

faissnet_status faissnet_transform_clone(const faissnet_transform* transform, faissnet_transform** copy) {
    return guard([&] { hand_over(copy_of(open(transform), false), copy); });
}

void faissnet_transform_free(faissnet_transform* transform) {
    guard([&] { delete transform; });
}

faissnet_status faissnet_transform_kind(const faissnet_transform* transform, int32_t* kind) {
    return guard([&] {
        const auto& source = open(transform);
        require(kind != nullptr, "the out-parameter must not be NULL");
        *kind = kind_of(source);
    });
}

faissnet_status faissnet_transform_d(const faissnet_transform* transform, int32_t* d_in, int32_t* d_out) {
    return guard([&] {
        const auto& source = open(transform);
        require(d_in != nullptr && d_out != nullptr, "the out-parameters must not be NULL");
        *d_in = source.d_in;
        *d_out = source.d_out;
    });
}

faissnet_status faissnet_transform_is_trained(const faissnet_transform* transform, int32_t* is_trained) {
    return guard([&] {
        const auto& source = open(transform);
        require(is_trained != nullptr, "the out-parameter must not be NULL");
        *is_trained = source.is_trained ? 1 : 0;
    });
}

faissnet_status faissnet_transform_set_parameter(faissnet_transform* transform, const char* name, double value) {
    return guard([&] {
        auto& target = open(transform);
        require(name != nullptr, "name must not be NULL");
        visit_parameter(target, name, [&](auto& field, double min, double max, bool whole) {
            if (!(value >= min && value <= max) || (whole && value != std::floor(value))) {
                fail(FAISSNET_INVALID_ARGUMENT, "%.100s is %g: expected %s%g to %g", name, value, whole ? "a whole number, " : "", min, max);
            }
            field = static_cast<std::decay_t<decltype(field)>>(value);
        });
    });
}

faissnet_status faissnet_transform_get_parameter(const faissnet_transform* transform, const char* name, double* value) {
    return guard([&] {
        const auto& source = open(transform);
        require(name != nullptr && value != nullptr, "name and value must not be NULL");
        visit_parameter(const_cast<VectorTransform&>(source), name, [&](const auto& field, double, double, bool) { *value = static_cast<double>(field); });
    });
}

faissnet_status faissnet_transform_get_values(
        const faissnet_transform* transform, const char* name, int64_t capacity, float* values, int64_t* count) {
    return guard([&] {
        const auto& source = open(transform);
        require(name != nullptr && count != nullptr, "name and count must not be NULL");
        const auto all = values_of(source, name);
        require(values == nullptr || capacity >= static_cast<int64_t>(all.size()), "values has no room for all of them");
        *count = static_cast<int64_t>(all.size());
        if (values != nullptr) {
            std::copy(all.begin(), all.end(), values);
        }
    });
}

faissnet_status faissnet_transform_set_values(faissnet_transform* transform, const char* name, int64_t count, const float* values) {
    return guard([&] {
        auto& target = open(transform);
        require(name != nullptr && values != nullptr, "name and values must not be NULL");
        set_values(target, name, count, values);
    });
}

faissnet_status faissnet_transform_draw(faissnet_transform* transform, int32_t seed) {
    return guard([&] {
        auto rotation = dynamic_cast<faiss::RandomRotationMatrix*>(&open(transform));
        if (rotation == nullptr) {
            fail(FAISSNET_UNSUPPORTED, "only a random rotation is drawn");
        }
        rotation->init(seed);
    });
}

faissnet_status faissnet_transform_train(faissnet_transform* transform, int64_t n, const float* x, const faissnet_monitor* monitor) {
    return guard([&] {
        const Interruptible interruptible(monitor);
        auto& target = open(transform);
        require_floats(n, target.d_in, x, "x");
        require(n > 0, "n is 0: training needs vectors");
        const auto kind = kind_of(target);
        if (kind == FAISSNET_TRANSFORM_LINEAR) {
            fail(FAISSNET_UNSUPPORTED, "a linear transform does not learn: set its matrix");
        }
        const bool learns = kind != FAISSNET_TRANSFORM_NORMALIZATION && kind != FAISSNET_TRANSFORM_REMAP;
        if (!learns) {
            return;
        }
        forget_learnt(target);
        try {
            if (auto opq = dynamic_cast<faiss::OPQMatrix*>(&target)) {
                train_opq(*opq, n, x, interruptible.monitor());
            } else {
                target.train(n, x);
            }
        } catch (...) {
            forget_learnt(target);
            if (interruptible.has_ended()) {
                interruptible.ask(); // whatever FAISS made of what was cut short
            }
            throw;
        }
        if (interruptible.has_ended()) {
            forget_learnt(target);
            interruptible.ask();
        }
        // FAISS finds out about this rotation only when it reads it from a file.
        if (auto rotation = dynamic_cast<faiss::ITQMatrix*>(&target)) {
            const Interruptible::Suspended suspended; // it is trained
            rotation->set_is_orthonormal();
        }
    });
}

faissnet_status faissnet_transform_apply(const faissnet_transform* transform, int64_t n, const float* x, float* y) {
    return guard([&] {
        const auto& source = open(transform);
        require_floats(n, source.d_in, x, "x");
        require_floats(n, source.d_out, y, "y");
        require_trained(source);
        if (n > 0) {
            source.apply_noalloc(n, x, y);
        }
    });
}

faissnet_status faissnet_transform_reverse(const faissnet_transform* transform, int64_t n, const float* y, float* x) {
    return guard([&] {
        const auto& source = open(transform);
        require_floats(n, source.d_out, y, "y");
        require_floats(n, source.d_in, x, "x");
        require_trained(source);
        if (auto linear = dynamic_cast<const faiss::LinearTransform*>(&source); linear != nullptr && !linear->is_orthonormal) {
            fail(FAISSNET_UNSUPPORTED, "the matrix is not orthonormal: its transform cannot be reversed");
        }
        if (n > 0) {
            source.reverse_transform(n, y, x);
        }
    });
}

faissnet_status faissnet_transform_write(const faissnet_transform* transform, faissnet_write_fn write, void* context) {
    return guard([&] {
        const auto& source = open(transform);
        require(write != nullptr, "write must not be NULL");
        CallbackWriter writer(write, context);
        faiss::write_VectorTransform(&source, &writer);
    });
}

faissnet_status faissnet_transform_read(faissnet_read_fn read, void* context, faissnet_transform** transform) {
    return guard([&] {
        require(read != nullptr, "read must not be NULL");
        CallbackReader reader(read, context);
        std::unique_ptr<VectorTransform> made;
        try {
            made.reset(faiss::read_VectorTransform(&reader));
        } catch (const faiss::FaissException& error) {
            rethrow_as(FAISSNET_CORRUPT, error.what());
        } catch (const std::length_error&) {
            fail(FAISSNET_CORRUPT, "a length in the data is impossible");
        }
        require_sound(*made);
        hand_over(std::move(made), transform);
    });
}
