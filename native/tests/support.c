#include "test.h"

#include <stdio.h>
#include <stdlib.h>

void test_status(const char* file, int line, const char* call, faissnet_status actual, faissnet_status expected, const char* part) {
    if (actual != expected) {
        test_fail(file, line, "%s answered %d, expected %d; last error: \"%s\"", call, (int)actual, (int)expected, last_error());
    }
    if (expected == FAISSNET_OK && *last_error() != '\0') {
        test_fail(file, line, "%s succeeded and left the message \"%s\"", call, last_error());
    }
    if (part != NULL && strstr(last_error(), part) == NULL) {
        test_fail(file, line, "%s says \"%s\", expected \"%s\" in it", call, last_error(), part);
    }
}

const char* last_error(void) {
    static _Thread_local char message[4096];
    int64_t length = -1;
    if (faissnet_last_error(message, sizeof message, &length) != FAISSNET_OK || length < 0) {
        strcpy(message, "(faissnet_last_error failed)");
    }
    return message;
}

static uint64_t next(uint64_t* state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state >> 11;
}

void fill_whole(float* x, int64_t count, uint64_t seed) {
    uint64_t state = seed * 2654435769u + 1;
    for (int64_t i = 0; i < count; i++) x[i] = (float)(next(&state) % 10);
}

void fill_uniform(float* x, int64_t count, uint64_t seed) {
    uint64_t state = seed * 2654435769u + 1;
    for (int64_t i = 0; i < count; i++) x[i] = (float)(next(&state) % (1 << 24)) / (1 << 24);
}

/* Filled before main, so that no two threads race for it. */
static float whole_data[(N + NQ) * D];
__attribute__((constructor)) static void fill_data(void) {
    fill_whole(whole_data, (N + NQ) * D, 42);
}

const float* whole(void) {
    return whole_data;
}

double distance(const float* a, const float* b, int d, int32_t metric) {
    double sum = 0;
    for (int i = 0; i < d; i++) {
        const double difference = (double)a[i] - b[i];
        sum += metric == FAISSNET_METRIC_L2 ? difference * difference : (double)a[i] * b[i];
    }
    return sum;
}

faissnet_index* create_with(int d, const char* description, int32_t metric) {
    faissnet_index* index = NULL;
    OK(faissnet_index_factory(d, description, metric, &index));
    CHECK(index != NULL);
    return index;
}

faissnet_index* create(const char* description) {
    return create_with(D, description, FAISSNET_METRIC_L2);
}

faissnet_index* trained(const char* description) {
    faissnet_index* index = create(description);
    OK(faissnet_index_train(index, N, whole(), NULL));
    return index;
}

faissnet_index* filled(const char* description) {
    faissnet_index* index = trained(description);
    if (strstr(description, "IDMap") != NULL) {
        int64_t ids[N];
        for (int i = 0; i < N; i++) ids[i] = i;
        OK(faissnet_index_add_with_ids(index, N, whole(), ids));
    } else {
        OK(faissnet_index_add(index, N, whole()));
    }
    EQUAL(N, ntotal(index));
    return index;
}

int64_t ntotal(const faissnet_index* index) {
    int64_t count = -1;
    OK(faissnet_index_ntotal(index, &count));
    return count;
}

int64_t live(void) {
    int64_t count = -1;
    OK(faissnet_live_handles(&count));
    return count;
}

int faiss_at_least(int major, int minor) {
    char text[32];
    int64_t length;
    int has_major = 0, has_minor = 0;
    OK(faissnet_faiss_version(text, sizeof text, &length));
    CHECK(sscanf(text, "%d.%d", &has_major, &has_minor) == 2);
    return has_major > major || (has_major == major && has_minor >= minor);
}

void search(const faissnet_index* index, int64_t k, const faissnet_search_parameters* parameters, results* found) {
    CHECK(k <= 64);
    memset(found, 0x7f, sizeof *found);
    OK(faissnet_index_search(index, NQ, QUERIES, k, parameters, found->distances, found->labels));
}

void same_results(const results* expected, const results* actual, int64_t k) {
    for (int64_t i = 0; i < NQ * k; i++) {
        if (expected->labels[i] != actual->labels[i] || expected->distances[i] != actual->distances[i]) {
            test_fail(__FILE__, __LINE__, "query %lld, place %lld: %lld at %g, expected %lld at %g", (long long)(i / k),
                      (long long)(i % k), (long long)actual->labels[i], actual->distances[i],
                      (long long)expected->labels[i], expected->distances[i]);
        }
    }
}

void append(bytes* to, const void* data, int64_t size) {
    if (to->size + size > to->capacity) {
        to->capacity = 2 * (to->size + size);
        to->data = realloc(to->data, (size_t)to->capacity);
        CHECK(to->data != NULL);
    }
    memcpy(to->data + to->size, data, (size_t)size);
    to->size += size;
}

int32_t write_bytes(void* context, const void* buffer, int64_t size) {
    append(context, buffer, size);
    return 0;
}

int64_t read_bytes(void* context, void* buffer, int64_t size) {
    reader* r = context;
    int64_t count = r->from.size - r->position;
    if (count > size) count = size;
    if (r->chunk > 0 && count > r->chunk) count = r->chunk;
    memcpy(buffer, r->from.data + r->position, (size_t)count);
    r->position += count;
    return count;
}

bytes serialized(const faissnet_index* index) {
    bytes to = {0};
    OK(faissnet_index_write(index, write_bytes, &to));
    return to;
}

faissnet_index* deserialized(bytes from) {
    faissnet_index* index = NULL;
    reader r = {from, 0, 0};
    OK(faissnet_index_read(read_bytes, &r, &index));
    CHECK(index != NULL);
    return index;
}

int same_bytes(bytes a, bytes b) {
    return a.size == b.size && memcmp(a.data, b.data, (size_t)a.size) == 0;
}
