#include "test.h"

#include <math.h>

static double got(const faissnet_index* index, const char* name) {
    double value = -1;
    OK(faissnet_index_get_parameter(index, name, &value));
    return value;
}

/* name = value on the index, and reads it back. */
static void round_trip(const char* description, const char* name, double value) {
    faissnet_index* index = create(description);
    OK(faissnet_index_set_parameter(index, name, value));
    CHECK(got(index, name) == value);
    faissnet_index_free(index);
}

TEST(parameters, come_back_as_they_were_set) {
    round_trip("IVF8,Flat", "nprobe", 5);
    round_trip("IVF8,Flat", "max_codes", 123);
    round_trip("IVF8,Flat", "max_codes", 0);
    round_trip("IVF8,Flat", "verbose", 1);
    round_trip("Flat", "verbose", 1);
    round_trip("Flat", "verbose", 0);
    round_trip("HNSW8", "efSearch", 77);
    round_trip("HNSW8", "efConstruction", 55);
    round_trip("IVF8_HNSW8,Flat", "efSearch", 77);
    round_trip("IVF8_HNSW8,Flat", "efConstruction", 77);
    round_trip("IVF8_HNSW8,Flat", "quantizer_efSearch", 78);
    round_trip("IVF8_HNSW8,Flat", "quantizer_efConstruction", 79);
    round_trip("IVF8_HNSW8,Flat", "quantizer_verbose", 0);
    round_trip("IVF8_HNSW8,Flat", "quantizer_verbose", 1);
    round_trip("PQ4x4", "ht", 9);
    round_trip("PQ4x4", "ht", 0);
    round_trip("PQ4x4", "ht", 16); /* all bits: no filter */
    round_trip("IVF8,PQ4x4", "ht", 9);
    round_trip("IVF8,PQ4x4", "ht", 16);
    round_trip("IVF8,PQ1+1", "k_factor", 3);
    round_trip("IVF8,PQ4x4,RFlat", "k_factor_rf", 7);
    round_trip("IVF8,PQ4x4,RFlat", "k_factor_rf", 1000);
    round_trip("IVF8,PQ4x4,RFlat", "nprobe", 7);
    round_trip("IDMap,PCA4,IVF8,Flat", "nprobe", 7);
    round_trip("PCA4,IVF8,Flat", "max_codes", 2147483647);
}

TEST(parameters, infinite_max_codes_is_none) {
    faissnet_index* index = create("IVF8,Flat");
    OK(faissnet_index_set_parameter(index, "max_codes", 100));
    OK(faissnet_index_set_parameter(index, "max_codes", INFINITY));
    CHECK(got(index, "max_codes") == 0);
    faissnet_index_free(index);
}

TEST(parameters, nprobe_by_name_is_nprobe_by_property) {
    faissnet_index* index = create("IDMap,PCA4,IVF8,Flat");
    int64_t nprobe;
    CHECK(got(index, "nprobe") == 1);
    OK(faissnet_index_set_nprobe(index, 4));
    CHECK(got(index, "nprobe") == 4);
    OK(faissnet_index_set_parameter(index, "nprobe", 6));
    OK(faissnet_index_get_nprobe(index, &nprobe));
    EQUAL(6, nprobe);
    faissnet_index_free(index);
}

TEST(parameters, refuse_values) {
    faissnet_index* index = create("IVF8_HNSW8,PQ4x4,RFlat");
    static const char* const from_1[] = {"nprobe", "efSearch", "efConstruction", "k_factor_rf", "quantizer_efSearch"};
    static const char* const from_0[] = {"max_codes", "ht", "verbose", "quantizer_verbose"};
    const double never[] = {-1, -INFINITY, NAN, 2147483648.0, 1e300, -0.5};
    for (size_t v = 0; v < sizeof never / sizeof *never; v++) {
        for (int i = 0; i < 5; i++) FAILS(FAISSNET_INVALID_ARGUMENT, "expected 1", faissnet_index_set_parameter(index, from_1[i], never[v]));
        for (int i = 0; i < 4; i++) FAILS(FAISSNET_INVALID_ARGUMENT, "expected 0", faissnet_index_set_parameter(index, from_0[i], never[v]));
    }
    for (int i = 0; i < 5; i++) {
        FAILS(FAISSNET_INVALID_ARGUMENT, "expected 1", faissnet_index_set_parameter(index, from_1[i], 0));
        FAILS(FAISSNET_INVALID_ARGUMENT, "expected 1", faissnet_index_set_parameter(index, from_1[i], INFINITY));
    }
    FAILS(FAISSNET_INVALID_ARGUMENT, "expected 0", faissnet_index_set_parameter(index, "verbose", INFINITY));
    /* k * k_factor candidates are allocated per query; newer FAISS does not read more than 1000 back */
    FAILS(FAISSNET_INVALID_ARGUMENT, "to 1000", faissnet_index_set_parameter(index, "k_factor_rf", 1001));
    FAILS(FAISSNET_INVALID_ARGUMENT, "to 1000", faissnet_index_set_parameter(index, "k_factor", 1e9));
    CHECK(got(index, "nprobe") == 1);
    faissnet_index_free(index);
}

TEST(parameters, refuse_names) {
    static const struct {
        const char *description, *name;
    } none[] = {
        {"Flat", "nprobe"}, {"Flat", ""}, {"Flat", "efSearch"}, {"HNSW8", "nprobe"}, {"IVF8,Flat", "efSearch"}, {"IVF8,Flat", "ht"},
        {"IVF8,Flat", "Nprobe"}, {"IVF8,Flat", "nprobe "}, {"IVF8,Flat", "k_factor"}, {"IVF8,Flat", "k_factor_rf"},
        {"IVF8,Flat", "quantizer_nprobe"}, {"IVF8,Flat", "quantizer_"}, {"Flat", "quantizer_verbose"}, {"IVF8,PQ4x4,RFlat", "k_factor"}};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        double value = -7;
        faissnet_index* index = create(none[i].description);
        FAILS(FAISSNET_INVALID_ARGUMENT, "no such parameter", faissnet_index_set_parameter(index, none[i].name, 5));
        FAILS(FAISSNET_INVALID_ARGUMENT, "no such parameter", faissnet_index_get_parameter(index, none[i].name, &value));
        CHECK(value == -7);
        faissnet_index_free(index);
    }
}

TEST(parameters, refuse_null) {
    double value;
    faissnet_index* index = create("IVF8,Flat");
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_set_parameter(NULL, "nprobe", 1));
    FAILS(FAISSNET_INVALID_ARGUMENT, "name", faissnet_index_set_parameter(index, NULL, 1));
    FAILS(FAISSNET_INVALID_ARGUMENT, "index", faissnet_index_get_parameter(NULL, "nprobe", &value));
    FAILS(FAISSNET_INVALID_ARGUMENT, "name", faissnet_index_get_parameter(index, NULL, &value));
    FAILS(FAISSNET_INVALID_ARGUMENT, "value", faissnet_index_get_parameter(index, "nprobe", NULL));
    faissnet_index_free(index);
}

TEST(parameters, a_long_name_is_cut_in_the_message) {
    char name[5000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    faissnet_index* index = create("Flat");
    FAILS(FAISSNET_INVALID_ARGUMENT, "xxx", faissnet_index_set_parameter(index, name, 5));
    CHECK(strlen(last_error()) < 300);
    FAILS(FAISSNET_INVALID_ARGUMENT, "xxx", faissnet_index_set_parameter(index, name, -5));
    CHECK(strlen(last_error()) < 300);
    faissnet_index_free(index);
}
