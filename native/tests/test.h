/* A test is TEST(group, name) { … }; main.c finds it by itself. A failed check ends its test (in a helper thread: that
 * thread) after saying where, what was expected and what the library said last. */
#ifndef FAISSNET_TEST_H
#define FAISSNET_TEST_H

#include <faissnet.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TEST(group, name)                                                              \
    static void test_##group##_##name(void);                                           \
    __attribute__((constructor)) static void register_##group##_##name(void) {         \
        test_register(#group "." #name, test_##group##_##name);                        \
    }                                                                                  \
    static void test_##group##_##name(void)

void test_register(const char* name, void (*run)(void));

/* These do not come back. */
_Noreturn void test_fail(const char* file, int line, const char* format, ...) __attribute__((format(printf, 3, 4)));
_Noreturn void test_skip(const char* reason);

#define CHECK(condition)                                                               \
    do {                                                                               \
        if (!(condition)) test_fail(__FILE__, __LINE__, "%s", #condition);             \
    } while (0)

#define EQUAL(expected, actual)                                                        \
    do {                                                                               \
        const int64_t expected_ = (expected), actual_ = (actual);                      \
        if (expected_ != actual_)                                                      \
            test_fail(__FILE__, __LINE__, "%s is %lld, expected %lld", #actual,        \
                      (long long)actual_, (long long)expected_);                       \
    } while (0)

#define SAME_TEXT(expected, actual)                                                    \
    do {                                                                               \
        const char *expected_ = (expected), *actual_ = (actual);                       \
        if (strcmp(expected_, actual_) != 0)                                           \
            test_fail(__FILE__, __LINE__, "%s is \"%s\", expected \"%s\"", #actual,    \
                      actual_, expected_);                                             \
    } while (0)

#define OK(call) test_status(__FILE__, __LINE__, #call, (call), FAISSNET_OK, NULL)

/* The call answers the status and leaves a message with the part in it. */
#define FAILS(status, part, call) test_status(__FILE__, __LINE__, #call, (call), (status), (part))

void test_status(const char* file, int line, const char* call, faissnet_status actual, faissnet_status expected, const char* part);

/* The message of the last call on this thread. Static memory, one per thread. */
const char* last_error(void);

/* ---- Data that is the same on every run ---- */

enum { D = 8, N = 600, NLIST = 8 };

/* Whole numbers 0 … 9: their distances are exact in float32. */
void fill_whole(float* x, int64_t count, uint64_t seed);

/* Uniform in [0, 1). */
void fill_uniform(float* x, int64_t count, uint64_t seed);

/* N + 40 vectors of D whole numbers; the last 40 serve as queries. */
const float* whole(void);
#define QUERIES (whole() + N * D)
enum { NQ = 40 };

double distance(const float* a, const float* b, int d, int32_t metric); /* squared L2, or inner product */

/* ---- Shorthands; whatever goes wrong in them fails the test ---- */

faissnet_index* create(const char* description);                             /* D, L2 */
faissnet_index* create_with(int d, const char* description, int32_t metric); /* no training */
faissnet_index* trained(const char* description);                            /* trained on whole(), empty */
faissnet_index* filled(const char* description);                             /* N vectors of whole(), ids 0 … N - 1 */

int64_t ntotal(const faissnet_index* index);
int64_t live(void);
int faiss_at_least(int major, int minor);

typedef struct {
    float distances[NQ * 64];
    int64_t labels[NQ * 64];
} results;

/* All queries, k <= 64. */
void search(const faissnet_index* index, int64_t k, const faissnet_search_parameters* parameters, results* found);
void same_results(const results* expected, const results* actual, int64_t k);

/* ---- An index as bytes ---- */

typedef struct {
    char* data;
    int64_t size, capacity;
} bytes;

void append(bytes* to, const void* data, int64_t size);
bytes serialized(const faissnet_index* index);
faissnet_index* deserialized(bytes from);
int same_bytes(bytes a, bytes b);

/* A read callback over bytes; chunk 0: as much as asked for. */
typedef struct {
    bytes from;
    int64_t position, chunk;
} reader;
int64_t read_bytes(void* context, void* buffer, int64_t size);
int32_t write_bytes(void* context, const void* buffer, int64_t size); /* context: bytes* */

#endif
