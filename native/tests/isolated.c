/* Loads the library by its path, on a machine that has glibc and the packed files and nothing else, and uses enough of it
 * to reach BLAS (k-means), OpenMP and LAPACK (the eigenvectors of PCA). */
#include "faissnet.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { D = 16, N = 2000, K = 5 };

static void* library;

static void* resolve(const char* name) {
    void* symbol = dlsym(library, name);
    if (!symbol) {
        fprintf(stderr, "%s is not exported\n", name);
        exit(1);
    }
    return symbol;
}

/* ISO C has no conversion from an object pointer to a function pointer; POSIX grants this one. */
#define FUNCTION(name) (*(__typeof__(&name)*)&(void*){resolve(#name)})

static void check(faissnet_status status, const char* call) {
    if (status == FAISSNET_OK) return;
    char message[512] = "";
    int64_t length;
    FUNCTION(faissnet_last_error)(message, sizeof message, &length);
    fprintf(stderr, "%s: status %d: %s\n", call, (int)status, message);
    exit(1);
}

#define CALL(name, ...) check(FUNCTION(name)(__VA_ARGS__), #name)

/* A vector that was stored is its own nearest neighbour if the codes are exact, and among the nearest if they are not. */
static void use(const char* factory, const float* x, int at_least) {
    faissnet_index* index;
    float distances[K];
    int64_t labels[K];
    int found = 0;

    CALL(faissnet_index_factory, D, factory, FAISSNET_METRIC_L2, &index);
    CALL(faissnet_index_train, index, N, x, NULL);
    CALL(faissnet_index_add, index, N, x);
    CALL(faissnet_index_set_nprobe, index, 8);
    for (int64_t i = 0; i < 100; i++) {
        CALL(faissnet_index_search, index, 1, x + i * D, K, NULL, distances, labels);
        for (int j = 0; j < K; j++) found += labels[j] == i;
    }
    FUNCTION(faissnet_index_free)(index);

    printf("%s: %d of 100 vectors found themselves\n", factory, found);
    if (found < at_least) exit(1);
}

int main(int argc, char** argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: %s /path/to/libfaissnet.so\n", argv[0]);
        return 2;
    }
    library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }

    float* x = malloc(sizeof(float) * N * D);
    if (!x) return 1;
    uint32_t state = 1;
    for (int i = 0; i < N * D; i++) {
        state = state * 1664525u + 1013904223u;
        x[i] = (float)(state >> 8) / 16777216.0f;
    }
    use("IVF8,Flat", x, 100);
    use("IVF8,PQ8x5np", x, 90);
    use("PCA16,IVF8,Flat", x, 100);
    free(x);
    printf("ok\n");
    return 0;
}
