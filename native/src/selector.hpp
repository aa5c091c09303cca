// The sets of ids of faissnet_selector, as FAISS asks for them.
#pragma once

#include <memory>
#include <vector>

#include <faiss/impl/IDSelector.h>

#include "guard.hpp"
#include "version.hpp"

namespace faissnet {

// What it points to (ids, bits, left, right) must live as long as the selector.
std::unique_ptr<faiss::IDSelector> make_selector(const faissnet_selector* selector);

// Positions in an IDMap whose ids are selected.
class Translated final : public faiss::IDSelector {
   public:
    Translated(const std::vector<idx_t>& ids, const faiss::IDSelector& selector) : ids_(ids), selector_(selector) {}
    bool is_member(idx_t position) const override {
        return position >= 0 && position < static_cast<idx_t>(ids_.size()) && selector_.is_member(ids_[position]);
    }

   private:
    const std::vector<idx_t>& ids_;
    const faiss::IDSelector& selector_;
};

// The ids of an index whose first one has another number outside; no selector for none.
class Shifted final : public faiss::IDSelector {
   public:
    Shifted(const faiss::IDSelector* selector, idx_t first_id) : selector_(selector), first_id_(first_id) {}
    bool is_member(idx_t id) const override {
        return selector_->is_member(id + first_id_);
    }
    const faiss::IDSelector* selector() const {
        return selector_ == nullptr || first_id_ == 0 ? selector_ : this;
    }

   private:
    const faiss::IDSelector* selector_;
    idx_t first_id_;
};

} // namespace faissnet
