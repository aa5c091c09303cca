/* The rules of errors; what each function refuses stands in its own file. */
#include "test.h"

#include <stdlib.h>

TEST(errors, the_next_call_clears_the_message) {
    int32_t version;
    FAILS(FAISSNET_INVALID_ARGUMENT, "version", faissnet_abi_version(NULL));
    CHECK(*last_error() != '\0');
    CHECK(*last_error() != '\0'); /* asking does not */
    CHECK(faissnet_abi_version(&version) == FAISSNET_OK);
    SAME_TEXT("", last_error());

    faissnet_abi_version(NULL);
    faissnet_index_free(NULL);
    SAME_TEXT("", last_error());

    faissnet_abi_version(NULL);
    faissnet_range_result_free(NULL);
    SAME_TEXT("", last_error());
}

TEST(errors, a_new_message_replaces_the_old) {
    FAILS(FAISSNET_INVALID_ARGUMENT, "version", faissnet_abi_version(NULL));
    FAILS(FAISSNET_INVALID_ARGUMENT, "bits", faissnet_capabilities(NULL));
    CHECK(strstr(last_error(), "version") == NULL);
}

TEST(errors, last_error_follows_the_rule_for_texts) {
    char buffer[200];
    int64_t length = -1;
    FAILS(FAISSNET_INVALID_ARGUMENT, "bits", faissnet_capabilities(NULL));
    CHECK(faissnet_last_error(NULL, 0, &length) == FAISSNET_OK);
    EQUAL((int64_t)strlen(last_error()), length);
    for (int64_t capacity = 1; capacity <= length + 1; capacity++) {
        memset(buffer, '#', sizeof buffer);
        CHECK(faissnet_last_error(buffer, capacity, &length) == FAISSNET_OK);
        EQUAL(capacity - 1, (int64_t)strlen(buffer));
        CHECK(strncmp(buffer, last_error(), (size_t)capacity - 1) == 0);
        CHECK(buffer[capacity] == '#');
    }
    EQUAL(FAISSNET_INVALID_ARGUMENT, faissnet_last_error(buffer, 10, NULL));
    EQUAL(FAISSNET_INVALID_ARGUMENT, faissnet_last_error(NULL, 10, &length));
    EQUAL(FAISSNET_INVALID_ARGUMENT, faissnet_last_error(buffer, -1, &length));
    CHECK(strstr(last_error(), "bits") != NULL);
}

/* A cut never leaves half a character behind. */
TEST(errors, texts_are_cut_between_utf8_characters) {
    char buffer[300];
    int64_t length;
    faissnet_index* index;
    FAILS(FAISSNET_INVALID_ARGUMENT, "\xe2\x82\xac", faissnet_index_factory(4, "\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\x8d", 1, &index));
    CHECK(faissnet_last_error(NULL, 0, &length) == FAISSNET_OK);
    for (int64_t capacity = 1; capacity <= length + 1; capacity++) {
        CHECK(faissnet_last_error(buffer, capacity, &length) == FAISSNET_OK);
        const size_t got = strlen(buffer);
        CHECK(got < (size_t)capacity && got + 4 >= (size_t)capacity);
        CHECK((last_error()[got] & 0xc0) != 0x80); /* the first byte left out begins a character */
        CHECK(strncmp(buffer, last_error(), got) == 0);
    }
}

/* A longer one overflowed the stack in FAISS's regular expressions. */
TEST(errors, a_long_description) {
    enum { LONG = 100000 };
    char* description = malloc(LONG);
    faissnet_index* index = NULL;
    memset(description, 'x', LONG);
    description[LONG - 1] = '\0';
    FAILS(FAISSNET_INVALID_ARGUMENT, "99999 characters", faissnet_index_factory(4, description, 1, &index));
    description[1001] = '\0';
    FAILS(FAISSNET_INVALID_ARGUMENT, "1001 characters", faissnet_index_factory(4, description, 1, &index));
    description[1000] = '\0';
    FAILS(FAISSNET_INVALID_ARGUMENT, "xxx", faissnet_index_factory(4, description, 1, &index));
    CHECK(strlen(last_error()) < 1500);
    free(description);
}

/* FAISS's messages name its function, file and line; ours keep what a user can act on. */
TEST(errors, messages_of_faiss_come_without_their_place) {
    faissnet_index* bad = NULL;
    FAILS(FAISSNET_INVALID_ARGUMENT, "multiple of", faissnet_index_factory(D, "PQ3", 1, &bad));
    CHECK(strstr(last_error(), ".cpp") == NULL && strstr(last_error(), "Error in") == NULL);
}

/* What FAISS says and nobody foresaw comes through as it is. */
TEST(errors, unknown) {
    faissnet_index* index = create("PCA4,Flat");
    FAILS(FAISSNET_UNKNOWN, "PCA matrix cannot output", faissnet_index_train(index, 1, whole(), NULL));
    faissnet_index_free(index);
}

TEST(errors, out_of_memory) {
#ifdef __SANITIZE_ADDRESS__
    test_skip("AddressSanitizer ends the process where no memory is left");
#else
    /* more than an address can reach, so that no machine has it; the vectors are not looked at before */
    faissnet_index* index = create("Flat");
    faissnet_range_result* result = NULL;
    const int64_t start = live();
    FAILS(FAISSNET_OUT_OF_MEMORY, "memory", faissnet_index_range_search(index, INT64_C(1) << 57, whole(), 1, NULL, &result));
    CHECK(result == NULL);
    EQUAL(start, live());
    faissnet_index_free(index);
#endif
}
