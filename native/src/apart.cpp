#include "apart.hpp"

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <list>
#include <mutex>
#include <thread>

#include <omp.h>

namespace faissnet {
namespace {

struct State {
    std::mutex mutex;
    std::condition_variable ended;
    bool has_ended = false;
};

struct Left {
    std::thread thread;
    std::shared_ptr<State> state;
};

// Those whose callers have left. The process waits for them at its end: BLAS must not be taken down under them.
class AllLeft {
   public:
    void add(Left left) {
        const std::lock_guard<std::mutex> lock(mutex_);
        all_.remove_if([](Left& other) {
            {
                const std::lock_guard<std::mutex> ended(other.state->mutex);
                if (!other.state->has_ended) {
                    return false;
                }
            }
            other.thread.join();
            return true;
        });
        all_.push_back(std::move(left));
    }
    ~AllLeft() {
        for (auto& left : all_) {
            left.thread.join();
        }
    }

   private:
    std::mutex mutex_;
    std::list<Left> all_;
};

AllLeft all_left;

constexpr auto kBetweenQuestions = std::chrono::milliseconds(10);

} // namespace

void* Apart::keep(const Array& array, const void* values) {
    std::memcpy(array.copy.get(), values, array.bytes);
    arrays_.push_back(array);
    return array.copy.get();
}

bool Apart::run(const Interruptible& caller, std::function<void()> computation) {
    auto state = std::make_shared<State>();
    // OpenMP counts threads by the thread that asks.
    const int threads = omp_get_max_threads();
    Left left{std::thread([state, arrays = arrays_, computation = std::move(computation), threads] {
                  omp_set_num_threads(threads);
                  computation();
                  const std::lock_guard<std::mutex> lock(state->mutex);
                  state->has_ended = true;
                  state->ended.notify_all();
              }),
              state};
    {
        std::unique_lock<std::mutex> lock(state->mutex);
        while (!state->ended.wait_for(lock, kBetweenQuestions, [&] { return state->has_ended; })) {
            lock.unlock();
            if (caller.is_over()) {
                all_left.add(std::move(left));
                return false;
            }
            lock.lock();
        }
    }
    left.thread.join();
    for (const auto& array : arrays_) {
        if (array.result != nullptr) {
            std::memcpy(array.result, array.copy.get(), array.bytes);
        }
    }
    return true;
}

} // namespace faissnet
