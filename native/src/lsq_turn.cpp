#include "lsq_turn.hpp"

#include <algorithm>
#include <chrono>

#include <faiss/impl/LocalSearchQuantizer.h>

#include "additive.hpp"

namespace faissnet {
namespace {

std::timed_mutex turn;

constexpr auto kBetweenQuestions = std::chrono::milliseconds(10);

} // namespace

LsqTurn::LsqTurn(const faiss::Index& index, const Interruptible* caller) {
    const auto quantizers = additive_quantizers(const_cast<faiss::Index&>(index));
    if (std::any_of(quantizers.begin(), quantizers.end(), [](auto* one) { return dynamic_cast<faiss::LocalSearchQuantizer*>(one) != nullptr; })) {
        lock_ = std::unique_lock<std::timed_mutex>(turn, std::defer_lock);
        if (caller == nullptr || caller->monitor() == nullptr) {
            lock_.lock();
            return;
        }
        while (!lock_.try_lock_for(kBetweenQuestions)) {
            caller->ask();
        }
    }
}

} // namespace faissnet
