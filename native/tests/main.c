/* faissnet_tests --list        the names of all tests
 * faissnet_tests group.case    runs one: exit code 0 passed, 1 failed, 77 skipped
 * faissnet_tests               runs all and sums up */
#include "test.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { PASSED = 0, FAILED = 1, SKIPPED = 77, CAPACITY = 400 };

static struct {
    const char* name;
    void (*run)(void);
} tests[CAPACITY];
static int count;

static _Thread_local jmp_buf* way_out; /* the thread that runs the test has one */
static atomic_int failures;

void test_register(const char* name, void (*run)(void)) {
    if (count == CAPACITY) abort();
    tests[count].name = name;
    tests[count++].run = run;
}

static _Noreturn void leave(int result) {
    if (way_out != NULL) longjmp(*way_out, result);
    pthread_exit(NULL);
}

void test_fail(const char* file, int line, const char* format, ...) {
    char message[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    atomic_fetch_add(&failures, 1);
    printf("%s:%d: %s\n    the library's last message: \"%s\"\n", file, line, message, last_error());
    leave(FAILED);
}

void test_skip(const char* reason) {
    printf("skipped: %s\n", reason);
    leave(SKIPPED);
}

static int run(int index) {
    jmp_buf here;
    atomic_store(&failures, 0);
    /* Small data: on a busy machine, OpenMP's threads would spend their time waiting for one another. Tests of threads set more. */
    faissnet_set_thread_count(1);
    const int result = setjmp(here);
    if (result == 0) {
        way_out = &here;
        tests[index].run();
    }
    way_out = NULL;
    return atomic_load(&failures) > 0 ? FAILED : result;
}

static int compare(const void* a, const void* b) {
    return strcmp(*(const char* const*)a, *(const char* const*)b);
}

int main(int argc, char** argv) {
    qsort(tests, (size_t)count, sizeof *tests, compare);
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (int i = 0; i < count; i++) puts(tests[i].name);
        return 0;
    }
    if (argc == 2) {
        for (int i = 0; i < count; i++) {
            if (strcmp(tests[i].name, argv[1]) == 0) return run(i);
        }
        fprintf(stderr, "no test is named \"%s\"\n", argv[1]);
        return 2;
    }
    int passed = 0, failed = 0, skipped = 0;
    for (int i = 0; i < count; i++) {
        printf("%s\n", tests[i].name);
        fflush(stdout);
        const int result = run(i);
        passed += result == PASSED;
        failed += result == FAILED;
        skipped += result == SKIPPED;
        if (result == FAILED) printf("%s FAILED\n", tests[i].name);
    }
    printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped);
    return failed > 0;
}
