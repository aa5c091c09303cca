#include "selector.hpp"

#include <algorithm>

namespace faissnet {
namespace {

using faiss::IDSelector;

// Own classes for all of them: FAISS has no operators before 1.7.4, fills a hash table with listed ids in every call, and
// cuts a flat search short to its own kind of range, however far outside of the index that lies.
constexpr int kMaxDepth = 1000;

class All final : public IDSelector {
   public:
    bool is_member(idx_t) const override {
        return true;
    }
};

class Range final : public IDSelector {
   public:
    Range(idx_t min, idx_t max) : min_(min), max_(max) {}
    bool is_member(idx_t id) const override {
        return id >= min_ && id < max_;
    }

   private:
    idx_t min_, max_;
};

class Listed final : public IDSelector {
   public:
    Listed(const idx_t* ids, int64_t count) : ids_(ids), end_(ids + count) {
        if (!std::is_sorted(ids_, end_)) {
            own_.assign(ids_, end_);
            std::sort(own_.begin(), own_.end());
            ids_ = own_.data();
            end_ = ids_ + count;
        }
    }
    bool is_member(idx_t id) const override {
        return std::binary_search(ids_, end_, id);
    }

   private:
    const idx_t* ids_;
    const idx_t* end_;
    std::vector<idx_t> own_;
};

class Bitmap final : public IDSelector {
   public:
    Bitmap(const uint8_t* bits, int64_t count) : bits_(bits), count_(static_cast<uint64_t>(count)) {}
    bool is_member(idx_t id) const override {
        const uint64_t position = static_cast<uint64_t>(id) >> 3; // of a negative id: beyond any count
        return position < count_ && (bits_[position] >> (id & 7) & 1) != 0;
    }

   private:
    const uint8_t* bits_;
    uint64_t count_;
};

class Not final : public IDSelector {
   public:
    explicit Not(std::unique_ptr<IDSelector> selector) : selector_(std::move(selector)) {}
    bool is_member(idx_t id) const override {
        return !selector_->is_member(id);
    }

   private:
    std::unique_ptr<IDSelector> selector_;
};

template <int32_t kind>
class Pair final : public IDSelector {
   public:
    Pair(std::unique_ptr<IDSelector> left, std::unique_ptr<IDSelector> right) : left_(std::move(left)), right_(std::move(right)) {}
    bool is_member(idx_t id) const override {
        return kind == FAISSNET_SELECT_AND ? left_->is_member(id) && right_->is_member(id)
                : kind == FAISSNET_SELECT_OR ? left_->is_member(id) || right_->is_member(id)
                                             : left_->is_member(id) != right_->is_member(id);
    }

   private:
    std::unique_ptr<IDSelector> left_, right_;
};

class Callback final : public IDSelector {
   public:
    Callback(faissnet_select_fn test, void* context) : test_(test), context_(context) {}
    bool is_member(idx_t id) const override {
        return test_(context_, id) != 0;
    }

   private:
    faissnet_select_fn test_;
    void* context_;
};

std::unique_ptr<IDSelector> make(const faissnet_selector* selector, const char* name, int depth) {
    if (selector == nullptr) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s must not be NULL", name);
    }
    if (depth > kMaxDepth) {
        fail(FAISSNET_INVALID_ARGUMENT, "selector is nested more than %d deep: join the ids into one list", kMaxDepth);
    }
    require(selector->reserved == 0, "selector->reserved must be 0");
    const auto left = [&] { return make(selector->left, "selector->left", depth + 1); };
    const auto right = [&] { return make(selector->right, "selector->right", depth + 1); };
    switch (selector->kind) {
        case FAISSNET_SELECT_RANGE:
            return std::make_unique<Range>(selector->min, selector->max);
        case FAISSNET_SELECT_IDS:
            require(selector->count >= 0 && (selector->count == 0 || selector->ids != nullptr),
                    "selector->ids must hold selector->count values");
            return std::make_unique<Listed>(selector->ids, selector->count);
        case FAISSNET_SELECT_BITMAP:
            require(selector->count >= 0 && (selector->count == 0 || selector->bits != nullptr),
                    "selector->bits must hold selector->count bytes");
            return std::make_unique<Bitmap>(selector->bits, selector->count);
        case FAISSNET_SELECT_ALL:
            return std::make_unique<All>();
        case FAISSNET_SELECT_NOT:
            return std::make_unique<Not>(left());
        case FAISSNET_SELECT_AND:
            return std::make_unique<Pair<FAISSNET_SELECT_AND>>(left(), right());
        case FAISSNET_SELECT_OR:
            return std::make_unique<Pair<FAISSNET_SELECT_OR>>(left(), right());
        case FAISSNET_SELECT_XOR:
            return std::make_unique<Pair<FAISSNET_SELECT_XOR>>(left(), right());
        case FAISSNET_SELECT_CALLBACK:
            require(selector->test != nullptr, "selector->test must not be NULL");
            return std::make_unique<Callback>(selector->test, selector->context);
        default:
            fail(FAISSNET_INVALID_ARGUMENT, "selector->kind is %d: no such selector", selector->kind);
    }
}

} // namespace

std::unique_ptr<faiss::IDSelector> make_selector(const faissnet_selector* selector) {
    return make(selector, "selector", 0);
}

} // namespace faissnet
