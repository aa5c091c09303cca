// A computation that cannot be stopped, on a thread of its own, so that its caller can leave it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

#include "interruption.hpp"

namespace faissnet {

class Apart {
   public:
    // A copy of so many values that the computation may use after its caller has left. What can be changed is changed if the caller waits.
    template <typename T>
    std::remove_const_t<T>* copy(T* values, size_t count) {
        Array array{nullptr, count * sizeof(T), std::shared_ptr<char[]>(new char[count * sizeof(T)])};
        if constexpr (!std::is_const_v<T>) {
            array.result = values;
        }
        return static_cast<std::remove_const_t<T>*>(keep(array, values));
    }

    // Waits for the computation, or leaves it, if the caller's call is over; then nothing was changed. Answers whether it waited.
    bool run(const Interruptible& caller, std::function<void()> computation);

   private:
    struct Array {
        void* result;
        size_t bytes;
        std::shared_ptr<char[]> copy;
    };

    void* keep(const Array& array, const void* values);

    std::vector<Array> arrays_;
};

} // namespace faissnet
