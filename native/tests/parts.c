/* Indexes around others, and handles for parts of them. */
#include "test.h"

static faissnet_index* part(faissnet_index* index, int32_t kind, int64_t number) {
    faissnet_index* view = NULL;
    OK(faissnet_index_part(index, kind, number, &view));
    CHECK(view != NULL);
    return view;
}

static int64_t parts(const faissnet_index* index, int32_t kind) {
    int64_t count = -1;
    OK(faissnet_index_part_count(index, kind, &count));
    return count;
}

static int32_t kind_of(const faissnet_index* index) {
    int32_t kind = -1;
    OK(faissnet_index_kind(index, &kind));
    return kind;
}

TEST(parts, are_found) {
    faissnet_index* index = create("IDMap,PCA4,IVF8_HNSW4,Flat");
    faissnet_index* chain = part(index, FAISSNET_PART_BASE, 0);
    faissnet_index* ivf = part(chain, FAISSNET_PART_BASE, 0);
    faissnet_index* quantizer = part(ivf, FAISSNET_PART_QUANTIZER, 0);
    faissnet_index* storage = part(quantizer, FAISSNET_PART_STORAGE, 0);
    EQUAL(FAISSNET_KIND_PRE_TRANSFORM, kind_of(chain));
    EQUAL(FAISSNET_KIND_IVF_FLAT, kind_of(ivf));
    EQUAL(FAISSNET_KIND_HNSW_FLAT, kind_of(quantizer));
    EQUAL(FAISSNET_KIND_FLAT, kind_of(storage));
    EQUAL(1, parts(index, FAISSNET_PART_BASE));
    EQUAL(0, parts(index, FAISSNET_PART_QUANTIZER));
    EQUAL(0, parts(storage, FAISSNET_PART_BASE));
    faissnet_index* none = NULL;
    FAILS(FAISSNET_UNSUPPORTED, "no part", faissnet_index_part(index, FAISSNET_PART_BASE, 1, &none));
    FAILS(FAISSNET_UNSUPPORTED, "no part", faissnet_index_part(index, FAISSNET_PART_REFINE, 0, &none));
    FAILS(FAISSNET_UNSUPPORTED, "no part", faissnet_index_part(index, 77, -1, &none));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_part(index, FAISSNET_PART_BASE, 0, NULL));
    faissnet_index_free(index);
    faissnet_index_free(chain);
    faissnet_index_free(ivf);
    faissnet_index_free(quantizer);
    faissnet_index_free(storage);
}

TEST(parts, keep_the_whole_alive) {
    const int64_t before = live();
    static results expected, actual;
    faissnet_index* index = filled("IVF8,Flat,RFlat");
    faissnet_index* exact = part(index, FAISSNET_PART_REFINE, 0);
    search(exact, 5, NULL, &expected);
    faissnet_index_free(index);
    search(exact, 5, NULL, &actual);
    same_results(&expected, &actual, 5);
    EQUAL(before + 1, live());
    faissnet_index_free(exact);
    EQUAL(before, live());
}

TEST(parts, show_what_changes) {
    float vector[D];
    faissnet_index* index = trained("IVF8,Flat");
    OK(faissnet_index_add(index, 10, whole()));
    OK(faissnet_index_reconstruct(index, 9, vector));
    faissnet_index* wrapped = NULL;
    OK(faissnet_index_pre_transform_new(D, "Pad8", index, &wrapped));
    EQUAL(10, ntotal(wrapped));

    /* The handle stands for the part now; a table of places that it made before is made anew. */
    OK(faissnet_index_add(index, 5, whole() + 10 * D));
    EQUAL(15, ntotal(wrapped));
    OK(faissnet_index_reconstruct(index, 14, vector));
    EQUAL(0, memcmp(vector, whole() + 14 * D, sizeof vector));
    OK(faissnet_index_add(wrapped, 1, whole() + 15 * D));
    EQUAL(16, ntotal(index));
    OK(faissnet_index_reconstruct(index, 15, vector));
    EQUAL(0, memcmp(vector, whole() + 15 * D, sizeof vector));

    faissnet_index* quantizer = part(index, FAISSNET_PART_QUANTIZER, 0);
    FAILS(FAISSNET_UNSUPPORTED, "part of another", faissnet_index_reset(quantizer));
    FAILS(FAISSNET_UNSUPPORTED, "part of another", faissnet_index_add(quantizer, 1, whole()));
    OK(faissnet_index_reset(wrapped));
    OK(faissnet_index_reset(quantizer));
    int32_t is_trained = -1;
    OK(faissnet_index_is_trained(wrapped, &is_trained));
    EQUAL(0, is_trained);
    OK(faissnet_index_add(quantizer, NLIST, whole()));
    OK(faissnet_index_is_trained(wrapped, &is_trained));
    EQUAL(1, is_trained);
    faissnet_index_free(quantizer);
    faissnet_index_free(index);
    faissnet_index_free(wrapped);
}

TEST(parts, are_taken_over_once) {
    const int64_t before = live();
    faissnet_index *flat = create("Flat"), *map = NULL, *other = NULL;
    OK(faissnet_index_id_map_new(flat, 0, &map));
    EQUAL(FAISSNET_KIND_ID_MAP, kind_of(map));
    FAILS(FAISSNET_INVALID_ARGUMENT, "part of another", faissnet_index_id_map_new(flat, 1, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "part of another", faissnet_index_refine_new(flat, NULL, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "IDMap", faissnet_index_id_map_new(map, 1, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "base must not", faissnet_index_id_map_new(NULL, 1, &other));
    faissnet_index_free(map);
    FAILS(FAISSNET_UNSUPPORTED, "part of another", faissnet_index_add(flat, 1, whole()));
    faissnet_index_free(flat);
    EQUAL(before, live());

    /* What fails leaves its parts as they are. */
    faissnet_index* filled_one = filled("Flat");
    flat = create("Flat");
    FAILS(FAISSNET_INVALID_ARGUMENT, "empty", faissnet_index_id_map_new(filled_one, 0, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "different", faissnet_index_refine_new(filled_one, flat, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "refine is base", faissnet_index_refine_new(flat, flat, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "dimension", faissnet_index_pre_transform_new(D, "PCA4", flat, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "transforms", faissnet_index_pre_transform_new(D, "IVF4", flat, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "Nonsense", faissnet_index_pre_transform_new(D, "Nonsense", flat, &other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_id_map_new(flat, 0, NULL));
    OK(faissnet_index_add(flat, 3, whole()));
    faissnet_index_free(flat);
    faissnet_index_free(filled_one);
    EQUAL(before, live());
}

TEST(parts, shards_are_one_index) {
    static results expected, actual;
    faissnet_index *index = filled("Flat"), *shards = NULL;
    OK(faissnet_index_shards_new(D, FAISSNET_METRIC_L2, 1, &shards));
    for (int i = 0; i < 3; i++) {
        faissnet_index* shard = create("Flat");
        OK(faissnet_index_add(shard, N / 3, whole() + i * (N / 3) * D));
        OK(faissnet_index_add_member(shards, shard));
        faissnet_index_free(shard);
    }
    EQUAL(N, ntotal(shards));
    EQUAL(3, parts(shards, FAISSNET_PART_SHARD));
    search(index, 10, NULL, &expected);
    search(shards, 10, NULL, &actual);
    EQUAL(0, memcmp(expected.distances, actual.distances, NQ * 10 * sizeof(float)));

    const faissnet_selector odd = {.kind = FAISSNET_SELECT_RANGE, .min = 150, .max = 450};
    const faissnet_search_parameters parameters = {.selector = &odd};
    search(index, 10, &parameters, &expected);
    search(shards, 10, &parameters, &actual);
    EQUAL(0, memcmp(expected.distances, actual.distances, NQ * 10 * sizeof(float)));
    for (int i = 0; i < NQ * 10; i++) CHECK(actual.labels[i] >= 150 && actual.labels[i] < 450);

    int64_t removed = 0;
    OK(faissnet_index_remove_ids(shards, &odd, &removed));
    EQUAL(300, removed);
    OK(faissnet_index_remove_ids(index, &odd, &removed));
    search(index, 10, NULL, &expected);
    search(shards, 10, NULL, &actual);
    EQUAL(0, memcmp(expected.distances, actual.distances, NQ * 10 * sizeof(float)));

    faissnet_index* copy = NULL;
    OK(faissnet_index_clone(shards, &copy));
    OK(faissnet_index_reset(shards));
    EQUAL(0, ntotal(shards));
    EQUAL(300, ntotal(copy));
    faissnet_index_free(copy);
    faissnet_index_free(shards);
    faissnet_index_free(index);
}

TEST(parts, members_that_do_not_fit) {
    faissnet_index *shards = NULL, *replicas = NULL, *flat = create("Flat"), *some = filled("Flat"), *wrapped = NULL;
    float distances[1];
    int64_t labels[1];
    const int64_t five = 5;
    OK(faissnet_index_shards_new(D, FAISSNET_METRIC_L2, 1, &shards));
    OK(faissnet_index_replicas_new(D, FAISSNET_METRIC_L2, &replicas));
    FAILS(FAISSNET_NOT_TRAINED, "not trained", faissnet_index_search(shards, 1, whole(), 1, NULL, distances, labels));
    faissnet_index* other = create_with(D, "Flat", FAISSNET_METRIC_INNER_PRODUCT);
    FAILS(FAISSNET_INVALID_ARGUMENT, "metric", faissnet_index_add_member(shards, other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "outermost", faissnet_index_add_member(shards, replicas));
    FAILS(FAISSNET_INVALID_ARGUMENT, "outermost", faissnet_index_id_map_new(shards, 0, &wrapped));
    FAILS(FAISSNET_UNSUPPORTED, "neither", faissnet_index_add_member(flat, some));
    OK(faissnet_index_add_member(replicas, some));
    FAILS(FAISSNET_INVALID_ARGUMENT, "vectors", faissnet_index_add_member(replicas, flat));
    FAILS(FAISSNET_INVALID_ARGUMENT, "part of another", faissnet_index_add_member(shards, some));
    OK(faissnet_index_add_member(shards, flat));
    OK(faissnet_index_search(shards, 1, whole(), 1, NULL, distances, labels));
    EQUAL(-1, labels[0]);
    FAILS(FAISSNET_UNSUPPORTED, "successive", faissnet_index_add_with_ids(shards, 1, whole(), &five));
    faissnet_index_free(other);
    faissnet_index_free(flat);
    faissnet_index_free(some);
    faissnet_index_free(shards);
    faissnet_index_free(replicas);
}
