// What the parts of the C++ side share.
#pragma once

#include <time.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace peer {

// Cache lines at the same places as on the other side: where an array begins is not what is measured.
template <typename T>
class Aligned {
   public:
    explicit Aligned(size_t size) : size_(size), storage_(size * sizeof(T) + kLine) {
        const auto address = reinterpret_cast<uintptr_t>(storage_.data());
        data_ = reinterpret_cast<T*>((address + kLine - 1) / kLine * kLine);
    }
    T* data() {
        return data_;
    }
    const T* data() const {
        return data_;
    }
    size_t size() const {
        return size_;
    }
    size_t bytes() const {
        return size_ * sizeof(T);
    }

   private:
    static constexpr size_t kLine = 64;
    size_t size_;
    std::vector<char> storage_;
    T* data_;
};

// Row-major vectors.
struct Vectors {
    int64_t n;
    int64_t d;
    Aligned<float> values;

    Vectors(int64_t count, int64_t dimension, const std::string& path)
            : n(count), d(dimension), values(static_cast<size_t>(count * dimension)) {
        std::ifstream file(path, std::ios::binary);
        if (!file.read(reinterpret_cast<char*>(values.data()), static_cast<std::streamsize>(values.bytes()))) {
            throw std::runtime_error("the file holds too few vectors: " + path);
        }
    }
};

inline double seconds(clockid_t clock) {
    timespec now;
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Wall and CPU seconds since it was made.
class Stopwatch {
   public:
    std::string elapsed() const {
        const double wall = seconds(CLOCK_MONOTONIC) - wall_, cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_;
        return "ok\t" + std::to_string(wall) + "\t" + std::to_string(cpu);
    }

   private:
    double wall_ = seconds(CLOCK_MONOTONIC);
    double cpu_ = seconds(CLOCK_THREAD_CPUTIME_ID);
};

template <typename T>
T read(std::istringstream& request) {
    T value;
    if (!(request >> value)) {
        throw std::runtime_error("the request lacks a value: " + request.str());
    }
    return value;
}

inline std::string rest(std::istringstream& request) {
    std::string path;
    std::getline(request >> std::ws, path);
    return path;
}

inline void write(const std::string& path, const void* data, size_t bytes, bool append = false) {
    std::ofstream file(path, append ? std::ios::binary | std::ios::app : std::ios::binary);
    if (!file.write(static_cast<const char*>(data), static_cast<std::streamsize>(bytes)).flush()) {
        throw std::runtime_error("the file cannot be written: " + path);
    }
}

} // namespace peer
