#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int32_t is_trained(const faissnet_index* index) {
    int32_t value = -1;
    OK(faissnet_index_is_trained(index, &value));
    return value;
}

/* What a monitor was told. */
typedef struct {
    int64_t calls, stop_at; /* stop_at 0: never */
    int64_t done[3], total[3], last_stage, bad, codes, after; /* codes: how often more was done in that stage; after: calls after its end */
} watch;

static int32_t report(void* context, int32_t stage, int64_t done, int64_t total) {
    watch* w = context;
    w->calls++;
    if (stage < FAISSNET_STAGE_TRANSFORM || stage > FAISSNET_STAGE_CODES) {
        w->bad++;
        return 0;
    }
    w->bad += stage < w->last_stage;                           /* transform, coarse, then codes */
    w->bad += done < w->done[stage];                           /* monotone */
    w->bad += done < 0 || done > total;                        /* within its bounds */
    w->bad += w->total[stage] != 0 && w->total[stage] != total; /* which stay */
    w->after += stage == FAISSNET_STAGE_CODES && done == total && w->done[stage] == total;
    w->codes += stage == FAISSNET_STAGE_CODES && done > w->done[stage];
    w->last_stage = stage;
    w->done[stage] = done;
    w->total[stage] = total;
    return w->stop_at != 0 && w->calls >= w->stop_at;
}

static faissnet_status train_watched(faissnet_index* index, int64_t n, const float* x, watch* w) {
    const faissnet_monitor monitor = {report, w};
    return faissnet_index_train(index, n, x, &monitor);
}

enum { MANY = 1000 };

static const float* many(void) {
    static float x[MANY * D];
    fill_uniform(x, MANY * D, 7);
    return x;
}

TEST(training, trains) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ2x2", "PQ4x4np", "SQ8", "IDMap,IVF8,Flat", "PCA4,Flat", "IVF8,PQ4x4np,RFlat", "IVF8_HNSW8,Flat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = create(kinds[i]);
        EQUAL(0, is_trained(index));
        OK(faissnet_index_train(index, N, whole(), NULL));
        EQUAL(1, is_trained(index));
        faissnet_index_free(index);
    }
}

TEST(training, of_the_trained_changes_nothing) {
    static results before, after;
    faissnet_index* index = filled("IVF8,Flat");
    search(index, 5, NULL, &before);
    OK(faissnet_index_train(index, MANY, many(), NULL));
    OK(faissnet_index_train(index, 0, NULL, NULL));
    EQUAL(N, ntotal(index));
    search(index, 5, NULL, &after);
    same_results(&before, &after, 5);
    faissnet_index_free(index);

    index = create("Flat");
    OK(faissnet_index_train(index, 0, NULL, NULL));
    OK(faissnet_index_train(index, 1, whole(), NULL));
    EQUAL(0, ntotal(index));
    faissnet_index_free(index);
}

/* As long as no vector was encoded with it, a training may be replaced; nothing of the first may stay. */
TEST(training, of_the_trained_but_empty_starts_anew) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4np", "PQ4x4np", "SQ8", "PCA4,Flat", "PCA4,IVF8,PQ2x4np", "IDMap,IVF8,SQ8", "IVF8,PQ4x4np,RFlat", "IMI2x3,PQ4x4np", "OPQ1,PQ4x4np", "ITQ4,Flat"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index *once = create(kinds[i]), *twice = create(kinds[i]);
        OK(faissnet_index_train(once, N, whole(), NULL));
        OK(faissnet_index_train(twice, MANY, many(), NULL));
        OK(faissnet_index_train(twice, N, whole(), NULL));
        OK(faissnet_index_train(twice, 0, NULL, NULL)); /* nothing to learn from: nothing forgotten */
        EQUAL(1, is_trained(twice));
        const bytes a = serialized(once), b = serialized(twice);
        if (!same_bytes(a, b)) test_fail(__FILE__, __LINE__, "%s differs", kinds[i]);

        /* cancelled the second time, it is as if it never was */
        watch w = {.stop_at = 2};
        const faissnet_status status = train_watched(twice, MANY, many(), &w);
        if (status != FAISSNET_OK) {
            EQUAL(FAISSNET_CANCELLED, status);
            EQUAL(0, is_trained(twice));
            OK(faissnet_index_train(twice, N, whole(), NULL));
            const bytes c = serialized(twice);
            if (!same_bytes(a, c)) test_fail(__FILE__, __LINE__, "%s differs after it was cancelled", kinds[i]);
            free(c.data);
        }
        free(a.data);
        free(b.data);
        faissnet_index_free(once);
        faissnet_index_free(twice);
    }
}

TEST(training, refuses) {
    faissnet_index *ivf = create("IVF8,Flat"), *pq = create("PQ4x4np");
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_train(NULL, N, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is -1", faissnet_index_train(ivf, -1, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 600", faissnet_index_train(ivf, N, NULL, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "memory", faissnet_index_train(ivf, INT64_MAX, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 0", faissnet_index_train(ivf, 0, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nlist = 8", faissnet_index_train(ivf, 7, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nbits = 4", faissnet_index_train(pq, 15, whole(), NULL));
    EQUAL(0, is_trained(ivf));
    EQUAL(0, is_trained(pq));
    OK(faissnet_index_train(ivf, 8, whole(), NULL));
    OK(faissnet_index_train(pq, 16, whole(), NULL));
    faissnet_index_free(ivf);
    faissnet_index_free(pq);

    static const char* const kinds[] = {"PCA4,Flat", "SQ8", "OPQ1,Flat", "RQ2x4", "PQ4x4", "IVF8,SQ8"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* index = create(kinds[i]);
        FAILS(FAISSNET_INVALID_ARGUMENT, "n is 0", faissnet_index_train(index, 0, whole(), NULL));
        EQUAL(0, is_trained(index));
        faissnet_index_free(index);
    }

    /* What a transform needs that is trained first. */
    faissnet_index* opq = create("OPQ1,Flat");
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 100: OPQ trains codebooks of 256 centroids", faissnet_index_train(opq, 100, whole(), NULL));
    EQUAL(0, is_trained(opq));
    OK(faissnet_index_train(opq, N, whole(), NULL));
    faissnet_index_free(opq);

    /* Of d = 8: 16 centroids, or as many principal components. */
    faissnet_index *residual = create("RQ2x4"), *coarse = create("RQ2x2");
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 15: training 16 centroids per codebook (nbits = 4)", faissnet_index_train(residual, 15, whole(), NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 7: a residual quantizer of d = 8", faissnet_index_train(coarse, 7, whole(), NULL));
    EQUAL(0, is_trained(residual));
    OK(faissnet_index_train(residual, 16, whole(), NULL));
    OK(faissnet_index_train(coarse, 8, whole(), NULL));
    faissnet_index_free(residual);
    faissnet_index_free(coarse);
    residual = create("RQ1x1_1x8"); /* 2 residuals of each vector for 256 centroids */
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 100: training 256 centroids per codebook (nbits = 8)", faissnet_index_train(residual, 100, whole(), NULL));
    OK(faissnet_index_train(residual, 128, whole(), NULL));
    faissnet_index_free(residual);
    residual = create("RQ3x4");
    OK(faissnet_index_set_option(residual, "train_type", 1 | 2));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 47: refining the 48 centroids", faissnet_index_train(residual, 47, whole(), NULL));
    OK(faissnet_index_train(residual, 48, whole(), NULL));
    faissnet_index_free(residual);

    faissnet_index* nsg = create("IVF8_NSG8,Flat");
    FAILS(FAISSNET_INVALID_ARGUMENT, "at least 100", faissnet_index_train(nsg, N, whole(), NULL));
    faissnet_index_free(nsg);
}

TEST(training, refuses_what_is_not_finite) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4np", "PQ4x4np"};
    const float poison[] = {NAN, INFINITY, -INFINITY};
    static float x[N * D];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_index* fresh = trained(kinds[i]);
        const bytes expected = serialized(fresh);
        faissnet_index* index = create(kinds[i]);
        for (int p = 0; p < 3; p++) {
            memcpy(x, whole(), sizeof x);
            x[N * D / 2] = poison[p];
            FAILS(FAISSNET_INVALID_ARGUMENT, "NaN", faissnet_index_train(index, N, x, NULL));
            EQUAL(0, is_trained(index));
        }
        OK(faissnet_index_train(index, N, whole(), NULL));
        const bytes actual = serialized(index);
        CHECK(same_bytes(expected, actual));
        free(expected.data);
        free(actual.data);
        faissnet_index_free(index);
        faissnet_index_free(fresh);
    }
}

/* Index types with the stages that a monitor sees in them. */
static const struct {
    const char* description;
    int coarse, codes, transform;
} watched[] = {
    {"OPQ2,IVF8,PQ4x4np", 1, 1, 1}, {"IDMap,OPQ2_4,PQ2x4np", 0, 1, 1}, {"IVF8,Flat", 1, 0, 0}, {"IVF8,PQ4x4np", 1, 1, 0}, {"IVF8,PQ2x2", 1, 1, 0}, {"PQ4x4np", 0, 1, 0}, {"IDMap,IVF8,PQ4x4np", 1, 1, 0},
    {"PCA4,IVF8,PQ2x4np", 1, 1, 0}, {"RR8,IVF8,PQ4x4np", 1, 1, 0}, {"IVF8,PQ4x4np,RFlat", 1, 1, 0}, {"IVF8_HNSW8,PQ4x4np", 1, 1, 0},
    {"IVF8,PQ4x4fs", 1, 1, 0}, {"PQ4x4fs", 0, 1, 0}, {"IVF8,SQ8", 1, 0, 0}, {"IMI2x3,PQ4x4np", 0, 1, 0}, {"IVF8,PQ1+1", 1, 1, 0},
    {"RQ2x3", 0, 1, 0}, {"IVF8,RQ2x2", 1, 1, 0}, {"PRQ2x2x2", 0, 1, 0}, {"LSQ2x3", 0, 1, 0}, {"IVF8,LSQ2x2", 1, 1, 0}, {"PLSQ2x2x2", 0, 1, 0},
    {"PCA4,RQ1x3,RFlat", 0, 1, 0}, {"IVF4,RQ2x4fs_Nrq2x4", 1, 1, 0}, {"IVF4,LSQ2x4fs_Nrq2x4", 1, 1, 0}};
enum { WATCHED = sizeof watched / sizeof *watched };

TEST(training, monitor_sees_each_stage_to_its_end) {
    for (int i = 0; i < WATCHED; i++) {
        watch w = {0};
        faissnet_index* index = create(watched[i].description);
        OK(train_watched(index, MANY, many(), &w));
        EQUAL(1, is_trained(index));
        EQUAL(0, w.bad);
        CHECK((w.total[FAISSNET_STAGE_COARSE] > 0) == watched[i].coarse);
        CHECK((w.total[FAISSNET_STAGE_CODES] > 0) == watched[i].codes);
        CHECK((w.total[FAISSNET_STAGE_TRANSFORM] > 0) == watched[i].transform);
        for (int stage = 0; stage <= 2; stage++) EQUAL(w.total[stage], w.done[stage]);
        CHECK(w.calls >= 1);
        faissnet_index_free(index);
    }
}

/* k-means ends early in newer versions of FAISS, when its objective stays as it was: soon, where all vectors are of few kinds. */
TEST(training, monitor_sees_the_end_of_an_early_stop) {
    static float x[MANY * D];
    for (int64_t i = 0; i < MANY; i++) {
        for (int j = 0; j < D; j++) x[i * D + j] = (float)((i % 40) * (j + 1) % 17);
    }
    watch w = {0};
    faissnet_index* index = create("IVF8,PQ4x2np");
    OK(train_watched(index, MANY, x, &w));
    EQUAL(0, w.bad);
    for (int stage = 1; stage <= 2; stage++) {
        CHECK(w.total[stage] > 0);
        EQUAL(w.total[stage], w.done[stage]);
    }
    faissnet_index_free(index);

    /* As many vectors as centroids: no iteration at all. */
    memset(&w, 0, sizeof w);
    index = create("PQ4x4np");
    OK(train_watched(index, 16, many(), &w));
    EQUAL(0, w.bad);
    EQUAL(w.total[FAISSNET_STAGE_CODES], w.done[FAISSNET_STAGE_CODES]);
    CHECK(w.total[FAISSNET_STAGE_CODES] > 0);
    faissnet_index_free(index);
}

TEST(training, totals_are_the_iterations) {
    watch w = {0};
    faissnet_index* index = create("IVF8,PQ4x4np");
    OK(train_watched(index, MANY, many(), &w));
    EQUAL(10, w.total[FAISSNET_STAGE_COARSE]);    /* FAISS's niter for coarse quantizers */
    EQUAL(4 * 25, w.total[FAISSNET_STAGE_CODES]); /* m times its niter otherwise */
    faissnet_index_free(index);

    memset(&w, 0, sizeof w);
    index = create("OPQ2,PQ2x4np");
    OK(train_watched(index, MANY, many(), &w));
    EQUAL(2 * (40 + 49 * 4), w.total[FAISSNET_STAGE_TRANSFORM]); /* m times niter_pq_0 once, and niter_pq in the other 49 turns */
    faissnet_index_free(index);

    static const struct {
        const char* description;
        int64_t total;
    } additive[] = {
        {"RQ3x2", 3 * 10 * 10},    /* codebooks, progressive_dim_steps of each, niter of these */
        {"PRQ2x3x2", 6 * 10 * 10}, /* the same for each part */
        {"LSQ3x2", 25},            /* train_iters, whatever the codebooks */
        {"PLSQ2x3x2", 2 * 25}};
    enum { CHUNKS = 25000 }; /* more than two of those in which FAISS encodes by local search */
    float* more = malloc(sizeof(float) * CHUNKS * D);
    fill_uniform(more, CHUNKS * D, 11);
    for (size_t i = 0; i < sizeof additive / sizeof *additive; i++) {
        memset(&w, 0, sizeof w);
        index = create(additive[i].description);
        OK(train_watched(index, MANY, many(), &w));
        EQUAL(additive[i].total, w.total[FAISSNET_STAGE_CODES]);
        CHECK(w.codes > additive[i].total / 2 && w.codes <= additive[i].total); /* k-means may end early */
        faissnet_index_free(index);
    }
    static const char* const local[] = {"LSQ3x2", "PLSQ2x3x2"};
    for (int i = 0; i < 2; i++) {
        memset(&w, 0, sizeof w);
        index = create(local[i]);
        OK(train_watched(index, CHUNKS, more, &w));
        EQUAL(25 * (i + 1), w.codes);
        faissnet_index_free(index);
    }
    free(more);
}

TEST(training, monitor_changes_no_byte) {
    for (int i = 0; i < WATCHED; i++) {
        for (int32_t metric = 0; metric <= 1; metric++) {
            if (metric == 0 && (strstr(watched[i].description, "IMI") || strstr(watched[i].description, "1+1") || strstr(watched[i].description, "_Nrq"))) continue; /* L2 alone */
            watch w = {0};
            faissnet_index *plain = create_with(D, watched[i].description, metric), *monitored = create_with(D, watched[i].description, metric);
            OK(faissnet_index_train(plain, MANY, many(), NULL));
            OK(train_watched(monitored, MANY, many(), &w));
            const bytes a = serialized(plain), b = serialized(monitored);
            if (!same_bytes(a, b)) test_fail(__FILE__, __LINE__, "%s, metric %d differs", watched[i].description, (int)metric);
            free(a.data);
            free(b.data);
            faissnet_index_free(plain);
            faissnet_index_free(monitored);
        }
    }
}

/* Enough vectors for more than one piece of an assignment. */
TEST(training, monitor_changes_no_byte_of_a_large_training) {
    enum { LARGE = 70000, SMALL_D = 4 };
    float* x = malloc(sizeof(float) * LARGE * SMALL_D);
    fill_uniform(x, (int64_t)LARGE * SMALL_D, 3);
    watch w = {0};
    faissnet_index *plain = create_with(SMALL_D, "IVF300,Flat", 1), *monitored = create_with(SMALL_D, "IVF300,Flat", 1);
    OK(faissnet_index_train(plain, LARGE, x, NULL));
    OK(train_watched(monitored, LARGE, x, &w));
    CHECK(w.calls > w.total[FAISSNET_STAGE_COARSE] * 2); /* asked within iterations too */
    const bytes a = serialized(plain), b = serialized(monitored);
    CHECK(same_bytes(a, b));
    free(a.data);
    free(b.data);
    free(x);
    faissnet_index_free(plain);
    faissnet_index_free(monitored);
}

TEST(training, cancelled_at_any_call_it_starts_anew) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4np", "PQ4x4np", "PCA4,IVF8,PQ2x4np", "IDMap,IVF8,PQ4x4np", "IMI2x3,PQ4x4np", "IVF8,PQ4x4np,RFlat"};
    static float other[N * D];
    fill_uniform(other, N * D, 99);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* never = create(kinds[k]);
        watch all = {0};
        OK(train_watched(never, N, whole(), &all));
        const bytes expected = serialized(never);
        faissnet_index* index = create(kinds[k]);
        for (int64_t stop = 1; stop <= all.calls; stop = stop < 3 ? stop + 1 : stop * 4) {
            /* on other vectors, so that nothing of the cancelled training may stay */
            watch w = {.stop_at = stop};
            const faissnet_status status = train_watched(index, N, other, &w);
            if (status == FAISSNET_OK) break; /* fewer calls than with whole() */
            EQUAL(FAISSNET_CANCELLED, status);
            CHECK(strstr(last_error(), "cancelled") != NULL);
            EQUAL(stop, w.calls);
            EQUAL(0, is_trained(index));
            float nearest;
            int64_t label;
            FAILS(FAISSNET_NOT_TRAINED, NULL, faissnet_index_search(index, 1, whole(), 1, NULL, &nearest, &label));

            OK(faissnet_index_train(index, N, whole(), NULL));
            EQUAL(1, is_trained(index));
            const bytes actual = serialized(index);
            if (!same_bytes(expected, actual)) {
                test_fail(__FILE__, __LINE__, "%s, cancelled at call %lld, differs", kinds[k], (long long)stop);
            }
            free(actual.data);
            faissnet_index_free(index);
            index = create(kinds[k]);
        }
        faissnet_index_free(index);
        faissnet_index_free(never);
        free(expected.data);
    }
}

/* OPQ's rotation starts from the matrix that it finds. */
TEST(training, cancelled_in_or_after_opq_it_starts_anew) {
    faissnet_index* never = create("OPQ1,IVF8,PQ4x4np");
    watch all = {0};
    OK(train_watched(never, N, whole(), &all));
    CHECK(all.total[FAISSNET_STAGE_TRANSFORM] > 0);
    const bytes expected = serialized(never);
    const int64_t stops[] = {1, 2, 100, all.calls - 2};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        faissnet_index* index = create("OPQ1,IVF8,PQ4x4np");
        watch w = {.stop_at = stops[i]};
        FAILS(FAISSNET_CANCELLED, "cancelled", train_watched(index, MANY, many(), &w));
        EQUAL(stops[i], w.calls);
        EQUAL(0, is_trained(index));
        OK(faissnet_index_train(index, N, whole(), NULL));
        const bytes actual = serialized(index);
        CHECK(same_bytes(expected, actual));
        free(actual.data);
        faissnet_index_free(index);
    }
    free(expected.data);
    faissnet_index_free(never);
}

/* An HNSW graph draws its levels on from where it stopped, so that its bytes differ; its centroids must not. */
TEST(training, cancelled_with_an_hnsw_quantizer_it_starts_anew) {
    static results expected, actual;
    faissnet_index *never = filled("IVF8_HNSW8,Flat"), *index = create("IVF8_HNSW8,Flat");
    watch w = {.stop_at = 5};
    FAILS(FAISSNET_CANCELLED, "cancelled", train_watched(index, MANY, many(), &w));
    OK(faissnet_index_train(index, N, whole(), NULL));
    OK(faissnet_index_add(index, N, whole()));
    const faissnet_search_parameters two = {.nprobe = 2};
    search(never, 5, &two, &expected);
    search(index, 5, &two, &actual);
    same_results(&expected, &actual, 5);
    faissnet_index_free(never);
    faissnet_index_free(index);
}

static faissnet_index* create_wide(int32_t d, const char* description, const char* option, double value) {
    faissnet_index* index = create_with(d, description, FAISSNET_METRIC_L2);
    if (option != NULL) OK(faissnet_index_set_option(index, option, value));
    return index;
}

/* What FAISS does between, or without, iterations of k-means: products of matrices, decompositions, local searches, encoding, annealing. */
TEST(training, stopped_where_nothing_iterates_it_starts_anew) {
    int64_t capabilities;
    OK(faissnet_capabilities(&capabilities));
    const int stops_algebra = (capabilities & FAISSNET_CAPABILITY_STOPPABLE_ALGEBRA) != 0;
    enum { WIDE = 256, LONG = 5000 };
    static const struct {
        const char* description;
        int64_t n; /* local searches ask in any case, products where many operations were made */
        const char* option;
        double value;
    } kinds[] = {{"PCA64,Flat", LONG, NULL, 0}, {"OPQ4_8,Flat", 1000, NULL, 0}, {"ITQ64,Flat", LONG, NULL, 0}, {"RQ2x6", 2000, NULL, 0},
                 {"PRQ2x2x4", 2000, NULL, 0}, {"IVF8,RQ2x4", 2000, NULL, 0}, {"LSQ2x4", 300, NULL, 0}, {"PLSQ2x2x4", 300, NULL, 0},
                 {"IVF8,LSQ2x4", 300, NULL, 0}, {"IVF8,PQ2+2", LONG, NULL, 0}, {"PQ4x4", 300, "do_polysemous_training", 1},
                 {"IVF8,PQ2x4", 300, "do_polysemous_training", 1}, {"RQ2x6", 2000, "train_type", 1 | 2 /* progressive_dim, refine_codebook */}};
    float* x = malloc(sizeof(float) * LONG * WIDE);
    fill_uniform(x, (int64_t)LONG * WIDE, 5);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        const char* const description = kinds[k].description;
        const char* const option = kinds[k].option;
        const double value = kinds[k].value;
        const int64_t n = kinds[k].n;
        if (!stops_algebra && (strncmp(description, "PCA", 3) == 0 || strncmp(description, "ITQ", 3) == 0)) continue;
        faissnet_index *plain = create_wide(WIDE, description, option, value), *monitored = create_wide(WIDE, description, option, value);
        watch all = {0};
        OK(faissnet_index_train(plain, n, x, NULL));
        OK(train_watched(monitored, n, x, &all));
        EQUAL(0, all.bad);
        /* Annealing and least squares come after the last k-means. Where one of these ends early (in newer versions of FAISS), that does not show. */
        if (stops_algebra && option != NULL && all.codes == all.total[FAISSNET_STAGE_CODES]) CHECK(all.after > 0);
        const bytes expected = serialized(monitored), unwatched = serialized(plain);
        /* FAISS encodes by another of its routines where OPQ's assignment is watched: what is a near tie may be decided otherwise. */
        if (strncmp(description, "OPQ", 3) != 0 && !same_bytes(expected, unwatched)) test_fail(__FILE__, __LINE__, "%s with a monitor differs", description);
        free(unwatched.data);
        faissnet_index_free(monitored);
        faissnet_index_free(plain);

        /* The first is asked before it begins. During decompositions the questions come by the clock, so that there may be fewer the next time;
         * and the end of a stage is only told. */
        CHECK(all.calls >= 2);
        const int64_t stops[] = {2, all.calls / 2, all.calls};
        for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
            faissnet_index* index = create_wide(WIDE, description, option, value);
            watch w = {.stop_at = stops[i]};
            const faissnet_status status = train_watched(index, n, x, &w);
            if (status == FAISSNET_OK && i > 0 && w.calls <= stops[i]) {
                faissnet_index_free(index);
                continue;
            }
            EQUAL(FAISSNET_CANCELLED, status);
            CHECK(strstr(last_error(), "cancelled") != NULL);
            EQUAL(0, is_trained(index));
            watch on = {0};
            OK(train_watched(index, n, x, &on));
            const bytes actual = serialized(index);
            if (!same_bytes(expected, actual)) test_fail(__FILE__, __LINE__, "%s, stopped at call %lld, differs", description, (long long)stops[i]);
            free(actual.data);
            faissnet_index_free(index);
        }
        free(expected.data);
    }
    free(x);
}

/* Residuals of more than 32 MiB are fetched from the system with questions. Without principal components, whose decomposition asks by the clock. */
TEST(training, large_blocks_are_fetched_in_parts) {
    int64_t capabilities;
    OK(faissnet_capabilities(&capabilities));
    if ((capabilities & FAISSNET_CAPABILITY_STOPPABLE_ALGEBRA) == 0) test_skip("FAISS is not linked in, or not over OpenBLAS");
    enum { WIDE = 784, SMALL = 10600, LARGE = 11000 }; /* 33.2 and 34.5 MB: below and above */
    float* x = malloc(sizeof(float) * LARGE * WIDE);
    fill_uniform(x, (int64_t)LARGE * WIDE, 5);
    int64_t calls[2];
    for (int i = 0; i < 2; i++) {
        faissnet_index* index = create_wide(WIDE, "RQ1x2", "train_type", 0);
        watch all = {0};
        OK(train_watched(index, i == 0 ? SMALL : LARGE, x, &all));
        calls[i] = all.calls;
        faissnet_index_free(index);
    }
    CHECK(calls[1] >= calls[0] + 8);
    for (int64_t stop = 2; stop < calls[1]; stop += calls[1] / 5) {
        faissnet_index* index = create_wide(WIDE, "RQ1x2", "train_type", 0);
        watch w = {.stop_at = stop};
        FAILS(FAISSNET_CANCELLED, "cancelled", train_watched(index, LARGE, x, &w));
        EQUAL(stop, w.calls);
        EQUAL(0, is_trained(index));
        faissnet_index_free(index);
    }
    free(x);
}

/* Asked how often until the first iteration has ended, where it stops. */
static int32_t count_first_iteration(void* context, int32_t stage, int64_t done, int64_t total) {
    (void)total;
    if (stage == FAISSNET_STAGE_CODES && done > 0) return 1;
    ++*(int64_t*)context;
    return 0;
}

/* The variance of each component is a first pass over all vectors. Nothing could stop FAISS's own, which goes by columns. */
TEST(training, first_pass_of_local_searches_is_made_in_parts) {
    int64_t capabilities;
    OK(faissnet_capabilities(&capabilities));
    if ((capabilities & FAISSNET_CAPABILITY_STOPPABLE_ALGEBRA) == 0) test_skip("FAISS is not linked in, or not over OpenBLAS");
    enum { WIDE = 256, NARROW = WIDE / 4, LARGE = 1 << 17, PARTS = 4 }; /* of 2^23 components, if there are WIDE */
    float* x = malloc(sizeof(float) * LARGE * WIDE);
    fill_uniform(x, (int64_t)LARGE * WIDE, 5);
    static const struct {
        const char* description;
        int64_t more; /* than for NARROW: for each part two, of the means and of the variances, in a product one for each 4 MiB of its first halves, and
                         one in the products of matrices, which have four times as many operations */
    } kinds[] = {{"LSQ2x2", 2 * (PARTS - 1) + 1}, {"PLSQ2x2x2", 2 * (PARTS / 2 - 1) + 64 / 4 + 1}};
    for (int i = 0; i < 2; i++) {
        int64_t calls[2] = {0, 0};
        for (int wide = 0; wide < 2; wide++) {
            faissnet_index* index = create_wide(wide ? WIDE : NARROW, kinds[i].description, "train_ils_iters", 1);
            const faissnet_monitor monitor = {count_first_iteration, &calls[wide]};
            FAILS(FAISSNET_CANCELLED, "cancelled", faissnet_index_train(index, LARGE, x, &monitor));
            EQUAL(0, is_trained(index));
            faissnet_index_free(index);
        }
        EQUAL(kinds[i].more, calls[1] - calls[0]);
    }
    free(x);
}

/* One bit of a variance would change which of two codes about as near is chosen for some of so many vectors. Their number is no multiple of four, which
 * FAISS's loop treats apart, and the temperatures are not those of 25 iterations. */
TEST(training, monitor_changes_no_byte_of_a_long_local_search) {
    enum { WIDE = 16, LARGE = 30003 };
    float* x = malloc(sizeof(float) * LARGE * WIDE);
    fill_uniform(x, (int64_t)LARGE * WIDE, 5);
    static const char* const kinds[] = {"LSQ4x4", "PLSQ2x2x4", "IVF4,LSQ4x4"};
    for (int i = 0; i < 3; i++) {
        bytes trained[2];
        for (int monitored = 0; monitored < 2; monitored++) {
            faissnet_index* index = create_wide(WIDE, kinds[i], "train_iters", 80);
            OK(faissnet_index_set_option(index, "train_ils_iters", 1));
            watch w = {0};
            if (monitored) OK(train_watched(index, LARGE, x, &w));
            else OK(faissnet_index_train(index, LARGE, x, NULL));
            trained[monitored] = serialized(index);
            faissnet_index_free(index);
        }
        if (!same_bytes(trained[0], trained[1])) test_fail(__FILE__, __LINE__, "%s with a monitor differs", kinds[i]);
        free(trained[0].data);
        free(trained[1].data);
    }
    free(x);
}

/* Centroids of just 32 MiB: k-means copies the vectors, and what it learnt is copied once more. */
TEST(training, stopped_at_any_call_large_centroids_are_all_there_or_none) {
    enum { WIDE = 8192, LISTS = 1024 };
    float* x = malloc(sizeof(float) * LISTS * WIDE);
    fill_uniform(x, (int64_t)LISTS * WIDE, 5);
    watch all = {0};
    faissnet_index* index = create_with(WIDE, "IVF1024,Flat", FAISSNET_METRIC_L2);
    OK(train_watched(index, LISTS, x, &all));
    faissnet_index_free(index);
    for (int64_t stop = 1; stop <= all.calls; stop++) {
        index = create_with(WIDE, "IVF1024,Flat", FAISSNET_METRIC_L2);
        watch w = {.stop_at = stop};
        const faissnet_status status = train_watched(index, LISTS, x, &w);
        EQUAL(status == FAISSNET_OK, is_trained(index));
        if (status != FAISSNET_OK) {
            EQUAL(FAISSNET_CANCELLED, status);
            OK(faissnet_index_train(index, LISTS, x, NULL));
        }
        float nearest;
        int64_t label;
        OK(faissnet_index_add(index, 1, x));
        OK(faissnet_index_search(index, 1, x, 1, NULL, &nearest, &label));
        EQUAL(0, label);
        faissnet_index_free(index);
    }
    free(x);
}

/* Products that are made in parts, and decompositions that take long. */
TEST(training, large_products_are_made_in_parts) {
    enum { WIDE = 784, LONG = 10400, FEW = 60, K = 3 };
    static const struct {
        const char* description;
        int64_t n;
    } kinds[] = {{"PCA784,IVF1,Flat", LONG}, {"RR784,Flat", 100}};
    float* x = malloc(sizeof(float) * LONG * WIDE);
    fill_uniform(x, (int64_t)LONG * WIDE, 5);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        watch all = {0}, third = {.stop_at = 3};
        faissnet_index *plain = create_with(WIDE, kinds[k].description, FAISSNET_METRIC_L2), *monitored = create_with(WIDE, kinds[k].description, FAISSNET_METRIC_L2);
        const faissnet_status status = train_watched(monitored, kinds[k].n, x, &third);
        if (status != FAISSNET_OK || third.calls > 3) { /* it may have been faster than the clock */
            EQUAL(FAISSNET_CANCELLED, status);
            EQUAL(0, is_trained(monitored));
        }
        OK(faissnet_index_train(plain, kinds[k].n, x, NULL));
        OK(train_watched(monitored, kinds[k].n, x, &all));
        OK(faissnet_index_add(plain, FEW, x));
        OK(faissnet_index_add(monitored, FEW, x));
        float expected[FEW * K], actual[FEW * K];
        int64_t expected_labels[FEW * K], actual_labels[FEW * K];
        OK(faissnet_index_search(plain, FEW, x, K, NULL, expected, expected_labels));
        OK(faissnet_index_search(monitored, FEW, x, K, NULL, actual, actual_labels));
        for (int i = 0; i < FEW * K; i++) {
            EQUAL(expected_labels[i], actual_labels[i]);
            CHECK(fabs(expected[i] - actual[i]) <= 1e-3 * (1 + fabs(expected[i])));
        }
        faissnet_index_free(plain);
        faissnet_index_free(monitored);
    }
    free(x);
}

TEST(training, monitor_without_a_function) {
    const faissnet_monitor none = {NULL, NULL};
    faissnet_index* index = create("IVF8,Flat");
    OK(faissnet_index_train(index, N, whole(), &none));
    EQUAL(1, is_trained(index));
    faissnet_index_free(index);
}

/* The monitor's context is what the caller gave, and it is called on the caller's thread. */
static _Thread_local int on_this_thread;

static int32_t check_thread(void* context, int32_t stage, int64_t done, int64_t total) {
    (void)stage, (void)done, (void)total;
    *(int64_t*)context += on_this_thread ? 0 : 1;
    return 0;
}

TEST(training, monitor_runs_on_the_calling_thread) {
    int64_t elsewhere = 0;
    const faissnet_monitor monitor = {check_thread, &elsewhere};
    faissnet_index* index = create("IVF8,PQ4x4np");
    on_this_thread = 1;
    OK(faissnet_index_train(index, MANY, many(), &monitor));
    EQUAL(0, elsewhere);
    faissnet_index_free(index);
}
