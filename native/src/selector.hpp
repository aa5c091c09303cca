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

} // namespace faissnet
