#include "test.h"

#include <stdlib.h>

enum { HALF = N / 2 };

/* whole() from a row on, under ids from there on, in a copy of a trained index. */
static faissnet_index* shard(const faissnet_index* empty, int first, int count) {
    faissnet_index* index = NULL;
    int64_t ids[N];
    for (int i = 0; i < count; i++) ids[i] = first + i;
    OK(faissnet_index_clone(empty, &index));
    OK(faissnet_index_add_with_ids(index, count, whole() + first * D, ids));
    return index;
}

static int64_t list_sizes(const faissnet_index* index, int64_t* sizes) {
    int64_t nlist = -1;
    OK(faissnet_index_nlist(index, &nlist));
    OK(faissnet_index_list_sizes(index, nlist, sizes));
    return nlist;
}

static faissnet_index* view(const faissnet_index* trained_index, int64_t count, const faissnet_list_run* runs, int32_t choice, int64_t max_size) {
    faissnet_index* made = NULL;
    OK(faissnet_index_view_lists(trained_index, count, runs, choice, max_size, &made));
    return made;
}

/* HStack: shards side by side are the whole, whatever becomes of their handles. */
TEST(views, of_shards_are_the_whole) {
    static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4np", "IVF8,SQ8", "PCA4,IVF8,Flat", "OPQ4,IVF8,PQ4x4np", "IVF8,RQ2x4"};
    static results expected, actual;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index* empty = trained(kinds[k]);
        OK(faissnet_index_set_nprobe(empty, 3));
        faissnet_index *all = shard(empty, 0, N), *first = shard(empty, 0, HALF), *second = NULL;
        OK(faissnet_index_clone(empty, &second));
        OK(faissnet_index_add(second, HALF, whole() + HALF * D)); /* numbered from 0 on */
        const faissnet_list_run runs[] = {{first, 0, 8, 0, 0}, {second, 0, 8, 0, HALF}};
        faissnet_index* shown = view(empty, 2, runs, FAISSNET_LISTS_ALL, -1);
        faissnet_index_free(empty);
        faissnet_index_free(first);
        faissnet_index_free(second);
        EQUAL(N, ntotal(shown));
        search(all, 10, NULL, &expected);
        search(shown, 10, NULL, &actual);
        same_results(&expected, &actual, 10);
        if (strstr(kinds[k], "RQ") == NULL) {
            for (int i = 0; i < N; i += 37) {
                float vector[D], other[D];
                OK(faissnet_index_reconstruct(all, i, vector));
                OK(faissnet_index_reconstruct(shown, i, other));
                CHECK(memcmp(vector, other, sizeof vector) == 0);
            }
        }
        /* What is saved and cloned stands alone, and is what one index would have been. */
        faissnet_index* copy = NULL;
        OK(faissnet_index_clone(shown, &copy));
        const bytes saved = serialized(shown), wanted = serialized(all), copied = serialized(copy);
        CHECK(same_bytes(wanted, saved) && same_bytes(wanted, copied));
        OK(faissnet_index_add(copy, 5, whole()));
        faissnet_index_free(shown);
        free(saved.data);
        free(wanted.data);
        free(copied.data);
        faissnet_index_free(copy);
        faissnet_index_free(all);
    }
}

/* Slices and VStack: each list comes from where a run says. */
TEST(views, show_the_lists_that_are_asked_for) {
    faissnet_index *empty = trained("IVF8,Flat"), *all = shard(empty, 0, N);
    int64_t whole_sizes[8], sizes[8];
    list_sizes(all, whole_sizes);
    const faissnet_list_run slice = {all, 2, 3, 2, 0};
    faissnet_index* shown = view(all, 1, &slice, FAISSNET_LISTS_ALL, -1);
    EQUAL(8, list_sizes(shown, sizes));
    for (int list = 0; list < 8; list++) {
        EQUAL(list >= 2 && list < 5 ? whole_sizes[list] : 0, sizes[list]);
        if (sizes[list] > 0) {
            int64_t *ids = malloc(sizeof *ids * (size_t)sizes[list]), *other = malloc(sizeof *ids * (size_t)sizes[list]);
            CHECK(ids != NULL && other != NULL);
            OK(faissnet_index_list_read(all, list, sizes[list], ids, NULL));
            OK(faissnet_index_list_read(shown, list, sizes[list], other, NULL));
            CHECK(memcmp(ids, other, sizeof *ids * (size_t)sizes[list]) == 0);
            free(ids);
            free(other);
        }
    }
    /* Views of views, put together again. */
    const faissnet_list_run rest[] = {{all, 5, 3, 5, 0}, {shown, 0, 8, 0, 0}, {all, 0, 2, 0, 0}};
    faissnet_index* again = view(empty, 3, rest, FAISSNET_LISTS_ALL, -1);
    list_sizes(again, sizes);
    CHECK(memcmp(sizes, whole_sizes, sizeof sizes) == 0);
    static results expected, actual;
    search(all, 10, NULL, &expected);
    search(again, 10, NULL, &actual);
    same_results(&expected, &actual, 10);
    faissnet_index_free(shown); /* again still needs what it shows */
    search(again, 10, NULL, &actual);
    same_results(&expected, &actual, 10);
    /* Nothing is shown by nothing. */
    faissnet_index* none = view(empty, 0, NULL, FAISSNET_LISTS_ALL, -1);
    EQUAL(0, ntotal(none));
    search(none, 3, NULL, &actual);
    EQUAL(-1, actual.labels[0]);
    faissnet_index* const made[] = {empty, all, again, none};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) faissnet_index_free(made[i]);
}

/* Masked and StopWords. */
TEST(views, prefer_the_first_and_leave_long_lists_out) {
    faissnet_index *empty = trained("IVF8,Flat"), *few = shard(empty, 0, 4), *all = shard(empty, 0, N);
    int64_t of_few[8], of_all[8], sizes[8], longest = 0;
    list_sizes(few, of_few);
    list_sizes(all, of_all);
    const faissnet_list_run runs[] = {{few, 0, 8, 0, 0}, {all, 0, 8, 0, 0}};
    faissnet_index* masked = view(empty, 2, runs, FAISSNET_LISTS_FIRST, -1);
    list_sizes(masked, sizes);
    for (int list = 0; list < 8; list++) EQUAL(of_few[list] > 0 ? of_few[list] : of_all[list], sizes[list]);
    for (int list = 0; list < 8; list++) longest = of_all[list] > longest ? of_all[list] : longest;
    faissnet_index* shorter = view(all, 1, runs + 1, FAISSNET_LISTS_ALL, longest - 1);
    list_sizes(shorter, sizes);
    for (int list = 0; list < 8; list++) EQUAL(of_all[list] < longest ? of_all[list] : 0, sizes[list]);
    faissnet_index* everything = view(all, 1, runs + 1, FAISSNET_LISTS_ALL, longest);
    EQUAL(N, ntotal(everything));
    faissnet_index* const made[] = {empty, few, all, masked, shorter, everything};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) faissnet_index_free(made[i]);
}

TEST(views, and_what_they_show_cannot_change) {
    faissnet_index *source = filled("IVF8,Flat"), *other = NULL, *shown = NULL, *wrapped = NULL;
    OK(faissnet_index_clone(source, &other));
    const faissnet_list_run run = {source, 0, 8, 0, 0};
    shown = view(source, 1, &run, FAISSNET_LISTS_ALL, -1);
    const int64_t id = 5;
    const faissnet_selector five = {.kind = FAISSNET_SELECT_IDS, .count = 1, .ids = &id};
    int64_t removed;
    uint8_t code[1 + 4 * D] = {0};
    faissnet_index* const fixed[] = {source, shown};
    static const char* const why[] = {"shown by a view", "views of the lists"};
    for (int i = 0; i < 2; i++) {
        FAILS(FAISSNET_UNSUPPORTED, why[i], faissnet_index_add(fixed[i], 1, whole()));
        FAILS(FAISSNET_UNSUPPORTED, why[i], faissnet_index_add_with_ids(fixed[i], 1, whole(), &id));
        FAILS(FAISSNET_UNSUPPORTED, why[i], faissnet_index_add_codes(fixed[i], 1, code, NULL));
        FAILS(FAISSNET_UNSUPPORTED, why[i], faissnet_index_remove_ids(fixed[i], &five, &removed));
        FAILS(FAISSNET_UNSUPPORTED, why[i], faissnet_index_reset(fixed[i]));
        FAILS(FAISSNET_UNSUPPORTED, why[i], faissnet_index_merge_from(fixed[i], other, N));
        FAILS(FAISSNET_UNSUPPORTED, why[i], faissnet_index_merge_from(other, fixed[i], N));
        EQUAL(N, ntotal(fixed[i]));
    }
    EQUAL(N, ntotal(other));
    FAILS(FAISSNET_INVALID_ARGUMENT, "shown by a view", faissnet_index_id_map_new(source, 0, &wrapped));
    /* A view can become a part, which then stands for the whole of it. */
    OK(faissnet_index_pre_transform_new(D, "L2norm", shown, &wrapped));
    FAILS(FAISSNET_UNSUPPORTED, "views of the lists", faissnet_index_add(wrapped, 1, whole()));
    faissnet_index_free(shown);
    FAILS(FAISSNET_UNSUPPORTED, "shown by a view", faissnet_index_add(source, 1, whole()));
    faissnet_index_free(wrapped);
    OK(faissnet_index_add(source, 1, whole()));
    EQUAL(N + 1, ntotal(source));
    faissnet_index_free(source);
    faissnet_index_free(other);
}

/* Several views are members of shards or replicas: what they show stays as it is until the whole is gone. */
TEST(views, several_are_members) {
    faissnet_index *all = filled("IVF8,Flat"), *own = NULL, *shards = NULL, *replicas = NULL, *made = NULL;
    OK(faissnet_index_set_nprobe(all, 3));
    static results expected, actual;
    search(all, 10, NULL, &expected);
    const faissnet_list_run halves[] = {{all, 0, 4, 0, 0}, {all, 4, 4, 4, 0}}, every = {all, 0, 8, 0, 0};
    OK(faissnet_index_shards_new(D, FAISSNET_METRIC_L2, 0, &shards));
    OK(faissnet_index_replicas_new(D, FAISSNET_METRIC_L2, &replicas));
    for (int i = 0; i < 2; i++) {
        faissnet_index *half = view(all, 1, &halves[i], FAISSNET_LISTS_ALL, -1), *copy = view(all, 1, &every, FAISSNET_LISTS_ALL, -1);
        OK(faissnet_index_add_member(shards, half));
        OK(faissnet_index_add_member(replicas, copy));
        faissnet_index_free(half);
        faissnet_index_free(copy);
    }
    EQUAL(N, ntotal(shards));
    EQUAL(N, ntotal(replicas));
    search(shards, 10, NULL, &actual);
    for (int i = 0; i < NQ * 10; i++) CHECK(expected.distances[i] == actual.distances[i]); /* who of two at the same distance comes first may differ */
    search(replicas, 10, NULL, &actual);
    same_results(&expected, &actual, 10);

    /* One with lists of its own stands beside them; nothing changes through the whole or beneath it. */
    OK(faissnet_index_clone(all, &own));
    FAILS(FAISSNET_INVALID_ARGUMENT, "shown by a view", faissnet_index_add_member(shards, all));
    OK(faissnet_index_add_member(shards, own));
    EQUAL(2 * N, ntotal(shards));
    faissnet_index* const fixed[] = {shards, replicas, own, all};
    for (int i = 0; i < 4; i++) {
        FAILS(FAISSNET_UNSUPPORTED, i < 3 ? "views of the lists" : "shown by a view", faissnet_index_add(fixed[i], 1, whole()));
        FAILS(FAISSNET_UNSUPPORTED, "view", faissnet_index_reset(fixed[i]));
    }
    /* Who shows a member cannot become one beside it: the two would keep each other alive. */
    const faissnet_list_run of_own = {own, 0, 8, 0, 0};
    made = view(all, 1, &of_own, FAISSNET_LISTS_ALL, -1);
    FAILS(FAISSNET_UNSUPPORTED, "shown by a view", faissnet_index_add_member(shards, made));
    faissnet_index_free(made);

    faissnet_index_free(own);
    faissnet_index_free(shards);
    FAILS(FAISSNET_UNSUPPORTED, "shown by a view", faissnet_index_add(all, 1, whole()));
    faissnet_index_free(replicas);
    OK(faissnet_index_add(all, 1, whole()));
    EQUAL(N + 1, ntotal(all));
    faissnet_index_free(all);
}

TEST(views, refuse) {
    static float other_vectors[N * D];
    fill_uniform(other_vectors, N * D, 7);
    faissnet_index *index = filled("IVF8,Flat"), *untrained = create("IVF8,Flat"), *flat = filled("Flat"), *fast = filled("IVF8,PQ4x4fs"),
                   *map = trained("IDMap,IVF8,Flat"), *pq = filled("IVF8,PQ4x4np"), *others = create("IVF8,Flat"), *small = filled("IVF4,Flat"),
                   *transformed = filled("PCA8,IVF8,Flat"), *made = NULL;
    OK(faissnet_index_train(others, N, other_vectors, NULL));
    const struct {
        faissnet_index* trained_index;
        faissnet_list_run run;
        faissnet_status status;
        const char* why;
    } wrong[] = {
        {index, {NULL, 0, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "NULL"},
        {index, {index, -1, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "from -1 on"},
        {index, {index, 0, -1, 0, 0}, FAISSNET_INVALID_ARGUMENT, "-1 lists"},
        {index, {index, 1, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "8 lists from 1 on"},
        {index, {index, INT64_MAX, INT64_MAX, 0, 0}, FAISSNET_INVALID_ARGUMENT, "lists"},
        {index, {index, 0, 8, 1, 0}, FAISSNET_INVALID_ARGUMENT, "as those from 1 on"},
        {index, {index, 0, 1, INT64_MAX, 0}, FAISSNET_INVALID_ARGUMENT, "as those from"},
        {index, {index, 0, 8, 0, -1}, FAISSNET_INVALID_ARGUMENT, "add_id of run 0 is -1"},
        {index, {index, 0, 8, 0, INT64_MAX}, FAISSNET_INVALID_ARGUMENT, "would become no id"},
        {index, {index, 0, 1, 1, 0}, FAISSNET_INVALID_ARGUMENT, "centroids"},
        {index, {others, 0, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "centroids"},
        {index, {untrained, 0, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "not trained"},
        {untrained, {index, 0, 8, 0, 0}, FAISSNET_NOT_TRAINED, "trained"},
        {index, {pq, 0, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "types"},
        {index, {transformed, 0, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "types"},
        {index, {flat, 0, 8, 0, 0}, FAISSNET_UNSUPPORTED, "no IVF"},
        {index, {map, 0, 8, 0, 0}, FAISSNET_UNSUPPORTED, "no IVF"},
        {flat, {index, 0, 8, 0, 0}, FAISSNET_UNSUPPORTED, "no IVF"},
        {fast, {fast, 0, 8, 0, 0}, FAISSNET_UNSUPPORTED, "fast-scan"},
        {index, {small, 0, 8, 0, 0}, FAISSNET_INVALID_ARGUMENT, "has 4"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        FAILS(wrong[i].status, wrong[i].why, faissnet_index_view_lists(wrong[i].trained_index, 1, &wrong[i].run, FAISSNET_LISTS_ALL, -1, &made));
    }
    const faissnet_list_run run = {index, 0, 8, 0, 0};
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_view_lists(NULL, 1, &run, FAISSNET_LISTS_ALL, -1, &made));
    FAILS(FAISSNET_INVALID_ARGUMENT, "out-parameter", faissnet_index_view_lists(index, 1, &run, FAISSNET_LISTS_ALL, -1, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "runs", faissnet_index_view_lists(index, 1, NULL, FAISSNET_LISTS_ALL, -1, &made));
    FAILS(FAISSNET_INVALID_ARGUMENT, "runs", faissnet_index_view_lists(index, -1, &run, FAISSNET_LISTS_ALL, -1, &made));
    FAILS(FAISSNET_INVALID_ARGUMENT, "choice is 3", faissnet_index_view_lists(index, 1, &run, 3, -1, &made));
    OK(faissnet_index_add(index, 1, whole())); /* what failed holds nothing back */
    faissnet_index* const all[] = {index, untrained, flat, fast, map, pq, others, small, transformed};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) faissnet_index_free(all[i]);
}
