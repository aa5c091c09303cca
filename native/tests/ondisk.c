#define _POSIX_C_SOURCE 200809L /* mkdtemp, unlink, truncate */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[4096];

static const char* path_of(const char* name) {
    static char paths[4][4200];
    static int next;
    char* path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void enter(void) {
    const char* parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/faissnet-XXXXXX", parent != NULL && *parent ? parent : "/tmp");
    CHECK(mkdtemp(folder) != NULL);
}

static void leave(void) {
    unlink(path_of("index"));
    unlink(path_of("lists"));
    unlink(path_of("more"));
    CHECK(rmdir(folder) == 0);
}

static const char* const kinds[] = {"IVF8,Flat", "IVF8,PQ4x4np", "IVF8,SQ8", "L2norm,IVF8,Flat", "IDMap,IVF8,Flat", "IVF8,PQ4x4np,RFlat"};
enum { KINDS = sizeof kinds / sizeof *kinds };

TEST(ondisk, lists_in_a_file_give_the_same_results) {
    static results before, after;
    enter();
    for (int i = 0; i < KINDS; i++) {
        faissnet_index *index = filled(kinds[i]), *copy, *opened;
        OK(faissnet_index_set_nprobe(index, 4));
        search(index, 5, NULL, &before);
        OK(faissnet_index_lists_to_disk(index, path_of("lists"), 0, NULL, 0));
        search(index, 5, NULL, &after);
        same_results(&before, &after, 5);
        char name[4300];
        int64_t length;
        OK(faissnet_index_lists_path(index, name, sizeof name, &length));
        SAME_TEXT(path_of("lists"), name);

        OK(faissnet_index_clone(index, &copy)); /* into memory */
        OK(faissnet_index_lists_path(copy, name, sizeof name, &length));
        EQUAL(0, length);
        search(copy, 5, NULL, &after);
        same_results(&before, &after, 5);

        OK(faissnet_index_write_file(index, path_of("index")));
        for (int mapped = 0; mapped < 2; mapped++) {
            OK(faissnet_index_open(path_of("index"), mapped ? path_of("lists") : NULL, mapped, 0, &opened));
            search(opened, 5, NULL, &after);
            same_results(&before, &after, 5);
            FAILS(FAISSNET_UNSUPPORTED, "for reading alone", faissnet_index_reset(opened));
            faissnet_index_free(opened);
        }
        faissnet_index_free(copy);
        faissnet_index_free(index);
    }
    leave();
}

TEST(ondisk, a_mapped_index_is_written_as_it_was) {
    static results before, after;
    enter();
    for (int i = 0; i < KINDS; i++) {
        faissnet_index *index = filled(kinds[i]), *mapped;
        search(index, 5, NULL, &before);
        const bytes original = serialized(index);
        OK(faissnet_index_write_file(index, path_of("index")));
        faissnet_index_free(index);
        OK(faissnet_index_open(path_of("index"), NULL, 1, 0, &mapped));
        unlink(path_of("index"));
        search(mapped, 5, NULL, &after);
        same_results(&before, &after, 5);
        const bytes again = serialized(mapped);
        CHECK(same_bytes(original, again));
        free(original.data);
        free(again.data);
        if (strstr(kinds[i], "IDMap") == NULL) {
            FAILS(FAISSNET_UNSUPPORTED, "mapped", faissnet_index_add(mapped, 1, whole()));
        }
        faissnet_index_free(mapped);
    }
    leave();
}

TEST(ondisk, parts_are_merged_list_by_list) {
    static results expected, actual;
    enter();
    faissnet_index *all = trained("IVF8,Flat"), *parts[3], *merged;
    for (int i = 0; i < 3; i++) {
        OK(faissnet_index_clone(all, &parts[i]));
        OK(faissnet_index_add(parts[i], N / 3, whole() + i * (N / 3) * D));
    }
    OK(faissnet_index_clone(all, &merged));
    OK(faissnet_index_add(all, N, whole()));
    OK(faissnet_index_lists_to_disk(merged, path_of("lists"), 3, (const faissnet_index* const*)parts, 1));
    EQUAL(N, ntotal(merged));
    EQUAL(N / 3, ntotal(parts[1]));
    for (int nprobe = 1; nprobe <= 8; nprobe *= 2) {
        OK(faissnet_index_set_nprobe(all, nprobe));
        OK(faissnet_index_set_nprobe(merged, nprobe));
        search(all, 10, NULL, &expected);
        search(merged, 10, NULL, &actual);
        same_results(&expected, &actual, 10);
    }
    faissnet_index* stranger = create("IVF8,Flat");
    OK(faissnet_index_train(stranger, N / 2, whole() + D, NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "centroids are not the same",
          faissnet_index_lists_to_disk(merged, path_of("more"), 1, (const faissnet_index* const*)&stranger, 1));
    CHECK(access(path_of("more"), F_OK) != 0);
    faissnet_index_free(stranger);
    for (int i = 0; i < 3; i++) faissnet_index_free(parts[i]);
    faissnet_index_free(all);
    faissnet_index_free(merged);
    leave();
}

TEST(ondisk, what_was_saved_before_an_add_stays_valid) {
    static results saved, grown, actual;
    enter();
    faissnet_index *memory = filled("IVF8,PQ4x4np"), *disk, *old;
    OK(faissnet_index_set_nprobe(memory, 8));
    search(memory, 5, NULL, &saved);
    OK(faissnet_index_clone(memory, &disk));
    OK(faissnet_index_set_nprobe(disk, 8));
    OK(faissnet_index_lists_to_disk(disk, path_of("lists"), 0, NULL, 0));
    OK(faissnet_index_write_file(disk, path_of("index")));
    for (int round = 0; round < 40; round++) {
        OK(faissnet_index_add(memory, 100, whole()));
        OK(faissnet_index_add(disk, 100, whole()));
    }
    EQUAL(ntotal(memory), ntotal(disk));
    search(memory, 5, NULL, &grown);
    search(disk, 5, NULL, &actual);
    same_results(&grown, &actual, 5);

    OK(faissnet_index_open(path_of("index"), NULL, 0, 0, &old));
    EQUAL(N, ntotal(old));
    search(old, 5, NULL, &actual);
    same_results(&saved, &actual, 5);
    faissnet_index_free(old);

    OK(faissnet_index_write_file(disk, path_of("index")));
    faissnet_index_free(disk);
    OK(faissnet_index_open(path_of("index"), NULL, 0, 1, &disk));
    search(disk, 5, NULL, &actual);
    same_results(&grown, &actual, 5);
    const faissnet_selector some = {.kind = FAISSNET_SELECT_RANGE, .min = 0, .max = N};
    int64_t removed;
    OK(faissnet_index_remove_ids(memory, &some, &removed));
    EQUAL(N, removed);
    OK(faissnet_index_remove_ids(disk, &some, &removed));
    EQUAL(N, removed);
    search(memory, 5, NULL, &grown);
    search(disk, 5, NULL, &actual);
    same_results(&grown, &actual, 5);
    OK(faissnet_index_merge_from(memory, disk, 0));
    EQUAL(0, ntotal(disk));
    EQUAL(8000, ntotal(memory));
    faissnet_index_free(disk);
    faissnet_index_free(memory);
    leave();
}

TEST(ondisk, a_data_file_that_is_missing_or_short) {
    enter();
    faissnet_index *index = filled("IVF8,Flat"), *opened;
    OK(faissnet_index_lists_to_disk(index, path_of("lists"), 0, NULL, 0));
    OK(faissnet_index_write_file(index, path_of("index")));
    faissnet_index_free(index);
    CHECK(truncate(path_of("lists"), 4096) == 0);
    FAILS(FAISSNET_CORRUPT, "holds 4096 bytes", faissnet_index_open(path_of("index"), NULL, 0, 0, &opened));
    FAILS(FAISSNET_CORRUPT, "holds 4096 bytes", faissnet_index_read_file(path_of("index"), &opened));
    FAILS(FAISSNET_IO, "No such file", faissnet_index_open(path_of("index"), path_of("more"), 1, 0, &opened));
    FAILS(FAISSNET_IO, "No such file", faissnet_index_open(path_of("more"), NULL, 1, 0, &opened));
    faissnet_index* flat = filled("Flat");
    FAILS(FAISSNET_UNSUPPORTED, "no inverted lists", faissnet_index_lists_to_disk(flat, path_of("more"), 0, NULL, 0));
    faissnet_index_free(flat);
    leave();
}
