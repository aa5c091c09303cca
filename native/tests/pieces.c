/* The parts of FAISS that stand for themselves. */
#include "test.h"

#include <math.h>
#include <stdlib.h>

enum { K = 8, DSUB = 2, M = D / DSUB };

TEST(pieces, clustering_is_that_of_an_index) {
    faissnet_index* index = trained("IVF8,Flat");
    float expected[K * D], centroids[K * D];
    OK(faissnet_index_get_coarse_centroids(index, K * D, expected));
    const faissnet_clustering_parameters parameters = {.niter = 10, .seed = 1234};
    faissnet_iteration_stats stats[10];
    int64_t iterations = -1;
    OK(faissnet_clustering_train(D, K, FAISSNET_METRIC_L2, &parameters, N, whole(), NULL, 0, centroids, NULL, stats, 10, &iterations));
    CHECK(memcmp(expected, centroids, sizeof expected) == 0);
    EQUAL(10, iterations);
    double objective = 0;
    for (int i = 1; i < 10; i++) CHECK(stats[i].objective <= stats[i - 1].objective);
    /* the objective is of the centroids that an iteration begins with; one more iteration changes little */
    for (int i = 0; i < N; i++) {
        double nearest = HUGE_VAL;
        for (int k = 0; k < K; k++) nearest = fmin(nearest, distance(whole() + i * D, centroids + k * D, D, FAISSNET_METRIC_L2));
        objective += nearest;
    }
    CHECK(objective <= stats[9].objective * 1.0001 && objective > stats[9].objective * 0.9);
    faissnet_index_free(index);
}

TEST(pieces, clustering_with_weights_and_first_centroids) {
    /* two heaps, one of which weighs nearly nothing */
    float x[200 * 2];
    float weights[200], centroids[2] = {0, 0};
    for (int i = 0; i < 200; i++) {
        x[2 * i] = i < 100 ? 1 : 9;
        x[2 * i + 1] = 0;
        weights[i] = i < 100 ? 0.3f : 0.1f;
    }
    const faissnet_clustering_parameters parameters = {.niter = 3, .seed = 1};
    int64_t iterations;
    OK(faissnet_clustering_train(2, 1, FAISSNET_METRIC_L2, &parameters, 200, x, weights, 1, centroids, NULL, NULL, 0, &iterations));
    CHECK(fabsf(centroids[0] - 3) < 1e-4f && centroids[1] == 0);
    float two[4] = {100, 0, 50, 0};
    OK(faissnet_clustering_train(2, 2, FAISSNET_METRIC_L2, &parameters, 200, x, NULL, 2, two, NULL, NULL, 0, &iterations));
    CHECK(fminf(two[0], two[2]) > 0.9f && fmaxf(two[0], two[2]) < 9.1f);
    const faissnet_clustering_parameters frozen = {.niter = 3, .seed = 1, .frozen_centroids = 1};
    if (faiss_at_least(1, 15)) {
        OK(faissnet_clustering_train(2, 2, FAISSNET_METRIC_L2, &frozen, 200, x, NULL, 1, two, NULL, NULL, 0, &iterations));
    } else if (!faiss_at_least(1, 14)) {
        FAILS(FAISSNET_UNSUPPORTED, "frozen", faissnet_clustering_train(2, 2, FAISSNET_METRIC_L2, &frozen, 200, x, NULL, 1, two, NULL, NULL, 0, &iterations));
    }
}

static int32_t stop(void* context, int32_t stage, int64_t done, int64_t total) {
    (void)stage;
    (void)total;
    return done >= *(int64_t*)context;
}

TEST(pieces, clustering_refuses_and_stops) {
    float centroids[K * D];
    float weights[N] = {0};
    int64_t iterations, at = 3;
    const faissnet_monitor monitor = {stop, &at};
    const faissnet_clustering_parameters init = {.initialization = 3};
    FAILS(FAISSNET_CANCELLED, "cancelled", faissnet_clustering_train(D, K, 1, NULL, N, whole(), NULL, 0, centroids, &monitor, NULL, 0, &iterations));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 7", faissnet_clustering_train(D, K, 1, NULL, 7, whole(), NULL, 0, centroids, NULL, NULL, 0, &iterations));
    FAILS(FAISSNET_INVALID_ARGUMENT, "k is 0", faissnet_clustering_train(D, 0, 1, NULL, N, whole(), NULL, 0, centroids, NULL, NULL, 0, &iterations));
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric is 2", faissnet_clustering_train(D, K, 2, NULL, N, whole(), NULL, 0, centroids, NULL, NULL, 0, &iterations));
    FAILS(FAISSNET_INVALID_ARGUMENT, "weights[0]", faissnet_clustering_train(D, K, 1, NULL, N, whole(), weights, 0, centroids, NULL, NULL, 0, &iterations));
    FAILS(FAISSNET_INVALID_ARGUMENT, "given is 9", faissnet_clustering_train(D, K, 1, NULL, N, whole(), NULL, 9, centroids, NULL, NULL, 0, &iterations));
    FAILS(FAISSNET_INVALID_ARGUMENT, "initialization", faissnet_clustering_train(D, K, 1, &init, N, whole(), NULL, 0, centroids, NULL, NULL, 0, &iterations));
}

TEST(pieces, product_quantizer_is_that_of_an_index) {
    faissnet_index* index = trained("PQ4x4np");
    faissnet_pq *pq = NULL, *copy = NULL;
    float expected[16 * D], centroids[16 * D], vectors[4 * D], decoded[4 * D], tables[4 * M * 16];
    uint8_t codes[4 * 2], index_codes[4 * 2];
    OK(faissnet_pq_new(D, M, 4, &pq));
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_pq_encode(pq, 1, whole(), codes));
    OK(faissnet_pq_train(pq, N, whole(), &(faissnet_clustering_parameters){.seed = 1234}, NULL));
    OK(faissnet_index_get_codebooks(index, 16 * D, expected));
    OK(faissnet_pq_get_centroids(pq, 16 * D, centroids));
    CHECK(memcmp(expected, centroids, sizeof expected) == 0);

    OK(faissnet_pq_encode(pq, 4, whole(), codes));
    OK(faissnet_index_encode(index, 4, whole(), index_codes));
    CHECK(memcmp(index_codes, codes, sizeof codes) == 0);
    OK(faissnet_pq_new(D, M, 4, &copy));
    OK(faissnet_pq_set_centroids(copy, 16 * D, centroids));
    OK(faissnet_pq_decode(copy, 4, codes, decoded));
    OK(faissnet_index_decode(index, 4, codes, vectors));
    CHECK(memcmp(vectors, decoded, sizeof decoded) == 0);
    for (int ip = 0; ip < 2; ip++) {
        OK(faissnet_pq_tables(copy, 4, whole(), ip, tables));
        for (int i = 0; i < 4 * M * 16; i++) {
            const int v = i / (M * 16), m = i / 16 % M, c = i % 16;
            const double wanted = distance(whole() + v * D + m * DSUB, centroids + (m * 16 + c) * DSUB, DSUB, ip ? FAISSNET_METRIC_INNER_PRODUCT : FAISSNET_METRIC_L2);
            CHECK(fabs(wanted - tables[i]) < 1e-3);
        }
    }
    float symmetric[M * 16 * 16];
    OK(faissnet_pq_symmetric_table(copy, M * 16 * 16, symmetric));
    for (int i = 0; i < M * 16 * 16; i++) {
        const int m = i / 256, one = i / 16 % 16, other = i % 16;
        const double wanted = distance(centroids + (m * 16 + one) * DSUB, centroids + (m * 16 + other) * DSUB, DSUB, FAISSNET_METRIC_L2);
        CHECK(fabs(wanted - symmetric[i]) < 1e-3);
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 5", faissnet_pq_symmetric_table(copy, 5, symmetric));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 15", faissnet_pq_train(pq, 15, whole(), NULL, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "n is 3", faissnet_pq_set_centroids(pq, 3, centroids));
    FAILS(FAISSNET_INVALID_ARGUMENT, "m is 3", faissnet_pq_new(D, 3, 8, &copy));
    FAILS(FAISSNET_INVALID_ARGUMENT, "nbits is 17", faissnet_pq_new(D, 4, 17, &copy));
    faissnet_pq_free(pq);
    faissnet_pq_free(copy);
    faissnet_index_free(index);
}

/* Types with ranges: the middle of a step; 16-bit floats and bytes: the numbers themselves. */
TEST(pieces, a_scalar_quantizer_trains_encodes_and_decodes) {
    static const struct {
        int32_t qtype, bits;
        int64_t trained;
    } kinds[] = {{0, 8, 2 * D}, {1, 4, 2 * D}, {2, 8, 2}, {3, 4, 2}, {4, 16, 0}, {5, 8, 0}, {6, 6, 2 * D}};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_sq *sq = NULL, *copy = NULL;
        OK(faissnet_sq_new(D, kinds[i].qtype, &sq));
        int64_t size = 0, count = -1;
        int32_t bits = 0;
        OK(faissnet_sq_code_size(sq, &size, &bits));
        EQUAL(kinds[i].bits, bits);
        EQUAL((D * bits + 7) / 8, size);
        uint8_t codes[10 * D * 2];
        uint8_t of_copy[10 * D * 2];
        float ranges[2 * D], decoded[10 * D];
        if (kinds[i].trained > 0) FAILS(FAISSNET_NOT_TRAINED, "train", faissnet_sq_encode(sq, 10, whole(), codes));
        OK(faissnet_sq_train(sq, 0, 0, N, whole()));
        OK(faissnet_sq_get_trained(sq, 0, NULL, &count));
        EQUAL(kinds[i].trained, count);
        OK(faissnet_sq_get_trained(sq, count, ranges, &count));
        OK(faissnet_sq_encode(sq, 10, whole(), codes));
        OK(faissnet_sq_decode(sq, 10, codes, decoded));
        for (int j = 0; j < 10 * D; j++) {
            const float width = count == 0 ? 0 : count == 2 ? ranges[1] : ranges[D + j % D];
            CHECK(fabsf(decoded[j] - whole()[j]) <= width / ((1 << bits) - 1) + 1e-6f);
        }
        OK(faissnet_sq_new(D, kinds[i].qtype, &copy));
        OK(faissnet_sq_set_trained(copy, count, ranges));
        OK(faissnet_sq_encode(copy, 10, whole(), of_copy));
        EQUAL(0, memcmp(codes, of_copy, (size_t)(10 * size)));
        FAILS(FAISSNET_INVALID_ARGUMENT, "count is 1", faissnet_sq_set_trained(copy, 1, ranges));
        FAILS(FAISSNET_INVALID_ARGUMENT, "rangestat is 4", faissnet_sq_train(sq, 4, 0, N, whole()));
        FAILS(FAISSNET_INVALID_ARGUMENT, "rangestat_arg", faissnet_sq_train(sq, 0, 1e7f, N, whole()));
        FAILS(FAISSNET_INVALID_ARGUMENT, "n is 0", faissnet_sq_train(sq, 0, 0, 0, whole()));
        faissnet_sq_free(copy);
        faissnet_sq_free(sq);
    }
    faissnet_sq* none = NULL;
    FAILS(FAISSNET_INVALID_ARGUMENT, "qtype is 99", faissnet_sq_new(D, 99, &none));
    FAILS(FAISSNET_INVALID_ARGUMENT, "d is 0", faissnet_sq_new(0, 0, &none));
    if (!faiss_at_least(1, 9)) FAILS(FAISSNET_UNSUPPORTED, "no scalar quantizer", faissnet_sq_new(D, 7, &none));
}

/* What one index learnt serves another. */
TEST(pieces, trained_state_moves) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4np", "PQ4x4np", "IDMap,IVF8,PQ4x4np"};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        faissnet_index *index = filled(kinds[kind]), *other = create(kinds[kind]);
        float coarse[K * D], codebooks[16 * D];
        if (strstr(kinds[kind], "IVF") != NULL) {
            OK(faissnet_index_get_coarse_centroids(index, K * D, coarse));
            if (strstr(kinds[kind], "PQ") != NULL) {
                FAILS(FAISSNET_NOT_TRAINED, "coarse", faissnet_index_set_codebooks(other, 16 * D, codebooks));
            }
            OK(faissnet_index_set_coarse_centroids(other, K * D, coarse));
        }
        int32_t is_trained;
        OK(faissnet_index_is_trained(other, &is_trained));
        EQUAL(strstr(kinds[kind], "PQ") == NULL, is_trained);
        if (strstr(kinds[kind], "PQ") != NULL) {
            OK(faissnet_index_get_codebooks(index, 16 * D, codebooks));
            OK(faissnet_index_set_codebooks(other, 16 * D, codebooks));
        }
        int64_t ids[N];
        for (int i = 0; i < N; i++) ids[i] = i;
        if (kind == 3) {
            OK(faissnet_index_add_with_ids(other, N, whole(), ids));
        } else {
            OK(faissnet_index_add(other, N, whole()));
        }
        static results expected, actual;
        search(index, 5, NULL, &expected);
        search(other, 5, NULL, &actual);
        same_results(&expected, &actual, 5);
        if (kind == 0) FAILS(FAISSNET_INVALID_ARGUMENT, "reset", faissnet_index_set_coarse_centroids(other, K * D, coarse));
        faissnet_index_free(index);
        faissnet_index_free(other);
    }
    faissnet_index* flat = create("Flat");
    float none[1];
    FAILS(FAISSNET_UNSUPPORTED, "IVF", faissnet_index_get_coarse_centroids(flat, 1, none));
    FAILS(FAISSNET_UNSUPPORTED, "product quantizer", faissnet_index_get_codebooks(flat, 1, none));
    faissnet_index_free(flat);
}

static faissnet_transform* transform(int32_t kind, int32_t d_in, int32_t d_out, double argument) {
    faissnet_transform* made = NULL;
    OK(faissnet_transform_new(kind, d_in, d_out, argument, &made));
    int32_t is, in, out;
    OK(faissnet_transform_kind(made, &is));
    OK(faissnet_transform_d(made, &in, &out));
    CHECK(is == kind && in == d_in && out == d_out);
    return made;
}

TEST(pieces, transforms_train_apply_reverse_and_are_written) {
    static const struct {
        int32_t kind, d_out;
        double argument;
        int reverses; /* 1: to what was given, as far as no dimension is dropped */
    } kinds[] = {
        {FAISSNET_TRANSFORM_RANDOM_ROTATION, D, 0, 1}, {FAISSNET_TRANSFORM_PCA, D, 0, 1},    {FAISSNET_TRANSFORM_PCA, 4, 0, 0},
        {FAISSNET_TRANSFORM_ITQ_MATRIX, D, 0, 1},      {FAISSNET_TRANSFORM_ITQ, 4, 1, -1},   {FAISSNET_TRANSFORM_OPQ, D, 4, 1},
        {FAISSNET_TRANSFORM_OPQ, 4, 2, 0},             {FAISSNET_TRANSFORM_REMAP, 12, 1, 1}, {FAISSNET_TRANSFORM_NORMALIZATION, D, 0, 0},
        {FAISSNET_TRANSFORM_CENTERING, D, 0, 1},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        faissnet_transform *made = transform(kinds[i].kind, D, kinds[i].d_out, kinds[i].argument), *read = NULL;
        if (kinds[i].kind == FAISSNET_TRANSFORM_OPQ) OK(faissnet_transform_set_parameter(made, "niter", 3));
        float y[10 * 12], again[10 * 12], back[10 * D];
        int32_t was_trained;
        OK(faissnet_transform_is_trained(made, &was_trained));
        if (!was_trained) FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_transform_apply(made, 10, whole(), y));
        for (int times = 0; times < 2; times++) OK(faissnet_transform_train(made, N, whole(), NULL));
        OK(faissnet_transform_apply(made, 10, whole(), y));
        if (kinds[i].reverses >= 0) {
            OK(faissnet_transform_reverse(made, 10, y, back));
            for (int j = 0; j < 10 * D && kinds[i].reverses; j++) CHECK(fabsf(back[j] - whole()[j]) < 1e-3f);
        } else {
            FAILS(FAISSNET_UNSUPPORTED, "", faissnet_transform_reverse(made, 10, y, back));
        }
        bytes file = {0};
        OK(faissnet_transform_write(made, write_bytes, &file));
        reader r = {file, 0, 0};
        OK(faissnet_transform_read(read_bytes, &r, &read));
        OK(faissnet_transform_apply(read, 10, whole(), again));
        CHECK(memcmp(y, again, sizeof(float) * 10 * (size_t)kinds[i].d_out) == 0);
        for (int64_t size = 0; size < file.size; size += 1 + file.size / 40) {
            reader cut = {{file.data, size, size}, 0, 0};
            faissnet_transform* none = NULL;
            CHECK(faissnet_transform_read(read_bytes, &cut, &none) != FAISSNET_OK);
        }
        free(file.data);
        faissnet_transform_free(made);
        faissnet_transform_free(read);
    }
}

/* Trained ones stay as they are, others learn with the index; the caller's own stay apart from it. */
TEST(pieces, transforms_go_into_an_index) {
    static results expected, actual;
    static float transformed[(N + NQ) * 4];
    faissnet_transform *pca = transform(FAISSNET_TRANSFORM_PCA, D, 4, 0), *rest = transform(FAISSNET_TRANSFORM_CENTERING, 4, 4, 0);
    OK(faissnet_transform_train(pca, N / 2, whole(), NULL));
    OK(faissnet_transform_apply(pca, N + NQ, whole(), transformed));
    faissnet_index *flat = create_with(4, "Flat", FAISSNET_METRIC_L2), *wrapped = NULL, *inner = create_with(4, "Flat", FAISSNET_METRIC_L2);
    OK(faissnet_index_add(flat, N, transformed));
    OK(faissnet_index_search(flat, NQ, transformed + N * 4, 5, NULL, expected.distances, expected.labels));

    const faissnet_transform* chain[] = {pca, rest};
    OK(faissnet_index_pre_transform_of(2, chain, inner, &wrapped));
    faissnet_transform_free(pca);
    int32_t is_trained = -1;
    OK(faissnet_index_is_trained(wrapped, &is_trained));
    EQUAL(0, is_trained);
    for (int times = 0; times < 2; times++) {
        OK(faissnet_index_train(wrapped, N, whole(), NULL));
        OK(faissnet_index_add(wrapped, N, whole()));
        search(wrapped, 5, NULL, &actual);
        for (int i = 0; i < NQ * 5; i++) CHECK(fabsf(expected.distances[i] - actual.distances[i]) < 1e-3f);
        OK(faissnet_index_reset(wrapped));
    }
    OK(faissnet_transform_is_trained(rest, &is_trained));
    EQUAL(0, is_trained);
    faissnet_index_free(wrapped);
    faissnet_index_free(inner);

    faissnet_transform *opq = transform(FAISSNET_TRANSFORM_OPQ, D, 4, 2), *linear = transform(FAISSNET_TRANSFORM_LINEAR, D, 4, 0), *copy = NULL;
    OK(faissnet_transform_set_parameter(opq, "niter", 2));
    OK(faissnet_transform_clone(opq, &copy));
    faissnet_transform_free(opq);
    const faissnet_transform *untrained[] = {copy}, *without[] = {linear}, *none[] = {NULL}, *twice[] = {copy, copy};
    inner = create_with(4, "PQ2x4np", FAISSNET_METRIC_L2);
    FAILS(FAISSNET_NOT_TRAINED, "set its matrix", faissnet_index_pre_transform_of(1, without, inner, &wrapped));
    FAILS(FAISSNET_INVALID_ARGUMENT, "NULL", faissnet_index_pre_transform_of(1, none, inner, &wrapped));
    FAILS(FAISSNET_INVALID_ARGUMENT, "count", faissnet_index_pre_transform_of(0, untrained, inner, &wrapped));
    FAILS(FAISSNET_INVALID_ARGUMENT, "dimension 8: expected 4", faissnet_index_pre_transform_of(2, twice, inner, &wrapped));
    OK(faissnet_index_pre_transform_of(1, untrained, inner, &wrapped));
    OK(faissnet_index_train(wrapped, N, whole(), NULL));
    OK(faissnet_index_add(wrapped, N, whole()));
    search(wrapped, 5, NULL, &actual);
    CHECK(actual.labels[0] >= 0);
    faissnet_index_free(wrapped);
    faissnet_index_free(inner);
    faissnet_index_free(flat);
    faissnet_transform_free(copy);
    faissnet_transform_free(linear);
    faissnet_transform_free(rest);
}

TEST(pieces, transforms_have_values_and_parameters) {
    faissnet_transform* linear = transform(FAISSNET_TRANSFORM_LINEAR, 2, 2, 0);
    const float a[] = {0, 1, -1, 0}, b[] = {10, 20}, x[] = {3, 4};
    float y[2], values[4];
    int64_t count;
    FAILS(FAISSNET_NOT_TRAINED, "trained", faissnet_transform_apply(linear, 1, x, y));
    FAILS(FAISSNET_INVALID_ARGUMENT, "count is 3", faissnet_transform_set_values(linear, "A", 3, a));
    OK(faissnet_transform_set_values(linear, "A", 4, a));
    OK(faissnet_transform_set_values(linear, "b", 2, b));
    OK(faissnet_transform_apply(linear, 1, x, y));
    CHECK(y[0] == 14 && y[1] == 17);
    OK(faissnet_transform_reverse(linear, 1, y, values));
    CHECK(values[0] == 3 && values[1] == 4);
    OK(faissnet_transform_get_values(linear, "A", 0, NULL, &count));
    EQUAL(4, count);
    OK(faissnet_transform_get_values(linear, "A", 4, values, &count));
    CHECK(memcmp(a, values, sizeof a) == 0);
    FAILS(FAISSNET_INVALID_ARGUMENT, "no such array", faissnet_transform_get_values(linear, "mean", 0, NULL, &count));
    FAILS(FAISSNET_UNSUPPORTED, "set its matrix", faissnet_transform_train(linear, 1, x, NULL));
    faissnet_transform_free(linear);

    faissnet_transform* pca = transform(FAISSNET_TRANSFORM_PCA, D, 4, -0.5);
    double value;
    OK(faissnet_transform_get_parameter(pca, "eigen_power", &value));
    CHECK(value == -0.5);
    OK(faissnet_transform_set_parameter(pca, "random_rotation", 1));
    FAILS(FAISSNET_INVALID_ARGUMENT, "random_rotation is 2", faissnet_transform_set_parameter(pca, "random_rotation", 2));
    FAILS(FAISSNET_INVALID_ARGUMENT, "no such parameter", faissnet_transform_set_parameter(pca, "niter", 2));
    OK(faissnet_transform_train(pca, N, whole(), NULL));
    FAILS(FAISSNET_UNSUPPORTED, "not orthonormal", faissnet_transform_reverse(pca, 1, y, values));
    faissnet_transform_free(pca);

    faissnet_transform *remap = transform(FAISSNET_TRANSFORM_REMAP, 2, 3, 0), *none = NULL;
    const float map[] = {1, -1, 0}, wrong[] = {2, 0, 0};
    float mapped[3];
    OK(faissnet_transform_set_values(remap, "map", 3, map));
    FAILS(FAISSNET_INVALID_ARGUMENT, "map[0]", faissnet_transform_set_values(remap, "map", 3, wrong));
    OK(faissnet_transform_apply(remap, 1, x, mapped));
    CHECK(mapped[0] == 4 && mapped[1] == 0 && mapped[2] == 3);
    faissnet_transform_free(remap);
    FAILS(FAISSNET_INVALID_ARGUMENT, "d_out", faissnet_transform_new(FAISSNET_TRANSFORM_PCA, 4, 5, 0, &none));
    FAILS(FAISSNET_INVALID_ARGUMENT, "m is 3", faissnet_transform_new(FAISSNET_TRANSFORM_OPQ, 8, 8, 3, &none));
    FAILS(FAISSNET_INVALID_ARGUMENT, "kind is 77", faissnet_transform_new(77, 8, 8, 3, &none));
}

TEST(pieces, distances_without_an_index) {
    static const int32_t metrics[] = {FAISSNET_METRIC_L2, FAISSNET_METRIC_INNER_PRODUCT, FAISSNET_METRIC_L1, FAISSNET_METRIC_LINF};
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        faissnet_index* index = create_with(D, "Flat", metrics[m]);
        OK(faissnet_index_add(index, N, whole()));
        static results expected, found;
        search(index, 7, NULL, &expected);
        OK(faissnet_knn(D, NQ, QUERIES, N, whole(), 7, metrics[m], 0, found.distances, found.labels));
        same_results(&expected, &found, 7);
        float* all = malloc(sizeof(float) * NQ * N);
        CHECK(all != NULL);
        OK(faissnet_pairwise_distances(D, NQ, QUERIES, N, whole(), metrics[m], 0, all));
        for (int i = 0; i < NQ * 7; i++) CHECK(fabsf(all[i / 7 * N + expected.labels[i]] - expected.distances[i]) < 1e-3f);
        free(all);
        faissnet_index_free(index);
    }
    float distances[3];
    int64_t labels[3];
    OK(faissnet_knn(D, 1, whole(), 2, whole(), 3, FAISSNET_METRIC_L2, 0, distances, labels));
    CHECK(labels[0] == 0 && labels[1] == 1 && labels[2] == -1);
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric is 9", faissnet_knn(D, 1, whole(), 2, whole(), 3, 9, 0, distances, labels));
    FAILS(FAISSNET_INVALID_ARGUMENT, "k is 0", faissnet_knn(D, 1, whole(), 2, whole(), 0, 1, 0, distances, labels));
    float x[] = {3, 4, 0, 0};
    OK(faissnet_normalize_l2(2, 2, x));
    CHECK(fabsf(x[0] - 0.6f) < 1e-6f && fabsf(x[1] - 0.8f) < 1e-6f && x[2] == 0 && x[3] == 0);
}

TEST(pieces, statistics_count_and_are_reset) {
    faissnet_index *lists = filled("IVF8,Flat"), *graph = filled("HNSW8");
    static results found;
    faissnet_statistics counted;
    const faissnet_search_parameters all = {.nprobe = 8};
    OK(faissnet_reset_statistics());
    OK(faissnet_get_statistics(&counted));
    EQUAL(0, counted.ivf_queries + counted.ivf_distances + counted.hnsw_queries + counted.hnsw_distances);
    search(lists, 1, &all, &found);
    search(graph, 1, NULL, &found);
    OK(faissnet_get_statistics(&counted));
    EQUAL(NQ, counted.ivf_queries);
    EQUAL(8 * NQ, counted.ivf_lists);
    EQUAL(N * NQ, counted.ivf_distances);
    CHECK(counted.hnsw_queries == NQ && counted.hnsw_distances > NQ);
    CHECK(faiss_at_least(1, 9) ? counted.hnsw_hops > 0 : counted.hnsw_hops == -1);
    OK(faissnet_reset_statistics());
    faissnet_index_free(lists);
    faissnet_index_free(graph);
}
