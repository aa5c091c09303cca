#include "apart.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
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

    bool has_ended() const {
        const std::lock_guard<std::mutex> lock(state->mutex);
        return state->has_ended;
    }
};

// Those whose callers have left. The process waits for them at its end, for BLAS must not be taken down under them; this itself is never taken
// down, since other threads may still come to it then.
class AllLeft {
   public:
    static AllLeft& instance() {
        static auto& all = make();
        return all;
    }

    void add(std::list<Left>& left) {
        std::unique_lock<std::mutex> lock(mutex_);
        if (closing_) {
            lock.unlock();
            left.front().thread.join();
            return;
        }
        all_.remove_if([](Left& other) {
            const bool ended = other.has_ended();
            if (ended) {
                other.thread.join();
            }
            return ended;
        });
        all_.splice(all_.end(), left);
    }

   private:
    static AllLeft& make() {
        auto all = new AllLeft;
        std::atexit([] { instance().close(); });
        return *all;
    }

    void close() {
        std::list<Left> left;
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            closing_ = true;
            left.swap(all_);
        }
        for (auto& each : left) {
            each.thread.join();
        }
    }

    std::mutex mutex_;
    std::list<Left> all_;
    bool closing_ = false;
};

constexpr auto kBetweenQuestions = std::chrono::milliseconds(10);

} // namespace

void* Apart::keep(const Array& array, const void* values) {
    std::memcpy(array.copy.get(), values, array.bytes);
    arrays_.push_back(array);
    return array.copy.get();
}

bool Apart::run(const Interruptible& caller, std::function<void()> computation) {
    std::list<Left> own(1);
    auto& [thread, state] = own.front();
    state = std::make_shared<State>();
    auto& all_left = AllLeft::instance();
    // OpenMP counts threads by the thread that asks.
    const int threads = omp_get_max_threads();
    thread = std::thread([shared = state, arrays = arrays_, computation = std::move(computation), threads] {
        omp_set_num_threads(threads);
        computation();
        const std::lock_guard<std::mutex> lock(shared->mutex);
        shared->has_ended = true;
        shared->ended.notify_all();
    });
    {
        std::unique_lock<std::mutex> lock(state->mutex);
        const auto ended = [&shared = *state] { return shared.has_ended; };
        while (!state->ended.wait_for(lock, kBetweenQuestions, ended)) {
            lock.unlock();
            if (caller.is_over()) {
                all_left.add(own);
                return false;
            }
            lock.lock();
        }
    }
    thread.join();
    for (const auto& array : arrays_) {
        if (array.result != nullptr) {
            std::memcpy(array.result, array.copy.get(), array.bytes);
        }
    }
    return true;
}

} // namespace faissnet
