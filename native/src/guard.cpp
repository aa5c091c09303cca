#include "guard.hpp"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

namespace faissnet {
namespace {

// A fixed buffer: reporting "out of memory" must not itself need memory.
constexpr size_t kMessageCapacity = 2048;
thread_local char last_message[kMessageCapacity];

// Cuts between UTF-8 characters, never inside one.
size_t cut(const char* text, size_t length, size_t capacity) noexcept {
    if (length < capacity) {
        return length;
    }
    size_t end = capacity - 1;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) {
        end--;
    }
    return end;
}

bool contains(const char* text, const char* part) noexcept {
    return std::strstr(text, part) != nullptr;
}

// FAISS says "Error in <function> at <file>:<line>: Error: '<condition>' failed: <message>".
// A user can act on the message; the rest is left only where there is nothing more.
const char* readable(const char* what) noexcept {
    if (const char* failed = std::strstr(what, "' failed: "); failed != nullptr && failed[10] != '\0') {
        return failed + 10;
    }
    if (const char* condition = std::strstr(what, ": Error: '"); condition != nullptr) {
        return condition + 2;
    }
    if (std::strncmp(what, "Error in ", 9) == 0) {
        if (const char* at = std::strstr(what, " at "); at != nullptr) {
            if (const char* message = std::strstr(at, ": "); message != nullptr && message[2] != '\0') {
                return message + 2;
            }
        }
    }
    return what;
}

} // namespace

void fail(faissnet_status status, const char* format, ...) {
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    throw Error(status, message);
}

faissnet_status record(faissnet_status status, const char* message) noexcept {
    const size_t length = cut(message, std::strlen(message), kMessageCapacity);
    std::memmove(last_message, message, length);
    last_message[length] = '\0';
    return status;
}

faissnet_status record_faiss(const char* what) noexcept {
    // FAISS has one exception for everything: these texts are how it says "this type does not do that".
    const bool unsupported = contains(what, "not implemented") || contains(what, "not supported") ||
            contains(what, "does not support") || contains(what, "is not honored") || contains(what, "don't know how to");
    // What k-means says of its input.
    const bool invalid = contains(what, "input contains NaN") || contains(what, "Number of training points");
    const bool out_of_memory = contains(what, "bad_alloc");
    return record(
            out_of_memory     ? FAISSNET_OUT_OF_MEMORY
                    : unsupported ? FAISSNET_UNSUPPORTED
                    : invalid     ? FAISSNET_INVALID_ARGUMENT
                                  : FAISSNET_UNKNOWN,
            readable(what));
}

void clear_error() noexcept {
    last_message[0] = '\0';
}

void copy_text(const std::string& text, char* buffer, int64_t capacity, int64_t* length) {
    require(length != nullptr, "length must not be NULL");
    require(capacity == 0 || (capacity > 0 && buffer != nullptr), "buffer must hold capacity bytes");
    *length = static_cast<int64_t>(text.size());
    if (capacity > 0) {
        const size_t end = cut(text.data(), text.size(), static_cast<size_t>(capacity));
        std::memcpy(buffer, text.data(), end);
        buffer[end] = '\0';
    }
}

} // namespace faissnet

// The one call that must not clear what it reports, and so does not pass through guard().
faissnet_status faissnet_last_error(char* buffer, int64_t capacity, int64_t* length) {
    if (length == nullptr || capacity < 0 || (capacity > 0 && buffer == nullptr)) {
        return FAISSNET_INVALID_ARGUMENT;
    }
    const char* message = faissnet::last_message;
    const size_t size = std::strlen(message);
    *length = static_cast<int64_t>(size);
    if (capacity > 0) {
        const size_t end = faissnet::cut(message, size, static_cast<size_t>(capacity));
        std::memcpy(buffer, message, end);
        buffer[end] = '\0';
    }
    return FAISSNET_OK;
}
