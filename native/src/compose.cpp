// Indexes around other indexes.
#include <memory>

#include <faiss/IndexNNDescent.h>
#include <faiss/VectorTransform.h>

#include "composed.hpp"
#include "handle.hpp"
#include "limits.hpp"
#include "parts.hpp"
#include "transforms.hpp"

namespace faissnet {
namespace {

void require_inner(const faissnet_index* inner, const char* name) {
    require_whole(inner, name);
    if (is_composed(open(inner))) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s is made of shards or replicas, which go outermost: put this around each of them", name);
    }
    // It divides by zero when it is asked for all of its vectors, which only a whole index sees to.
    if (find_inside<faiss::IndexNNDescent>(open(inner)) != nullptr) {
        fail(FAISSNET_UNSUPPORTED, "%s is an NN-descent graph, which cannot be a part of another index here", name);
    }
}

void require_numbers(const faissnet_index* inner, const char* name) {
    require_inner(inner, name);
    if (find_inside<faiss::IndexIDMap>(open(inner)) != nullptr) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s keeps ids of its own in an IDMap: expected an index that numbers its vectors", name);
    }
}

// Transforms on their way into an index, which they own themselves until it takes them.
using Chain = std::vector<std::unique_ptr<faiss::VectorTransform>>;

// Those that the factory makes of a description.
Chain make_chain(int32_t d, const char* description) {
    const std::string whole = std::string(description) + ",Flat";
    auto made = make_by_factory(d, whole.c_str(), FAISSNET_METRIC_L2);
    auto index = dynamic_cast<faiss::IndexPreTransform*>(made.get());
    if (index == nullptr || dynamic_cast<faiss::IndexFlat*>(index->index) == nullptr) {
        fail(FAISSNET_INVALID_ARGUMENT, "transforms is \"%.200s\": expected transforms alone, such as \"OPQ16_64\" or \"PCA32,L2norm\"", description);
    }
    Chain chain;
    for (auto& transform : index->chain) {
        chain.emplace_back(transform);
        transform = nullptr;
    }
    return chain;
}

void put_before(Chain chain, faissnet_index* base, faissnet_index** index) {
    auto& inner = open(base);
    auto made = std::make_unique<faiss::IndexPreTransform>(&inner);
    for (auto transform = chain.rbegin(); transform != chain.rend(); ++transform) {
        if ((*transform)->d_out != made->d) {
            fail(FAISSNET_INVALID_ARGUMENT, "%s has the dimension %d: expected %d, which the transform before it gives",
                 transform == chain.rbegin() ? "base" : "a transform", static_cast<int>(made->d), (*transform)->d_out);
        }
        made->prepend_transform(transform->get());
    }
    auto pre = made.get();
    hand_over(std::move(made), {base}, [&] {
        for (auto& transform : chain) {
            transform.release();
        }
        pre->own_fields = true;
    }, index);
}

bool keeps_ids(const faiss::Index& index) {
    return find_inside<faiss::IndexIDMap>(index) != nullptr || find_inside<faiss::IndexIVF>(index) != nullptr;
}

void require_member(const faiss::Index& whole, const faissnet_index* member) {
    require_inner(member, "member");
    const auto& index = open(member);
    if (index.d != whole.d || index.metric_type != whole.metric_type) {
        fail(FAISSNET_INVALID_ARGUMENT, "member has the dimension %d and the metric %d: expected %d and %d", static_cast<int>(index.d),
             static_cast<int>(index.metric_type), static_cast<int>(whole.d), static_cast<int>(whole.metric_type));
    }
    const auto members = members_of(whole);
    if (!members.empty() && members[0].index->is_trained != index.is_trained) {
        fail(FAISSNET_INVALID_ARGUMENT, "member is %strained: expected it to be as the others are", index.is_trained ? "" : "not ");
    }
    auto shards = dynamic_cast<const faiss::IndexShards*>(&whole);
    if (shards == nullptr && !members.empty() && members[0].index->ntotal != index.ntotal) {
        fail(FAISSNET_INVALID_ARGUMENT, "member holds %lld vectors: expected the %lld of the other replicas",
             static_cast<long long>(index.ntotal), static_cast<long long>(members[0].index->ntotal));
    }
    if (shards != nullptr && shards->successive_ids && find_inside<faiss::IndexIDMap>(index) != nullptr) {
        fail(FAISSNET_INVALID_ARGUMENT, "member keeps ids of its own: expected one that numbers its vectors, or shards without successive ids");
    }
    if (shards != nullptr && !shards->successive_ids && !keeps_ids(index)) {
        fail(FAISSNET_INVALID_ARGUMENT, "member stores no ids: expected one that does, such as an IDMap, or shards with successive ids");
    }
}

template <typename Several>
void make_several(std::unique_ptr<Several> made, int32_t metric, faissnet_index** index) {
    made->metric_type = require_metric(metric);
    made->is_trained = false; // there is nothing yet to add to
    own_all(*made, 0);
    hand_over(std::move(made), index);
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_index_id_map_new(faissnet_index* base, int32_t two_way, faissnet_index** index) {
    return guard([&] {
        require_numbers(base, "base");
        if (open(base).ntotal != 0) {
            fail(FAISSNET_INVALID_ARGUMENT, "base holds %lld vectors, whose ids nobody knows: expected an empty index",
                 static_cast<long long>(open(base).ntotal));
        }
        auto made = two_way != 0 ? std::make_unique<faiss::IndexIDMap2>(&open(base)) : std::make_unique<faiss::IndexIDMap>(&open(base));
        auto map = made.get();
        hand_over(std::move(made), {base}, [&] { map->own_fields = true; }, index);
    });
}

faissnet_status faissnet_index_pre_transform_new(int32_t d, const char* transforms, faissnet_index* base, faissnet_index** index) {
    return guard([&] {
        require_inner(base, "base");
        require(transforms != nullptr && *transforms != '\0', "transforms must not be empty");
        put_before(make_chain(d, transforms), base, index);
    });
}

faissnet_status faissnet_index_pre_transform_of(
        int64_t count, const faissnet_transform* const* transforms, faissnet_index* base, faissnet_index** index) {
    return guard([&] {
        require_inner(base, "base");
        require(count >= 1 && transforms != nullptr, "count must be at least 1, and transforms hold as many");
        Chain chain;
        for (int64_t i = 0; i < count; i++) {
            chain.push_back(copy_for_index(transforms[i]));
        }
        put_before(std::move(chain), base, index);
    });
}

faissnet_status faissnet_index_refine_new(faissnet_index* base, faissnet_index* refine, faissnet_index** index) {
    return guard([&] {
        require_numbers(base, "base");
        if (refine == nullptr) {
            if (open(base).ntotal != 0) {
                fail(FAISSNET_INVALID_ARGUMENT, "base holds %lld vectors: expected an empty index, whose vectors are then added to both",
                     static_cast<long long>(open(base).ntotal));
            }
            auto made = std::make_unique<faiss::IndexRefineFlat>(&open(base));
            auto flat = made.get();
            hand_over(std::move(made), {base}, [&] { flat->own_fields = true; }, index);
            return;
        }
        require_numbers(refine, "refine");
        require(refine != base, "refine is base: expected another index");
        const auto &one = open(base), &other = open(refine);
        if (one.d != other.d || one.metric_type != other.metric_type || one.ntotal != other.ntotal) {
            fail(FAISSNET_INVALID_ARGUMENT, "base and refine have different dimensions, metrics or numbers of vectors: expected the same vectors in both");
        }
        auto made = std::make_unique<faiss::IndexRefine>(&open(base), &open(refine));
        auto both = made.get();
        hand_over(std::move(made), {base, refine}, [&] { both->own_fields = both->own_refine_index = true; }, index);
    });
}

faissnet_status faissnet_index_shards_new(int32_t d, int32_t metric, int32_t successive_ids, faissnet_index** index) {
    return guard([&] {
        require_dimension(d);
        make_several(std::make_unique<faiss::IndexShards>(d, false, successive_ids != 0), metric, index);
    });
}

faissnet_status faissnet_index_replicas_new(int32_t d, int32_t metric, faissnet_index** index) {
    return guard([&] {
        require_dimension(d);
        make_several(std::make_unique<faiss::IndexReplicas>(d, false), metric, index);
    });
}

faissnet_status faissnet_index_add_member(faissnet_index* index, faissnet_index* member) {
    return guard([&] {
        auto& target = open(index);
        if (!is_composed(target)) {
            fail(FAISSNET_UNSUPPORTED, "this index is made neither of shards nor of replicas");
        }
        require_member(target, member);
        const Change change(*index, Change::kMember);
        if (auto shards = dynamic_cast<faiss::IndexShards*>(&target)) {
            shards->addIndex(&open(member));
        } else {
            dynamic_cast<faiss::IndexReplicas&>(target).addIndex(&open(member));
        }
        take_over(*member, index->family);
    });
}
