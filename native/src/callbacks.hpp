// The caller's stream, as FAISS reads and writes.
#pragma once

#include <faiss/impl/io.h>

#include "guard.hpp"

namespace faissnet {

class CallbackReader : public faiss::IOReader {
   public:
    CallbackReader(faissnet_read_fn read, void* context) : read_(read), context_(context) {
        name = "the caller's stream";
    }

    size_t operator()(void* buffer, size_t size, size_t count) override {
        if (size == 0 || count == 0) {
            return 0;
        }
        const size_t wanted = size * count;
        size_t done = 0;
        while (done < wanted) {
            const int64_t got = read_(context_, static_cast<char*>(buffer) + done, static_cast<int64_t>(wanted - done));
            if (got < 0) {
                fail(FAISSNET_IO, "the read callback failed");
            }
            if (got > static_cast<int64_t>(wanted - done)) {
                fail(FAISSNET_IO, "the read callback returned %lld bytes where %zu were asked for", static_cast<long long>(got), wanted - done);
            }
            if (got == 0) {
                break;
            }
            done += static_cast<size_t>(got);
        }
        return done / size;
    }

   private:
    faissnet_read_fn read_;
    void* context_;
};

class CallbackWriter : public faiss::IOWriter {
   public:
    CallbackWriter(faissnet_write_fn write, void* context) : write_(write), context_(context) {
        name = "the caller's stream";
    }

    size_t operator()(const void* buffer, size_t size, size_t count) override {
        if (size != 0 && count != 0 && write_(context_, buffer, static_cast<int64_t>(size * count)) != 0) {
            fail(FAISSNET_IO, "the write callback failed");
        }
        return count;
    }

   private:
    faissnet_write_fn write_;
    void* context_;
};

// The message as FAISS means it, under a status that it does not know.
[[noreturn]] inline void rethrow_as(faissnet_status status, const char* what) {
    record_faiss(what);
    char message[1024];
    int64_t length = 0;
    faissnet_last_error(message, sizeof message, &length);
    throw Error(status, message);
}

} // namespace faissnet
