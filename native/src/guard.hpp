// The one door through which every call enters: nothing thrown behind it gets out.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <utility>

#include <faiss/impl/FaissException.h>

#include "faissnet.h"

namespace faissnet {

// An error whose status is known where it is found.
class Error : public std::exception {
   public:
    Error(faissnet_status status, std::string message) : status_(status), message_(std::move(message)) {}
    faissnet_status status() const noexcept {
        return status_;
    }
    const char* what() const noexcept override {
        return message_.c_str();
    }

   private:
    faissnet_status status_;
    std::string message_;
};

[[noreturn]] void fail(faissnet_status status, const char* format, ...) __attribute__((format(printf, 2, 3)));

inline void require(bool condition, const char* message) {
    if (!condition) {
        fail(FAISSNET_INVALID_ARGUMENT, "%s", message);
    }
}

// Keeps this thread's message until its next call.
faissnet_status record(faissnet_status status, const char* message) noexcept;
faissnet_status record_faiss(const char* what) noexcept;
void clear_error() noexcept;

// OpenMP keeps its thread count per calling thread; this makes ours hold on whichever thread calls.
void apply_thread_count() noexcept;

template <typename Body>
faissnet_status guard(Body&& body) noexcept {
    clear_error();
    try {
        apply_thread_count();
        std::forward<Body>(body)();
        return FAISSNET_OK;
    } catch (const Error& error) {
        return record(error.status(), error.what());
    } catch (const std::bad_alloc&) {
        return record(FAISSNET_OUT_OF_MEMORY, "not enough memory for this call");
    } catch (const faiss::FaissException& error) {
        return record_faiss(error.what());
    } catch (const std::exception& error) {
        return record(FAISSNET_UNKNOWN, error.what());
    } catch (...) {
        return record(FAISSNET_UNKNOWN, "an exception of no known type");
    }
}

// Copies a text out under the header's rule for texts.
void copy_text(const std::string& text, char* buffer, int64_t capacity, int64_t* length);

} // namespace faissnet
