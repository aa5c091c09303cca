#include "interruption.hpp"

#include <omp.h>

namespace faissnet {
namespace {

// Of one question, a hundredth of a second or less.
constexpr double kOperationsPerQuestion = 1 << 28;

thread_local Interruptible* innermost = nullptr;

} // namespace

Interruptible::Interruptible(const faissnet_monitor* monitor)
        : monitor_(monitor != nullptr && monitor->report != nullptr ? monitor : nullptr), own_{report, this}, outer_(innermost) {
    innermost = this;
}

Interruptible::~Interruptible() {
    innermost = outer_;
}

const Interruptible* Interruptible::current() {
    // Not omp_in_parallel: a region of one thread does not count there.
    return innermost != nullptr && innermost->monitor_ != nullptr && omp_get_level() == 0 ? innermost : nullptr;
}

void Interruptible::ask() const {
    if (is_over()) {
        fail(FAISSNET_CANCELLED, "the call was cancelled");
    }
}

bool Interruptible::is_over() const noexcept {
    if (!has_ended_) {
        const Suspended suspended;
        has_ended_ = monitor_->report(monitor_->context, stage_, done_, total_) != 0;
    }
    return has_ended_;
}

void Interruptible::look_after(double operations) const noexcept {
    operations_ += operations;
    if (operations_ >= kOperationsPerQuestion) {
        operations_ = 0;
        is_over();
    }
}

int32_t Interruptible::report(void* context, int32_t stage, int64_t done, int64_t total) {
    auto& self = *static_cast<Interruptible*>(context);
    self.stage_ = stage;
    self.done_ = done;
    self.total_ = total;
    return self.is_over() ? 1 : 0;
}

Interruptible::Suspended::Suspended() : outer_(innermost) {
    innermost = nullptr;
}

Interruptible::Suspended::~Suspended() {
    innermost = outer_;
}

} // namespace faissnet
