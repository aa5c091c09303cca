#include "test.h"

#include <stdlib.h>

/* Fast-scan with a codebook of its own per component, of the numbers 0 … 15: the vectors of whole() are stored as they are. */
static faissnet_index* exact(int32_t kind, int32_t block) {
    float numbers[D * 16], centroids[NLIST * D];
    for (int i = 0; i < D * 16; i++) numbers[i] = (float)(i % 16);
    memcpy(centroids, whole(), sizeof centroids);
    const faissnet_index_spec spec = {
        .kind = kind, .metric = FAISSNET_METRIC_L2, .d = D, .nlist = NLIST, .m = D, .nbits = 4, .block = block};
    faissnet_index* index = NULL;
    OK(faissnet_index_new(&spec, &index));
    if (kind == FAISSNET_KIND_IVF_PQ_FAST_SCAN) {
        OK(faissnet_index_set_coarse_centroids(index, NLIST * D, centroids));
        OK(faissnet_index_set_nprobe(index, NLIST));
    }
    OK(faissnet_index_set_codebooks(index, D * 16, numbers));
    return index;
}

static void holds(const faissnet_index* index, int64_t id, int64_t row) {
    float vector[D];
    OK(faissnet_index_reconstruct(index, id, vector));
    if (memcmp(vector, whole() + row * D, sizeof vector) != 0)
        test_fail(__FILE__, __LINE__, "id %lld is not row %lld", (long long)id, (long long)row);
}

static const int32_t kKinds[] = {FAISSNET_KIND_PQ_FAST_SCAN, FAISSNET_KIND_IVF_PQ_FAST_SCAN};
static const int32_t kBlocks[] = {32, 64, 96};

TEST(packed, blocks_of_every_size_give_each_vector_back) {
    for (int k = 0; k < 2; k++) {
        for (int b = 0; b < 3; b++) {
            faissnet_index* index = exact(kKinds[k], kBlocks[b]);
            OK(faissnet_index_add(index, N, whole()));
            for (int i = 0; i < N; i++) holds(index, i, i);
            faissnet_index_free(index);
        }
    }
}

/* Wherever a block ends, and whatever the blocks of the other are. */
TEST(packed, merged_is_as_if_all_had_been_added) {
    static const int firsts[] = {0, 1, 31, 32, 33, 320, 310, N - 1, N};
    for (int k = 0; k < 2; k++) {
        for (int b = 0; b < 3; b++) {
            for (size_t f = 0; f < sizeof firsts / sizeof *firsts; f++) {
                const int first = firsts[f];
                faissnet_index *all = exact(kKinds[k], kBlocks[b]), *index = exact(kKinds[k], kBlocks[b]), *other = exact(kKinds[k], kBlocks[(b + 1) % 3]);
                OK(faissnet_index_add(all, first, whole()));
                OK(faissnet_index_add(all, N - first, whole() + first * D));
                OK(faissnet_index_add(index, first, whole()));
                OK(faissnet_index_add(other, N - first, whole() + first * D));
                OK(faissnet_index_merge_from(index, other, first));
                EQUAL(N, ntotal(index));
                EQUAL(0, ntotal(other));
                /* What comes later starts in the last block. */
                OK(faissnet_index_add(all, 5, whole()));
                OK(faissnet_index_add(index, 5, whole()));
                const bytes expected = serialized(all), actual = serialized(index);
                CHECK(same_bytes(expected, actual));
                OK(faissnet_index_add(other, 40, whole() + 3 * D));
                for (int i = 0; i < 40; i++) holds(other, i, 3 + i);
                free(expected.data);
                free(actual.data);
                faissnet_index_free(all);
                faissnet_index_free(index);
                faissnet_index_free(other);
            }
        }
    }
}

TEST(packed, removal_leaves_the_others_and_room_for_new_ones) {
    for (int k = 0; k < 2; k++) {
        for (int b = 0; b < 3; b++) {
            for (int way = 0; way < 4; way++) {
                faissnet_index* index = exact(kKinds[k], kBlocks[b]);
                OK(faissnet_index_add(index, N, whole()));
                static int64_t gone[N], left[N];
                int n = 0, kept = 0;
                for (int i = 0; i < N; i++) {
                    const int goes = way == 0 ? i % 3 != 0 : way == 1 ? i == N - 1 : way == 2 ? i >= 40 && i <= 50 : 1;
                    if (goes) gone[n++] = i;
                    else left[kept++] = i;
                }
                const faissnet_selector selector = {.kind = FAISSNET_SELECT_IDS, .count = n, .ids = gone};
                int64_t removed = -1;
                OK(faissnet_index_remove_ids(index, &selector, &removed));
                EQUAL(n, removed);
                EQUAL(kept, ntotal(index));
                const int keeps_ids = kKinds[k] == FAISSNET_KIND_IVF_PQ_FAST_SCAN;
                for (int i = 0; i < kept; i++) holds(index, keeps_ids ? left[i] : i, left[i]);
                float vector[D];
                FAILS(FAISSNET_NOT_FOUND, "", faissnet_index_reconstruct(index, keeps_ids ? gone[0] : kept, vector));
                /* FAISS would mix what comes in with what lay behind the last one. */
                int64_t ids[30];
                for (int i = 0; i < 30; i++) ids[i] = 10000 + i;
                if (keeps_ids) OK(faissnet_index_add_with_ids(index, 30, whole() + 7 * D, ids));
                else OK(faissnet_index_add(index, 30, whole() + 7 * D));
                for (int i = 0; i < 30; i++) holds(index, keeps_ids ? ids[i] : kept + i, 7 + i);
                if (kept > 0) holds(index, keeps_ids ? left[kept - 1] : kept - 1, left[kept - 1]);
                faissnet_index_free(index);
            }
        }
    }
}

/* Through transforms, which are all that may be around. */
TEST(packed, merges_and_removes_behind_transforms) {
    static const char* const kinds[] = {"PCA8,IVF8,PQ4x4fs", "PCA8,PQ4x4fs", "PCA8,IVF8,PQ4x4fsr"};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        faissnet_index *index = trained(kinds[k]), *all = NULL, *other = NULL;
        OK(faissnet_index_clone(index, &all));
        OK(faissnet_index_clone(index, &other));
        OK(faissnet_index_add(all, N, whole()));
        OK(faissnet_index_add(index, 100, whole()));
        OK(faissnet_index_add(other, N - 100, whole() + 100 * D));
        OK(faissnet_index_merge_from(index, other, 100));
        const faissnet_selector last = {.kind = FAISSNET_SELECT_RANGE, .min = N - 50, .max = N};
        int64_t removed = -1;
        OK(faissnet_index_remove_ids(index, &last, &removed));
        EQUAL(50, removed);
        EQUAL(N - 50, ntotal(index));
        OK(faissnet_index_add(index, 50, whole() + (N - 50) * D));
        static results expected, actual;
        search(all, 10, NULL, &expected);
        search(index, 10, NULL, &actual);
        for (int i = 0; i < NQ * 10; i++) CHECK(expected.distances[i] == actual.distances[i]);
        faissnet_index_free(index);
        faissnet_index_free(all);
        faissnet_index_free(other);
    }
}

/* The codes of lists, one by one: here two components of a vector in each byte. */
TEST(packed, lists_give_their_codes_out) {
    faissnet_index* index = exact(FAISSNET_KIND_IVF_PQ_FAST_SCAN, 64);
    OK(faissnet_index_add(index, N, whole()));
    int64_t sizes[NLIST], seen = 0;
    OK(faissnet_index_list_sizes(index, NLIST, sizes));
    for (int list = 0; list < NLIST; list++) {
        static int64_t ids[N];
        static uint8_t codes[N * D / 2];
        OK(faissnet_index_list_read(index, list, sizes[list], ids, codes));
        for (int i = 0; i < sizes[list]; i++) {
            for (int j = 0; j < D; j++) {
                const int half = codes[i * D / 2 + j / 2] >> (j % 2 * 4) & 15;
                EQUAL((int64_t)whole()[ids[i] * D + j], half);
            }
        }
        seen += sizes[list];
    }
    EQUAL(N, seen);
    faissnet_index_free(index);
}
