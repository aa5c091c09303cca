#define _POSIX_C_SOURCE 200809L
#include "test.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 4 };

static void in_threads(void* (*run)(void*), void* shared) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run, shared) == 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

static void* alone(void* (*run)(void*), void* argument) {
    pthread_t thread;
    void* result = NULL;
    CHECK(pthread_create(&thread, NULL, run, argument) == 0);
    pthread_join(thread, &result);
    return result;
}

static void* thread_count(void* result) {
    OK(faissnet_get_thread_count(result));
    return NULL;
}

static void* set_three(void* nothing) {
    (void)nothing;
    OK(faissnet_set_thread_count(3));
    return NULL;
}

TEST(threads, the_thread_count_is_one_for_all) {
    int32_t count = -1;
    OK(faissnet_set_thread_count(2));
    alone(thread_count, &count);
    EQUAL(2, count);
    alone(set_three, NULL);
    OK(faissnet_get_thread_count(&count));
    EQUAL(3, count);
    alone(thread_count, &count);
    EQUAL(3, count);
}

/* A thread that had its count set keeps up with later settings. */
static pthread_barrier_t barrier;

static void* follows(void* nothing) {
    (void)nothing;
    for (int32_t count = 1; count <= 4; count++) {
        int32_t seen = -1;
        pthread_barrier_wait(&barrier);
        OK(faissnet_get_thread_count(&seen));
        EQUAL(count, seen);
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

TEST(threads, an_old_thread_sees_a_new_count) {
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    CHECK(pthread_create(&thread, NULL, follows, NULL) == 0);
    for (int32_t count = 1; count <= 4; count++) {
        OK(faissnet_set_thread_count(count));
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
    }
    pthread_join(thread, NULL);
    pthread_barrier_destroy(&barrier);
}

static void* fails_with_bits(void* nothing) {
    (void)nothing;
    SAME_TEXT("", last_error()); /* not that of the other thread */
    FAILS(FAISSNET_INVALID_ARGUMENT, "bits", faissnet_capabilities(NULL));
    return NULL;
}

TEST(threads, each_has_its_own_last_error) {
    FAILS(FAISSNET_INVALID_ARGUMENT, "version", faissnet_abi_version(NULL));
    alone(fails_with_bits, NULL);
    CHECK(strstr(last_error(), "version") != NULL);
}

typedef struct {
    const faissnet_index* index;
    int32_t thread_count;
    results plain, with_parameters;
} searched;

/* Searches at once share the threads, by which BLAS divides its sums: the last bits may differ, unless there is one thread alone. */
static void same_but_for_rounding(const searched* by, const results* expected, const results* actual) {
    if (by->thread_count == 1) {
        same_results(expected, actual, 5);
        return;
    }
    for (int i = 0; i < NQ * 5; i++) {
        EQUAL(expected->labels[i], actual->labels[i]);
        CHECK(fabsf(expected->distances[i] - actual->distances[i]) <= 1e-4f * (1 + fabsf(expected->distances[i])));
    }
}

static void* searches(void* argument) {
    const searched* expected = argument;
    const faissnet_search_parameters three = {.nprobe = 3};
    results* found = malloc(sizeof *found);
    for (int i = 0; i < 5; i++) {
        search(expected->index, 5, NULL, found);
        same_but_for_rounding(expected, &expected->plain, found);
        search(expected->index, 5, &three, found);
        same_but_for_rounding(expected, &expected->with_parameters, found);
    }
    free(found);
    return NULL;
}

TEST(threads, search_at_once) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,IVF8,PQ4x4np", "IVF8,PQ4x4np,RFlat"};
    static searched expected;
    for (int32_t count = 1; count <= 2; count++) {
        OK(faissnet_set_thread_count(count));
        for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            const faissnet_search_parameters three = {.nprobe = 3};
            faissnet_index* index = filled(kinds[i]);
            expected.index = index;
            expected.thread_count = count;
            search(index, 5, NULL, &expected.plain);
            search(index, 5, &three, &expected.with_parameters);
            in_threads(searches, &expected);
            faissnet_index_free(index);
        }
    }
}

static void* reconstructs(void* index) {
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < N; i++) {
        float vector[D];
        OK(faissnet_index_reconstruct(index, i, vector));
        CHECK(memcmp(vector, whole() + i * D, sizeof vector) == 0);
    }
    FAILS(FAISSNET_NOT_FOUND, "600", faissnet_index_reconstruct(index, N, (float[D]){0}));
    return NULL;
}

/* The first of them builds the table of all. */
TEST(threads, reconstruct_first_at_once) {
    static const char* const kinds[] = {"IVF8,Flat", "IDMap,Flat", "IDMap,IVF8,Flat"};
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        for (int again = 0; again < 5; again++) {
            faissnet_index* index = filled(kinds[i]);
            in_threads(reconstructs, index);
            faissnet_index_free(index);
        }
    }
    pthread_barrier_destroy(&barrier);
}

static void* reads_everything(void* argument) {
    const faissnet_index* index = argument;
    for (int i = 0; i < 5; i++) {
        int64_t sizes[NLIST];
        faissnet_range_result* hits;
        faissnet_index* copy;
        OK(faissnet_index_list_sizes(index, NLIST, sizes));
        EQUAL(N, ntotal(index));
        OK(faissnet_index_range_search(index, NQ, QUERIES, 50, NULL, &hits));
        OK(faissnet_index_clone(index, &copy));
        const bytes data = serialized(index), copied = serialized(copy);
        CHECK(same_bytes(data, copied));
        free(data.data);
        free(copied.data);
        faissnet_index_free(copy);
        faissnet_range_result_free(hits);
    }
    return NULL;
}

TEST(threads, all_that_reads_at_once) {
    const int64_t start = live();
    faissnet_index* index = filled("IVF8,Flat");
    in_threads(reads_everything, index);
    faissnet_index_free(index);
    EQUAL(start, live());
}

static void* whole_life(void* nothing) {
    (void)nothing;
    for (int i = 0; i < 3; i++) {
        float distances[1];
        int64_t labels[1];
        faissnet_index* index = filled("IVF8,Flat");
        OK(faissnet_index_search(index, 1, whole() + 5 * D, 1, NULL, distances, labels));
        CHECK(distances[0] == 0);
        faissnet_index_free(index);
    }
    return NULL;
}

TEST(threads, an_index_each) {
    const int64_t start = live();
    in_threads(whole_life, NULL);
    EQUAL(start, live());
}

/* Flat indexes larger than a cache, and more callers than processors: some wait, and are answered together. */
enum { LARGE_D = 64, LARGE_N = 70000, MOST_K = 20, ASKED = 12 };

typedef struct {
    faissnet_index* index;
    float distances[ASKED][MOST_K];
    int64_t labels[ASKED][MOST_K];
} asked_alone;

static asked_alone large[3];
static float large_queries[ASKED][LARGE_D];

typedef struct {
    pthread_t thread;
    int number;
    int64_t as_alone;
} asker;

static int processors(void) {
    const long all = sysconf(_SC_NPROCESSORS_ONLN);
    return (int)(all < 1 ? 1 : all > 100 ? 100 : all);
}

/* Others have another k, other queries or another index. */
static void* asks(void* argument) {
    asker* self = argument;
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < 8; i++) {
        const int query = (self->number + i) % ASKED;
        const int64_t k = (self->number + i) % 3 == 0 ? 1 : MOST_K;
        const asked_alone* expected = &large[self->number % 3];
        float distances[MOST_K];
        int64_t labels[MOST_K];
        OK(faissnet_index_search(expected->index, 1, large_queries[query], k, NULL, distances, labels));
        /* The distances of k = 1 are the first of those of more; whom of several at the same distance FAISS keeps depends on k. */
        CHECK(memcmp(expected->distances[query], distances, k * sizeof *distances) == 0);
        CHECK(k == 1 || memcmp(expected->labels[query], labels, k * sizeof *labels) == 0);
        self->as_alone++;
    }
    return NULL;
}

TEST(threads, single_queries_of_large_indexes_at_once) {
    static const struct {
        const char* description;
        int32_t metric;
    } kinds[] = {{"Flat", FAISSNET_METRIC_L2}, {"Flat", FAISSNET_METRIC_INNER_PRODUCT}, {"IDMap,Flat", FAISSNET_METRIC_L2}};
    float* vectors = malloc(LARGE_N * LARGE_D * sizeof *vectors);
    int64_t* ids = malloc(LARGE_N * sizeof *ids);
    int32_t before;
    OK(faissnet_get_thread_count(&before));
    OK(faissnet_set_thread_count(1)); /* later FAISS divides one query among threads, and then keeps others of those at the same distance */
    fill_whole(large_queries[0], ASKED * LARGE_D, 6);
    for (int i = 0; i < 3; i++) {
        fill_whole(vectors, LARGE_N * LARGE_D, 7 + i);
        large[i].index = create_with(LARGE_D, kinds[i].description, kinds[i].metric);
        if (i == 2) {
            for (int64_t j = 0; j < LARGE_N; j++) ids[j] = 1000000 - j;
            OK(faissnet_index_add_with_ids(large[i].index, LARGE_N, vectors, ids));
        } else {
            OK(faissnet_index_add(large[i].index, LARGE_N, vectors));
        }
        for (int query = 0; query < ASKED; query++) {
            float* distances = large[i].distances[query];
            int64_t* labels = large[i].labels[query];
            OK(faissnet_index_search(large[i].index, 1, large_queries[query], MOST_K, NULL, distances, labels));
            for (int j = 0; j < MOST_K; j++) {
                const int64_t position = i == 2 ? 1000000 - labels[j] : labels[j];
                CHECK(position >= 0 && position < LARGE_N);
                CHECK(distances[j] == distance(large_queries[query], vectors + position * LARGE_D, LARGE_D, kinds[i].metric));
            }
        }
    }

    const int callers = 10 + processors();
    asker* askers = calloc(callers, sizeof *askers);
    pthread_barrier_init(&barrier, NULL, callers);
    for (int i = 0; i < callers; i++) {
        askers[i].number = i;
        CHECK(pthread_create(&askers[i].thread, NULL, asks, &askers[i]) == 0);
    }
    for (int i = 0; i < callers; i++) pthread_join(askers[i].thread, NULL);
    for (int i = 0; i < callers; i++) EQUAL(8, askers[i].as_alone);
    pthread_barrier_destroy(&barrier);
    for (int i = 0; i < 3; i++) faissnet_index_free(large[i].index);
    OK(faissnet_set_thread_count(before));
    free(askers);
    free(ids);
    free(vectors);
}

/* The same of several queries a call: FAISS compares few one after another and multiplies many at once. */
enum { WIDE_D = 1024, WIDE_N = 4200, FEW = 5, MANY = 130, BATCH_K = 10, STARTS = 3, CALLS = 6 };

typedef struct {
    faissnet_index* index;
    struct {
        float distances[MANY * BATCH_K];
        int64_t labels[MANY * BATCH_K];
    } found[2][STARTS]; /* of FEW and of MANY queries, by the first of them */
} batches_alone;

static batches_alone wide[3];
static float wide_queries[(MANY + STARTS) * WIDE_D];
static int32_t is_over; /* what one call in three is given */

typedef struct {
    pthread_t thread;
    int number;
    int64_t answered, cancelled;
} batch_asker;

static void* asks_batches(void* argument) {
    batch_asker* self = argument;
    float distances[MANY * BATCH_K];
    int64_t labels[MANY * BATCH_K];
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < CALLS; i++) {
        const int turn = self->number + i, many = turn % 4 != 0, first = turn % STARTS, n = many ? MANY : FEW;
        const batches_alone* expected = &wide[self->number % 4 % 3];
        const faissnet_search_parameters given = {.cancelled = turn % 3 == 0 ? &is_over : NULL};
        const faissnet_status status = faissnet_index_search(
            expected->index, n, wide_queries + first * WIDE_D, BATCH_K, turn % 2 == 0 ? NULL : &given, distances, labels);
        if (status == FAISSNET_CANCELLED) {
            CHECK(turn % 3 == 0 && turn % 2 != 0 && strstr(last_error(), "cancelled") != NULL);
            self->cancelled++;
            continue;
        }
        EQUAL(FAISSNET_OK, status);
        CHECK(memcmp(expected->found[many][first].distances, distances, n * BATCH_K * sizeof *distances) == 0);
        CHECK(memcmp(expected->found[many][first].labels, labels, n * BATCH_K * sizeof *labels) == 0);
        self->answered++;
    }
    return NULL;
}

static void ask_batches(int cancels) {
    const int callers = 10 + processors();
    batch_asker* askers = calloc(callers, sizeof *askers);
    int64_t answered = 0, cancelled = 0;
    is_over = 0;
    pthread_barrier_init(&barrier, NULL, callers);
    for (int i = 0; i < callers; i++) {
        askers[i].number = i;
        CHECK(pthread_create(&askers[i].thread, NULL, asks_batches, &askers[i]) == 0);
    }
    if (cancels) {
        const struct timespec soon = {.tv_nsec = 100000000};
        nanosleep(&soon, NULL);
        __atomic_store_n(&is_over, 1, __ATOMIC_RELAXED);
    }
    for (int i = 0; i < callers; i++) {
        pthread_join(askers[i].thread, NULL);
        answered += askers[i].answered;
        cancelled += askers[i].cancelled;
    }
    EQUAL(CALLS * callers, answered + cancelled);
    CHECK(cancels || cancelled == 0);
    pthread_barrier_destroy(&barrier);
    free(askers);
}

/* With one thread to each, others do not change the last bit. With more they may, but not of whole numbers, whose sums are exact. */
TEST(threads, batches_of_large_indexes_at_once) {
    static const struct {
        const char* description;
        int32_t metric;
    } kinds[] = {{"Flat", FAISSNET_METRIC_L2}, {"Flat", FAISSNET_METRIC_INNER_PRODUCT}, {"IDMap,Flat", FAISSNET_METRIC_L2}};
    float* vectors = malloc(WIDE_N * WIDE_D * sizeof *vectors);
    int64_t* ids = malloc(WIDE_N * sizeof *ids);
    int32_t before;
    OK(faissnet_get_thread_count(&before));
    for (int32_t threads = 1; threads <= 2; threads++) {
        void (*fill)(float*, int64_t, uint64_t) = threads == 1 ? fill_uniform : fill_whole;
        OK(faissnet_set_thread_count(threads));
        fill(wide_queries, (MANY + STARTS) * WIDE_D, 6);
        for (int i = 0; i < 3; i++) {
            fill(vectors, WIDE_N * WIDE_D, 7 + i);
            faissnet_index* index = wide[i].index = create_with(WIDE_D, kinds[i].description, kinds[i].metric);
            if (i == 2) {
                for (int64_t j = 0; j < WIDE_N; j++) ids[j] = 1000000 - j;
                OK(faissnet_index_add_with_ids(index, WIDE_N, vectors, ids));
            } else {
                OK(faissnet_index_add(index, WIDE_N, vectors));
            }
            for (int many = 0; many < 2; many++) {
                for (int first = 0; first < STARTS; first++) {
                    float* distances = wide[i].found[many][first].distances;
                    int64_t* labels = wide[i].found[many][first].labels;
                    OK(faissnet_index_search(index, many ? MANY : FEW, wide_queries + first * WIDE_D, BATCH_K, NULL, distances, labels));
                    const int64_t nearest = i == 2 ? 1000000 - labels[0] : labels[0];
                    const double exact = distance(wide_queries + first * WIDE_D, vectors + nearest * WIDE_D, WIDE_D, kinds[i].metric);
                    CHECK(fabs(distances[0] - exact) <= (threads == 1 ? 1e-4 * exact : 0));
                }
            }
        }
        ask_batches(0);
        ask_batches(1);
        for (int i = 0; i < 3; i++) faissnet_index_free(wide[i].index);
    }
    OK(faissnet_set_thread_count(before));
    free(ids);
    free(vectors);
}

typedef struct {
    pthread_t thread;
    faissnet_index* index;
    const float* queries;
    int64_t is_done;
} holder;

enum { HELD = 6000 };

static void* holds_the_line(void* argument) {
    holder* self = argument;
    float* distances = malloc(HELD * sizeof *distances);
    int64_t* labels = malloc(HELD * sizeof *labels);
    OK(faissnet_index_search(self->index, HELD, self->queries, 1, NULL, distances, labels));
    __atomic_store_n(&self->is_done, 1, __ATOMIC_RELAXED);
    free(labels);
    free(distances);
    return NULL;
}

/* All processors are at others' searches, and who waits for them does not want to any longer. */
TEST(threads, who_waits_can_be_cancelled) {
    float* vectors = malloc(HELD * WIDE_D * sizeof *vectors);
    fill_whole(vectors, HELD * WIDE_D, 5);
    faissnet_index* index = create_with(WIDE_D, "Flat", FAISSNET_METRIC_L2);
    OK(faissnet_index_add(index, HELD, vectors));
    const int holders = processors();
    holder* all = calloc(holders, sizeof *all);
    for (int i = 0; i < holders; i++) {
        all[i].index = index;
        all[i].queries = vectors;
        CHECK(pthread_create(&all[i].thread, NULL, holds_the_line, &all[i]) == 0);
    }
    const struct timespec soon = {.tv_nsec = 100000000};
    nanosleep(&soon, NULL);

    const int32_t set = 1;
    const faissnet_search_parameters given = {.cancelled = &set};
    float distances[MANY];
    int64_t labels[MANY];
    FAILS(FAISSNET_CANCELLED, "waited", faissnet_index_search(index, 1, vectors, 1, &given, distances, labels));
    FAILS(FAISSNET_CANCELLED, "waited", faissnet_index_search(index, MANY, vectors, 1, &given, distances, labels));
    /* They left the line: what they waited for has not come to its end yet. */
    int64_t done = 0;
    for (int i = 0; i < holders; i++) done += __atomic_load_n(&all[i].is_done, __ATOMIC_RELAXED);
    CHECK(done < holders);

    for (int i = 0; i < holders; i++) pthread_join(all[i].thread, NULL);
    for (int i = 0; i < holders; i++) EQUAL(1, all[i].is_done);
    /* The line has forgotten who left it. */
    OK(faissnet_index_search(index, 1, vectors, 1, &given, distances, labels));
    EQUAL(0, labels[0]);
    faissnet_index_free(index);
    free(all);
    free(vectors);
}

/* FAISS keeps one table of times for all local search quantizers of the process, and empties and fills it without a lock. */
static void* trains_lsq(void* nothing) {
    (void)nothing;
    static const char* const kinds[] = {"LSQ2x4", "IVF4,LSQ2x4"};
    for (int i = 0; i < 20; i++) {
        faissnet_index* index = create(kinds[i % 2]);
        OK(faissnet_index_train(index, 100, whole(), NULL));
        for (int j = 0; j < 50; j++) OK(faissnet_index_add(index, 1, whole() + j * D));
        int64_t size = 0;
        OK(faissnet_index_encoded_size(index, &size));
        uint8_t* codes = malloc(size);
        for (int j = 0; j < 50; j++) OK(faissnet_index_encode(index, 1, whole() + j * D, codes));
        free(codes);
        faissnet_index_free(index);
    }
    return NULL;
}

TEST(threads, local_search_quantizers_at_once) {
    OK(faissnet_set_thread_count(1));
    in_threads(trains_lsq, NULL);
}
