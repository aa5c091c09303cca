#include "lsq_turn.hpp"

#include <algorithm>

#include <faiss/impl/LocalSearchQuantizer.h>

#include "additive.hpp"

namespace faissnet {
namespace {

std::mutex turn;

} // namespace

LsqTurn::LsqTurn(const faiss::Index& index) {
    const auto quantizers = additive_quantizers(const_cast<faiss::Index&>(index));
    if (std::any_of(quantizers.begin(), quantizers.end(), [](auto* one) { return dynamic_cast<faiss::LocalSearchQuantizer*>(one) != nullptr; })) {
        lock_ = std::unique_lock<std::mutex>(turn);
    }
}

} // namespace faissnet
