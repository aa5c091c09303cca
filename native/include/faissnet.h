/* FaissNet's C interface to FAISS: the only header that the .NET side sees.
 *
 * Rules that hold for every function:
 *  - Pure C11. Sizes and counts are int64_t, flags int32_t (0 or 1), strings UTF-8.
 *  - A faissnet_status comes back; results come through out-parameters, which are
 *    written only when the status is FAISSNET_OK. `_free` functions return nothing,
 *    accept NULL and never fail.
 *  - No C++ exception and no abort crosses this interface. When a call fails, its
 *    message waits in faissnet_last_error() of the same thread until that thread's
 *    next call.
 *  - Vectors are row-major float32: vector i starts at x + i * d.
 *  - Any number of threads may call the functions that take a `const faissnet_index*`
 *    at once; functions that take a plain `faissnet_index*` need the index to
 *    themselves. The caller keeps that promise (in .NET: VectorIndex's gate).
 *  - A text is copied into the caller's buffer, cut and zero-terminated if need be;
 *    *length receives its whole length without the zero. buffer may be NULL when
 *    capacity is 0, which asks for the length alone.
 */
#ifndef FAISSNET_H
#define FAISSNET_H

#include <stdint.h>

#if defined(_WIN32)
#if defined(FAISSNET_BUILD)
#define FAISSNET_API __declspec(dllexport)
#else
#define FAISSNET_API __declspec(dllimport)
#endif
#else
#define FAISSNET_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Raised whenever a declaration below changes in a way that an older caller would feel. */
#define FAISSNET_ABI_VERSION 5

typedef int32_t faissnet_status;

enum {
    FAISSNET_OK = 0,
    FAISSNET_INVALID_ARGUMENT = 1, /* an argument has no meaning here; the message names it */
    FAISSNET_NOT_TRAINED = 2,      /* the index must be trained before this call */
    FAISSNET_OUT_OF_MEMORY = 3,
    FAISSNET_IO = 4,               /* a file or a callback could not be read or written */
    FAISSNET_CORRUPT = 5,          /* the data read is no valid index */
    FAISSNET_UNSUPPORTED = 6,      /* this build, FAISS version or index type cannot do it */
    FAISSNET_CANCELLED = 7,        /* the monitor, or who set cancelled, asked to stop */
    FAISSNET_GPU = 8,
    FAISSNET_NOT_FOUND = 9,        /* no vector with that id */
    FAISSNET_UNKNOWN = 10          /* FAISS reported something else; its message follows */
};

/* FAISS's MetricType, same values. */
enum {
    FAISSNET_METRIC_INNER_PRODUCT = 0,
    FAISSNET_METRIC_L2 = 1, /* squared Euclidean distance */
    FAISSNET_METRIC_L1 = 2,
    FAISSNET_METRIC_LINF = 3,
    FAISSNET_METRIC_LP = 4,
    FAISSNET_METRIC_CANBERRA = 20,
    FAISSNET_METRIC_BRAY_CURTIS = 21,
    FAISSNET_METRIC_JENSEN_SHANNON = 22
};

/* What an index is at its outermost, as far as this interface has a type for it. */
enum {
    FAISSNET_KIND_OTHER = 0,
    FAISSNET_KIND_FLAT = 1,
    FAISSNET_KIND_IVF_FLAT = 2,
    FAISSNET_KIND_IVF_PQ = 3,
    FAISSNET_KIND_IVF_PQ_FAST_SCAN = 4,
    FAISSNET_KIND_IVF_SCALAR_QUANTIZER = 5,
    FAISSNET_KIND_IVF_RESIDUAL_QUANTIZER = 6,
    FAISSNET_KIND_IVF_LOCAL_SEARCH_QUANTIZER = 7,
    FAISSNET_KIND_IVF_RABITQ = 8,
    FAISSNET_KIND_PQ = 9,
    FAISSNET_KIND_PQ_FAST_SCAN = 10,
    FAISSNET_KIND_SCALAR_QUANTIZER = 11,
    FAISSNET_KIND_RESIDUAL_QUANTIZER = 12,
    FAISSNET_KIND_LOCAL_SEARCH_QUANTIZER = 13,
    FAISSNET_KIND_RABITQ = 14,
    FAISSNET_KIND_LSH = 15,
    FAISSNET_KIND_HNSW_FLAT = 16,
    FAISSNET_KIND_HNSW_SQ = 17,
    FAISSNET_KIND_HNSW_PQ = 18,
    FAISSNET_KIND_PRE_TRANSFORM = 19,
    FAISSNET_KIND_ID_MAP = 20,
    FAISSNET_KIND_ID_MAP2 = 21,
    FAISSNET_KIND_REFINE = 22,
    FAISSNET_KIND_REFINE_FLAT = 23,
    FAISSNET_KIND_SHARDS = 24,
    FAISSNET_KIND_REPLICAS = 25,
    FAISSNET_KIND_IVF_PQR = 26,
    FAISSNET_KIND_IVF_PRODUCT_RESIDUAL_QUANTIZER = 27,
    FAISSNET_KIND_IVF_PRODUCT_LOCAL_SEARCH_QUANTIZER = 28,
    FAISSNET_KIND_PRODUCT_RESIDUAL_QUANTIZER = 29,
    FAISSNET_KIND_PRODUCT_LOCAL_SEARCH_QUANTIZER = 30
};

/* Bits of faissnet_capabilities(). */
enum {
    FAISSNET_CAPABILITY_GPU = 1,                  /* built with FAISS's GPU part */
    FAISSNET_CAPABILITY_FAST_SCAN_PARAMETERS = 2, /* IVF fast-scan takes nprobe per call */
    FAISSNET_CAPABILITY_DYNAMIC_SIMD = 4,         /* one library picks its kernels at run time */
    FAISSNET_CAPABILITY_RABITQ = 8,               /* has RaBitQ indexes */
    FAISSNET_CAPABILITY_STOPPABLE_ALGEBRA = 16    /* products of matrices and decompositions of a training can be stopped */
};

typedef struct faissnet_index faissnet_index;
typedef struct faissnet_range_result faissnet_range_result;
typedef struct faissnet_transform faissnet_transform;

/* ---- Runtime ---------------------------------------------------------------- */

FAISSNET_API faissnet_status faissnet_abi_version(int32_t* version);

/* The message of this thread's last failed call; empty if that call succeeded. */
FAISSNET_API faissnet_status faissnet_last_error(char* buffer, int64_t capacity, int64_t* length);

/* FAISS's version, such as "1.7.3". */
FAISSNET_API faissnet_status faissnet_faiss_version(char* buffer, int64_t capacity, int64_t* length);

/* FAISS's own description of its build, such as "OPTIMIZE AVX2 ". */
FAISSNET_API faissnet_status faissnet_compile_options(char* buffer, int64_t capacity, int64_t* length);

/* The instruction set that this library was linked for: "generic", "avx2", "avx512" or "dynamic". */
FAISSNET_API faissnet_status faissnet_variant(char* buffer, int64_t capacity, int64_t* length);

/* The instruction set in use: that of the variant, or in a "dynamic" library what it chose:
 * "generic", "avx2" or "avx512". Only a dynamic library can be set to another one (before its first search),
 * and only to one that the processor has; others answer FAISSNET_UNSUPPORTED. */
FAISSNET_API faissnet_status faissnet_get_simd_level(char* buffer, int64_t capacity, int64_t* length);
FAISSNET_API faissnet_status faissnet_set_simd_level(const char* level);

/* The BLAS that is linked in and how it was built; "unknown" where it does not say. */
FAISSNET_API faissnet_status faissnet_blas_info(char* buffer, int64_t capacity, int64_t* length);

FAISSNET_API faissnet_status faissnet_capabilities(int64_t* bits);

/* The threads that FAISS and BLAS may use in each call; searches that run at once divide them. One setting for all
 * calling threads; OpenMP alone would keep one per thread. 1 <= threads <= 1024. */
FAISSNET_API faissnet_status faissnet_get_thread_count(int32_t* threads);
FAISSNET_API faissnet_status faissnet_set_thread_count(int32_t threads);

/* Indexes and range results that were created and not yet freed: for leak tests. */
FAISSNET_API faissnet_status faissnet_live_handles(int64_t* count);

/* ---- Lifecycle -------------------------------------------------------------- */

/* FAISS's index_factory, as in "OPQ16,IVF4096,PQ16". The new index owns all its parts. */
FAISSNET_API faissnet_status faissnet_index_factory(
    int32_t d, const char* description, int32_t metric, faissnet_index** index);

/* IndexFlat; any metric. */
FAISSNET_API faissnet_status faissnet_index_flat_new(int32_t d, int32_t metric, faissnet_index** index);

/* What an index of one of the kinds up to FAISSNET_KIND_HNSW_PQ, or from FAISSNET_KIND_IVF_PQR on, is made from. Fields that the kind does not
 * name are not looked at. */
typedef struct faissnet_index_spec {
    int32_t kind;
    int32_t metric;
    int32_t d;
    int32_t nbits;       /* bits per sub-quantizer (PQ and fast-scan, residual and local search quantizers); bits of an LSH code */
    int64_t nlist;       /* IVF: inverted lists */
    int64_t m;           /* sub-quantizers; of a product of residual or local search quantizers, those of each part */
    int64_t nsplits;     /* products of residual or local search quantizers: parts of a vector */
    int64_t m_refine;    /* IVFPQR: sub-quantizers of what the codes leave over; nbits_refine are the bits of each */
    int32_t nbits_refine;
    int32_t links;       /* HNSW: links per vector and level, FAISS's M */
    int32_t qtype;       /* scalar quantizers: FAISS's QuantizerType */
    int32_t block;       /* fast-scan: vectors per block, a multiple of 32; 0 stands for 32 */
    int32_t search_type; /* residual and local search quantizers: FAISS's AdditiveQuantizer::Search_type_t */
    int32_t rotate;      /* LSH: whether to rotate the vectors */
    int32_t thresholds;  /* LSH: whether to learn thresholds */
    struct faissnet_index* quantizer; /* IVF: the coarse quantizer, which becomes a part of the new index; NULL for a flat one */
} faissnet_index_spec;

/* FAISS's constructors. A quantizer must be a whole index without vectors, or with nlist of them, of dimension d; the handle then stands for
 * the part of the new index. What this FAISS does not have answers FAISSNET_UNSUPPORTED. */
FAISSNET_API faissnet_status faissnet_index_new(const faissnet_index_spec* spec, faissnet_index** index);

/* The following put an index around others. Those must be whole ones; their handles then stand for the parts of the new index. */

/* IndexIDMap, or with two_way IndexIDMap2: keeps ids of the caller's for base, which is empty. */
FAISSNET_API faissnet_status faissnet_index_id_map_new(faissnet_index* base, int32_t two_way, faissnet_index** index);

/* IndexPreTransform: transforms d components as the factory's description of transforms says ("OPQ16_64", "PCA32,L2norm"), then adds to
 * base or searches it. */
FAISSNET_API faissnet_status faissnet_index_pre_transform_new(
    int32_t d, const char* transforms, faissnet_index* base, faissnet_index** index);

/* The same with transforms of the caller's, in the order in which they are applied; the index gets copies of them as they are. Those that are
 * trained stay so when it is trained, the others learn then. */
FAISSNET_API faissnet_status faissnet_index_pre_transform_of(
    int64_t count, const faissnet_transform* const* transforms, faissnet_index* base, faissnet_index** index);

/* IndexRefine: orders what base finds by the distances of refine; both hold the same vectors, or none. NULL for IndexRefineFlat, which keeps
 * the vectors as they are; base is empty then. */
FAISSNET_API faissnet_status faissnet_index_refine_new(faissnet_index* base, faissnet_index* refine, faissnet_index** index);

/* IndexShards, each member with a part of the vectors, and IndexReplicas, each with all of them; without members yet. successive_ids: the
 * ids of each shard go on where those of the one before end; otherwise shards store the caller's ids. */
FAISSNET_API faissnet_status faissnet_index_shards_new(int32_t d, int32_t metric, int32_t successive_ids, faissnet_index** index);
FAISSNET_API faissnet_status faissnet_index_replicas_new(int32_t d, int32_t metric, faissnet_index** index);

/* Takes a shard or replica in, which must be of the same dimension, metric and state of training; replicas of the same number of
 * vectors. */
FAISSNET_API faissnet_status faissnet_index_add_member(faissnet_index* index, faissnet_index* member);

/* A deep copy. */
FAISSNET_API faissnet_status faissnet_index_clone(const faissnet_index* index, faissnet_index** copy);

FAISSNET_API void faissnet_index_free(faissnet_index* index);

/* ---- Parts ------------------------------------------------------------------ */

enum {
    FAISSNET_PART_BASE = 1,      /* inside IDMap, PreTransform and Refine */
    FAISSNET_PART_REFINE = 2,    /* what a Refine orders candidates by */
    FAISSNET_PART_QUANTIZER = 3, /* the coarse quantizer of an IVF */
    FAISSNET_PART_STORAGE = 4,   /* the vectors under an HNSW graph */
    FAISSNET_PART_SHARD = 5      /* one of Shards or Replicas */
};

/* How many parts of a kind an index has right inside it; 0 if it has no such parts. */
FAISSNET_API faissnet_status faissnet_index_part_count(const faissnet_index* index, int32_t part, int64_t* count);

/* A handle for a part. It keeps the whole index alive, and must be freed like any other; the rule on threads holds for all handles of one
 * index together. What would leave the whole with content that it does not know of answers FAISSNET_UNSUPPORTED: of a quantizer the centroids
 * can change while the lists are empty, of an index behind transforms and of shards everything, of others settings alone, and training
 * while the whole is empty. */
FAISSNET_API faissnet_status faissnet_index_part(faissnet_index* index, int32_t part, int64_t number, faissnet_index** view);

/* ---- Training and content --------------------------------------------------- */

enum {
    /* In the order in which they come. */
    FAISSNET_STAGE_TRANSFORM = 0, /* k-means iterations of the product quantizers that an OPQ transform trains */
    FAISSNET_STAGE_COARSE = 1,    /* k-means iterations of the coarse quantizer */
    FAISSNET_STAGE_CODES = 2      /* k-means iterations of the product quantizer, all sub-quantizers, or of residual quantizers; iterations of local search quantizers */
};

/* Told after every k-means iteration, on the thread that called train; asked more often whether to go on
 * (then with the numbers of the last report, or 0 of 0 before the first). A value other than 0 stops the call with
 * FAISSNET_CANCELLED. A cancelled index is left untrained. */
typedef int32_t (*faissnet_monitor_fn)(void* context, int32_t stage, int64_t done, int64_t total);

typedef struct faissnet_monitor {
    faissnet_monitor_fn report;
    void* context;
} faissnet_monitor;

/* x: n * d floats, finite. monitor may be NULL. */
FAISSNET_API faissnet_status faissnet_index_train(
    faissnet_index* index, int64_t n, const float* x, const faissnet_monitor* monitor);

/* Makes room for n more vectors where an index keeps all of them in one block, which is moved as it grows: of gigabytes that takes seconds. Asked
 * beforehand it can be stopped (the monitor's numbers mean nothing), and leaves the index as it was. Only a monitor makes it do anything. with_ids: whether
 * they are going to be added under ids. */
FAISSNET_API faissnet_status faissnet_index_make_room(faissnet_index* index, int64_t n, int32_t with_ids, const faissnet_monitor* monitor);

/* Adds n vectors with the ids ntotal, ntotal + 1, … */
FAISSNET_API faissnet_status faissnet_index_add(faissnet_index* index, int64_t n, const float* x);

/* Adds n vectors under the caller's ids. An id of -1 is refused: it means "no neighbour". */
FAISSNET_API faissnet_status faissnet_index_add_with_ids(
    faissnet_index* index, int64_t n, const float* x, const int64_t* ids);

/* Forgets every vector and keeps the training. */
FAISSNET_API faissnet_status faissnet_index_reset(faissnet_index* index);

enum {
    FAISSNET_SELECT_RANGE = 1,    /* min <= id < max */
    FAISSNET_SELECT_IDS = 2,      /* ids[0 … count); searches take them fastest in ascending order */
    FAISSNET_SELECT_BITMAP = 3,   /* 0 <= id < 8 * count and bit id % 8 of bits[id / 8] is set */
    FAISSNET_SELECT_ALL = 4,
    FAISSNET_SELECT_NOT = 5,      /* those that left does not hold */
    FAISSNET_SELECT_AND = 6,      /* left and right */
    FAISSNET_SELECT_OR = 7,
    FAISSNET_SELECT_XOR = 8,      /* exactly one of left and right */
    FAISSNET_SELECT_CALLBACK = 9  /* those that test says yes to */
};

/* Whether the set holds an id: 0 or anything else. Called from any number of FAISS's threads at once; it must come back and
 * not call into this library. */
typedef int32_t (*faissnet_select_fn)(void* context, int64_t id);

/* A set of ids. Fields that its kind does not name are not looked at. */
typedef struct faissnet_selector {
    int32_t kind;
    int32_t reserved; /* 0 */
    int64_t min;
    int64_t max;
    int64_t count; /* of ids, or bytes of bits */
    const int64_t* ids;
    const uint8_t* bits;
    const struct faissnet_selector* left;
    const struct faissnet_selector* right;
    faissnet_select_fn test;
    void* context;
} faissnet_selector;

/* Removes the selected vectors. Indexes without stored ids (flat ones) number the rest anew, as FAISS does. */
FAISSNET_API faissnet_status faissnet_index_remove_ids(
    faissnet_index* index, const faissnet_selector* selector, int64_t* removed);

/* Moves all vectors of other here and adds add_id >= 0 to their ids; other is empty afterwards. Types that store no ids number
 * on, and take no add_id but ntotal. The two must be of one type with the same training (centroids, codebooks, transforms),
 * which is checked: else FAISSNET_INVALID_ARGUMENT, and nothing has changed. */
FAISSNET_API faissnet_status faissnet_index_merge_from(faissnet_index* index, faissnet_index* other, int64_t add_id);

/* ---- Search ----------------------------------------------------------------- */

/* Overrides for one call. 0 and NULL mean: as the index is set. */
typedef struct faissnet_search_parameters {
    int64_t nprobe;    /* lists to visit; clamped to nlist */
    int64_t max_codes; /* vectors to compare at most; FAISS before 1.14 rounds up to whole lists */
    double k_factor;   /* a refined index: candidates per neighbour that is asked for, 1 to 1000 */
    const faissnet_selector* selector; /* the ids that may be found */
    int64_t ef_search; /* HNSW, or the HNSW quantizer of an IVF: candidates to keep */
    int64_t ht;        /* PQ with polysemous codes: compare only those that differ from the query's in fewer bits */
    const int32_t* cancelled; /* set to nonzero by another thread: the search need not wait for others any longer. Looked at every 50 ms
                               * by faissnet_index_search while it waits its turn, which then answers FAISSNET_CANCELLED */
} faissnet_search_parameters;

/* Searches of flat indexes of 16 MB or more take turns: no more of them run at once than there are processors, and those that waited
 * for the same index with the same k are answered together.
 * distances and labels: n * k each. Where fewer than k neighbours exist, labels are -1 and distances
 * the worst value of the metric, as in FAISS. parameters may be NULL. */
FAISSNET_API faissnet_status faissnet_index_search(
    const faissnet_index* index, int64_t n, const float* x, int64_t k,
    const faissnet_search_parameters* parameters, float* distances, int64_t* labels);

/* All vectors nearer than radius (L2: squared), or with an inner product above it. */
FAISSNET_API faissnet_status faissnet_index_range_search(
    const faissnet_index* index, int64_t n, const float* x, float radius,
    const faissnet_search_parameters* parameters, faissnet_range_result** result);

/* Query i's hits are labels[limits[i]] … labels[limits[i + 1] - 1]. The pointers live as long as the result. */
FAISSNET_API faissnet_status faissnet_range_result_view(
    const faissnet_range_result* result, const int64_t** limits, const int64_t** labels, const float** distances);

FAISSNET_API void faissnet_range_result_free(faissnet_range_result* result);

/* The stored vector of an id (what the code decodes to, if the index compresses). vector: d floats.
 * Works on IVF indexes without a direct map: the first call builds a look-up table of 24 bytes per vector,
 * which lives until the content changes. */
FAISSNET_API faissnet_status faissnet_index_reconstruct(const faissnet_index* index, int64_t id, float* vector);

/* ---- Inverted lists --------------------------------------------------------- */

/* These are of an index that is an IVF itself; others answer FAISSNET_UNSUPPORTED. */

/* What one list holds, in the order in which it is stored. count is the list's size (faissnet_index_list_sizes); ids takes as many
 * numbers, codes as many codes of the IVF's code_size. Either may be NULL. */
FAISSNET_API faissnet_status faissnet_index_list_read(
    const faissnet_index* index, int64_t list, int64_t count, int64_t* ids, uint8_t* codes);

/* The lists that a search of each vector would visit, nearest first, with the distances of their centroids: n * nprobe each; -1 where the
 * quantizer finds no more. */
FAISSNET_API faissnet_status faissnet_index_choose_lists(
    const faissnet_index* index, int64_t n, const float* x, int64_t nprobe, int64_t* lists, float* distances);

/* A search of given lists (FAISS's search_preassigned): n * nprobe numbers, -1 for none, and the distances of their centroids as
 * faissnet_index_choose_lists finds them, which enter into the distances of codes. Results as in faissnet_index_search. */
FAISSNET_API faissnet_status faissnet_index_search_lists(
    const faissnet_index* index, int64_t n, const float* x, int64_t k, int64_t nprobe, const int64_t* lists,
    const float* list_distances, float* distances, int64_t* labels);

/* Lists of an index, of an IVF or one behind transforms, that a view shows. */
typedef struct faissnet_list_run {
    const faissnet_index* source;
    int64_t first;  /* the number of the first of them there */
    int64_t count;
    int64_t at;     /* the number of the first of them in the view */
    int64_t add_id; /* at least 0: what their ids are raised by in the view */
} faissnet_list_run;

enum {
    FAISSNET_LISTS_ALL = 1,  /* a list of the view is all that runs show as it, one behind the other */
    FAISSNET_LISTS_FIRST = 2 /* the first of them that is not empty */
};

/* A new index with the training of trained (which may hold vectors or none), whose inverted lists are views of those of others: nothing is copied
 * but centroids, codebooks and precomputed tables (for a moment all of trained, where its codes are of another kind than flat, PQ and SQ), and lists in files
 * stay there. FAISS's HStack-, VStack-, Slice-, Masked- and StopWordsInvertedLists. max_size: lists
 * of more vectors are shown empty; -1: all are shown. Of the same training are the sources too, and have for each list the centroid that
 * trained has, which is checked: else FAISSNET_INVALID_ARGUMENT. A view is saved and cloned as an index of its own.
 * Neither the view nor its sources can be changed while it lives: FAISSNET_UNSUPPORTED. The handles of the sources may be freed before. Fast-scan has no
 * views. */
FAISSNET_API faissnet_status faissnet_index_view_lists(
    const faissnet_index* trained, int64_t count, const faissnet_list_run* runs, int32_t choice, int64_t max_size, faissnet_index** index);

/* ---- Codes ------------------------------------------------------------------ */

/* FAISS's sa_code_size, sa_encode and sa_decode: vectors to bytes and back without storing them. The code of an IVF index begins
 * with the number of the list. codes: n * size bytes; vectors: n * d floats. */
FAISSNET_API faissnet_status faissnet_index_encoded_size(const faissnet_index* index, int64_t* size);
FAISSNET_API faissnet_status faissnet_index_encode(const faissnet_index* index, int64_t n, const float* x, uint8_t* codes);
FAISSNET_API faissnet_status faissnet_index_decode(const faissnet_index* index, int64_t n, const uint8_t* codes, float* x);

/* FAISS's add_sa_codes: adds what faissnet_index_encode wrote, under the caller's ids, or numbered on if ids is NULL. The codes may have come
 * from anywhere: FAISSNET_INVALID_ARGUMENT if one is of a list that does not exist, or stores floats that are not finite; nothing has changed
 * then. Graphs, and types that keep more of a vector than its code answer FAISSNET_UNSUPPORTED. */
FAISSNET_API faissnet_status faissnet_index_add_codes(faissnet_index* index, int64_t n, const uint8_t* codes, const int64_t* ids);

/* ---- Properties ------------------------------------------------------------- */

FAISSNET_API faissnet_status faissnet_index_kind(const faissnet_index* index, int32_t* kind);

/* FAISS's class name, wrappers from the outside in: "IndexPreTransform(IndexIVFPQ)". */
FAISSNET_API faissnet_status faissnet_index_type_name(
    const faissnet_index* index, char* buffer, int64_t capacity, int64_t* length);

FAISSNET_API faissnet_status faissnet_index_d(const faissnet_index* index, int32_t* d);
FAISSNET_API faissnet_status faissnet_index_ntotal(const faissnet_index* index, int64_t* ntotal);
FAISSNET_API faissnet_status faissnet_index_is_trained(const faissnet_index* index, int32_t* is_trained);
FAISSNET_API faissnet_status faissnet_index_metric(const faissnet_index* index, int32_t* metric);

/* Bytes of one vector's code, the id not counted (FAISS's sa_code_size, or an IVF's code_size). */
FAISSNET_API faissnet_status faissnet_index_code_size(const faissnet_index* index, int64_t* code_size);

/* The following look through IDMap, PreTransform and Refine for the IVF or PQ inside;
 * FAISSNET_UNSUPPORTED if there is none. */
FAISSNET_API faissnet_status faissnet_index_nlist(const faissnet_index* index, int64_t* nlist);
FAISSNET_API faissnet_status faissnet_index_get_nprobe(const faissnet_index* index, int64_t* nprobe);
FAISSNET_API faissnet_status faissnet_index_set_nprobe(faissnet_index* index, int64_t nprobe);
FAISSNET_API faissnet_status faissnet_index_list_sizes(const faissnet_index* index, int64_t count, int64_t* sizes);
FAISSNET_API faissnet_status faissnet_index_pq_m(const faissnet_index* index, int64_t* m);
FAISSNET_API faissnet_status faissnet_index_pq_nbits(const faissnet_index* index, int32_t* nbits);

/* FAISS's ParameterSpace by name: nprobe, max_codes, efSearch, efConstruction, ht, k_factor, k_factor_rf,
 * verbose, and quantizer_… for the coarse quantizer's own. */
FAISSNET_API faissnet_status faissnet_index_set_parameter(faissnet_index* index, const char* name, double value);
FAISSNET_API faissnet_status faissnet_index_get_parameter(const faissnet_index* index, const char* name, double* value);

/* The parameters worth trying on the index, each with values from the fastest to the most accurate: "nprobe=1,2,4;k_factor_rf=1,2". A value
 * may be "inf", for no limit. */
FAISSNET_API faissnet_status faissnet_index_parameter_ranges(
    const faissnet_index* index, char* buffer, int64_t capacity, int64_t* length);

/* What a type has beside that, by FAISS's names of its fields, of this index itself: M, nbits, qtype, bbs, rotate_data, train_thresholds,
 * search_type, nsplits, M_refine, nbits_refine and successive_ids can be read; by_residual, rangestat, rangestat_arg, do_polysemous_training,
 * train_type, niter_codebook_refine, train_iters and train_ils_iters also set before training; metric_arg (of flat indexes, and graphs over
 * them, with the metric Lp) before adding; use_precomputed_table (-1 never, 0 if it is small enough, 1 always), parallel_mode, cp.niter,
 * cp.nredo, cp.seed, cp.spherical, cp.max_points_per_centroid, max_beam_size, encode_ils_iters, icm_iters, nperts, random_seed and qb at any
 * time. FAISSNET_UNSUPPORTED where the type has no such field or it cannot be set (any more). */
FAISSNET_API faissnet_status faissnet_index_set_option(faissnet_index* index, const char* name, double value);
FAISSNET_API faissnet_status faissnet_index_get_option(const faissnet_index* index, const char* name, double* value);

/* ---- Input and output ------------------------------------------------------- */

/* Bytes read, 0 at the end, negative on failure. May return less than asked for. */
typedef int64_t (*faissnet_read_fn)(void* context, void* buffer, int64_t size);

/* 0 when all of it was written, anything else on failure. */
typedef int32_t (*faissnet_write_fn)(void* context, const void* buffer, int64_t size);

FAISSNET_API faissnet_status faissnet_index_write_file(const faissnet_index* index, const char* path);
FAISSNET_API faissnet_status faissnet_index_read_file(const char* path, faissnet_index** index);
FAISSNET_API faissnet_status faissnet_index_write(const faissnet_index* index, faissnet_write_fn write, void* context);
FAISSNET_API faissnet_status faissnet_index_read(faissnet_read_fn read, void* context, faissnet_index** index);

/* ---- Inverted lists in files -------------------------------------------------
 * FAISS's OnDiskInvertedLists and IO_FLAG_MMAP: codes and ids stay in a file that is mapped. POSIX systems only; others answer
 * FAISSNET_UNSUPPORTED, as do fast-scan indexes, whose lists are blocks. While an index is open, nobody else may write to its
 * files or cut them. */

/* Writes the lists of the index, and list by list behind them those of others, to a new data file, and searches them there from now
 * on. What was at the path is replaced once all is written and on the disk. others must have the same training, which is checked
 * as by faissnet_index_merge_from; they stay as they are. shift_ids: each part's ids grow by the number of vectors before it.
 * The index file, which faissnet_index_write writes, then names the data file as path does. */
FAISSNET_API faissnet_status faissnet_index_lists_to_disk(
    faissnet_index* index, const char* path, int64_t count, const faissnet_index* const* others, int32_t shift_ids);

/* The data file of the lists as the index names it; empty if they lie elsewhere. */
FAISSNET_API faissnet_status faissnet_index_lists_path(
    const faissnet_index* index, char* buffer, int64_t capacity, int64_t* length);

/* Reads an index from a file. lists_path: where its data file lies, if it has one; NULL: where the index names it. map: lists that
 * lie in the index file itself stay there too, for reading alone. writable: lists in a data file can be changed; the functions above
 * open it for reading alone. An index file that was written before an add stays valid, without what was added; after a removal
 * the index must be written anew. */
FAISSNET_API faissnet_status faissnet_index_open(
    const char* path, const char* lists_path, int32_t map, int32_t writable, faissnet_index** index);

/* ---- GPU --------------------------------------------------------------------- */

/* All but faissnet_gpu_estimate answer FAISSNET_UNSUPPORTED in a build without GPU support (FAISSNET_ENABLE_GPU).
 *
 * An index on a GPU is a faissnet_index: it is freed, trained, added to, reset, searched (without parameters), reconstructed
 * from (flat ones) and asked for its properties by the functions above. What FAISS has no GPU form of (removal, range search,
 * selectors, merging, encoding, writing) answers FAISSNET_UNSUPPORTED; faissnet_gpu_index_to_cpu gives an index that
 * can. FAISS's GPU code allows one call at a time on all indexes that share resources: calls from several threads take turns. */
typedef struct faissnet_gpu_resources faissnet_gpu_resources;

/* The CUDA devices, numbered from 0. Without a driver there are none. */
FAISSNET_API faissnet_status faissnet_gpu_device_count(int32_t* count);
FAISSNET_API faissnet_status faissnet_gpu_device_name(int32_t device, char* buffer, int64_t capacity, int64_t* length);
/* Bytes. Asking for the free ones makes CUDA set up its context on the device. */
FAISSNET_API faissnet_status faissnet_gpu_device_memory(int32_t device, int64_t* available, int64_t* total);
FAISSNET_API faissnet_status faissnet_gpu_device_compute_capability(int32_t device, int32_t* major, int32_t* minor);

/* FAISS's StandardGpuResources: streams, cuBLAS, temporary and pinned memory, for any number of indexes, which keep it alive.
 * temporary_bytes: set aside on each device that is used, at its first use; 0: allocated call by call; -1: FAISS's choice, 1.5 GiB
 * on devices with more than 8 GiB, which is also the most that it takes. pinned_bytes: in host memory, for copies that overlap
 * with searching; -1: FAISS's choice, 256 MiB. null_stream: work is ordered on CUDA's default stream instead of one of FAISS's. */
FAISSNET_API faissnet_status faissnet_gpu_resources_new(
    int64_t temporary_bytes, int64_t pinned_bytes, int32_t null_stream, faissnet_gpu_resources** resources);

/* Indexes on the resources keep what they need. */
FAISSNET_API void faissnet_gpu_resources_free(faissnet_gpu_resources* resources);

/* What FAISS holds on a device through these resources, temporary memory included, and how much of that is free: bytes. */
FAISSNET_API faissnet_status faissnet_gpu_resources_memory(
    const faissnet_gpu_resources* resources, int32_t device, int64_t* allocated, int64_t* temporary_available);

/* Orders work on a device on a stream of the caller's (a cudaStream_t that outlives its use here), and on FAISS's own again. */
FAISSNET_API faissnet_status faissnet_gpu_resources_set_stream(faissnet_gpu_resources* resources, int32_t device, void* stream);
FAISSNET_API faissnet_status faissnet_gpu_resources_revert_stream(faissnet_gpu_resources* resources, int32_t device);

/* FAISS's MemorySpace. */
enum {
    FAISSNET_GPU_MEMORY_DEVICE = 1,
    FAISSNET_GPU_MEMORY_UNIFIED = 2 /* may be larger than the device's; compute capability 6.0 or later */
};

/* FAISS's IndicesOptions: where the ids of IVF indexes are. */
enum {
    FAISSNET_GPU_INDICES_CPU = 0,
    FAISSNET_GPU_INDICES_IVF = 1, /* nowhere: labels are list << 32 | offset */
    FAISSNET_GPU_INDICES_BIT32 = 2, /* ids up to 2^31 - 1 */
    FAISSNET_GPU_INDICES_BIT64 = 3
};

typedef struct faissnet_gpu_options {
    int32_t device;
    int32_t memory_space;
    int32_t float16;            /* flat: vectors are stored in float16; IVFPQ: look-up tables are */
    int32_t float16_coarse;     /* the coarse quantizer; only in indexes that are made on the GPU */
    int32_t precomputed_tables; /* IVFPQ with L2: nlist * m * 2^nbits more values, faster searches */
    int32_t indices;
    int32_t cuvs;               /* NVIDIA's implementation: 0, 1, or -1: if FAISS was built with it */
    int32_t cpu_coarse;         /* from_cpu: a coarse quantizer that has no GPU form may stay on the CPU */
    int64_t reserve_vectors;    /* IVF: makes room for so many */
    int32_t shard;              /* several devices: a part of the vectors on each, rather than all of them */
    int32_t shard_type;         /* IVF: 1: by id modulo the number of devices; 2: by ranges of ids */
} faissnet_gpu_options;

/* Bytes that a CPU index takes on one device, by the sizes of FAISS's GPU structures. Works in every build. */
FAISSNET_API faissnet_status faissnet_gpu_estimate(
    const faissnet_index* index, const faissnet_gpu_options* options, int64_t* bytes);

/* GpuIndexFlat, GpuIndexIVFFlat and GpuIndexIVFPQ, empty. FAISSNET_OUT_OF_MEMORY if the device has too little left. */
FAISSNET_API faissnet_status faissnet_gpu_flat_new(
    faissnet_gpu_resources* resources, int32_t d, int32_t metric, const faissnet_gpu_options* options, faissnet_index** index);
FAISSNET_API faissnet_status faissnet_gpu_ivf_flat_new(
    faissnet_gpu_resources* resources, int32_t d, int64_t nlist, int32_t metric, const faissnet_gpu_options* options,
    faissnet_index** index);
FAISSNET_API faissnet_status faissnet_gpu_ivf_pq_new(
    faissnet_gpu_resources* resources, int32_t d, int64_t nlist, int64_t m, int32_t nbits, int32_t metric,
    const faissnet_gpu_options* options, faissnet_index** index);

/* FAISS's index_cpu_to_gpu: Flat, IVFFlat, IVFPQ, IVF scalar quantizers, SQfp16, and IDMap and PreTransform around them. */
FAISSNET_API faissnet_status faissnet_gpu_index_from_cpu(
    faissnet_gpu_resources* resources, const faissnet_index* cpu, const faissnet_gpu_options* options, faissnet_index** index);

/* FAISS's index_cpu_to_gpu_multiple; options->device is not looked at. As many resources as devices, no two the same: each device
 * has a thread of its own. */
FAISSNET_API faissnet_status faissnet_gpu_index_from_cpu_multiple(
    int64_t count, faissnet_gpu_resources* const* resources, const int32_t* devices, const faissnet_index* cpu,
    const faissnet_gpu_options* options, faissnet_index** index);

/* FAISS's index_gpu_to_cpu; replicas and shards become one index. The index must be trained, and have ids. */
FAISSNET_API faissnet_status faissnet_gpu_index_to_cpu(const faissnet_index* index, faissnet_index** cpu);

/* A deep copy on the same devices, by way of the CPU. A coarse quantizer in float16 becomes one in float32. */
FAISSNET_API faissnet_status faissnet_gpu_index_clone(const faissnet_index* index, faissnet_index** copy);

/* As faissnet_index_search; nprobe for this call, 0: as the index is set. */
FAISSNET_API faissnet_status faissnet_gpu_index_search(
    const faissnet_index* index, int64_t n, const float* x, int64_t k, int64_t nprobe, float* distances, int64_t* labels);

/* One of FAISSNET_KIND_…, of the class on the GPU. */
FAISSNET_API faissnet_status faissnet_gpu_index_kind(const faissnet_index* index, int32_t* kind);

/* The largest k and nprobe that FAISS's GPU code takes. */
FAISSNET_API faissnet_status faissnet_gpu_index_max_k(const faissnet_index* index, int64_t* max_k);

/* FAISSNET_UNSUPPORTED without an IVF. Sizes: on one device only. */
FAISSNET_API faissnet_status faissnet_gpu_index_nlist(const faissnet_index* index, int64_t* nlist);
FAISSNET_API faissnet_status faissnet_gpu_index_get_nprobe(const faissnet_index* index, int64_t* nprobe);
FAISSNET_API faissnet_status faissnet_gpu_index_set_nprobe(faissnet_index* index, int64_t nprobe);
FAISSNET_API faissnet_status faissnet_gpu_index_list_sizes(const faissnet_index* index, int64_t count, int64_t* sizes);

/* FAISSNET_UNSUPPORTED without an IVFPQ. */
FAISSNET_API faissnet_status faissnet_gpu_index_pq(const faissnet_index* index, int64_t* m, int32_t* nbits);

/* Gives back what lists had reserved for growing: bytes. */
FAISSNET_API faissnet_status faissnet_gpu_index_reclaim(faissnet_index* index, int64_t* bytes);

/* ---- Trained state ---------------------------------------------------------- */

/* The centroids of an IVF's flat coarse quantizer, and the codebooks of a product quantizer, of whatever index in whatever wrappers:
 * n is nlist * d, or m * 2^nbits * (d / m), row by row. Only an empty index takes others. An index is trained once it has all
 * that its type needs: centroids have to be set before codebooks. FAISSNET_UNSUPPORTED where there is no such part. */
FAISSNET_API faissnet_status faissnet_index_inner_d(const faissnet_index* index, int32_t* d); /* of the innermost index */
FAISSNET_API faissnet_status faissnet_index_get_coarse_centroids(const faissnet_index* index, int64_t n, float* centroids);
FAISSNET_API faissnet_status faissnet_index_set_coarse_centroids(faissnet_index* index, int64_t n, const float* centroids);
FAISSNET_API faissnet_status faissnet_index_get_codebooks(const faissnet_index* index, int64_t n, float* centroids);
FAISSNET_API faissnet_status faissnet_index_set_codebooks(faissnet_index* index, int64_t n, const float* centroids);

/* ---- Clustering ------------------------------------------------------------- */

/* FAISS's ClusteringParameters; 0 stands for FAISS's default where a number has to be positive. */
typedef struct faissnet_clustering_parameters {
    int32_t niter;
    int32_t nredo;
    int32_t spherical;
    int32_t int_centroids;
    int32_t frozen_centroids; /* FAISSNET_UNSUPPORTED before FAISS 1.14.3, which could search for ever */
    int32_t max_points_per_centroid;
    int32_t seed;
    int32_t initialization; /* 0: random vectors; since FAISS 1.14 also 1: k-means++, 2: AFK-MC2 */
} faissnet_clustering_parameters;

typedef struct faissnet_iteration_stats {
    double objective;
    double seconds;
    double search_seconds;
    double imbalance_factor;
    int64_t splits;
} faissnet_iteration_stats;

/* k-means of n >= k vectors. metric: L2 or inner product. weights: one positive number per vector, or NULL. The first `given` rows of
 * centroids (k * d) are taken as first centroids; all are overwritten. stats: room for `capacity` iterations of the best run; *iterations
 * receives how many there were, parameters may be NULL. */
FAISSNET_API faissnet_status faissnet_clustering_train(
    int32_t d, int64_t k, int32_t metric, const faissnet_clustering_parameters* parameters, int64_t n, const float* x,
    const float* weights, int64_t given, float* centroids, const faissnet_monitor* monitor,
    faissnet_iteration_stats* stats, int64_t capacity, int64_t* iterations);

/* ---- Product quantizer ------------------------------------------------------ */

typedef struct faissnet_pq faissnet_pq;

/* m divides d; 1 <= nbits <= 16. */
FAISSNET_API faissnet_status faissnet_pq_new(int32_t d, int64_t m, int32_t nbits, faissnet_pq** pq);
FAISSNET_API void faissnet_pq_free(faissnet_pq* pq);
FAISSNET_API faissnet_status faissnet_pq_train(
    faissnet_pq* pq, int64_t n, const float* x, const faissnet_clustering_parameters* parameters, const faissnet_monitor* monitor);

/* n: m * 2^nbits * (d / m). */
FAISSNET_API faissnet_status faissnet_pq_get_centroids(const faissnet_pq* pq, int64_t n, float* centroids);
FAISSNET_API faissnet_status faissnet_pq_set_centroids(faissnet_pq* pq, int64_t n, const float* centroids);

/* codes: n * ceil(m * nbits / 8) bytes; x: n * d floats. */
FAISSNET_API faissnet_status faissnet_pq_encode(const faissnet_pq* pq, int64_t n, const float* x, uint8_t* codes);
FAISSNET_API faissnet_status faissnet_pq_decode(const faissnet_pq* pq, int64_t n, const uint8_t* codes, float* x);

/* tables: n * m * 2^nbits squared distances, or inner products, of parts of the vectors to centroids. */
FAISSNET_API faissnet_status faissnet_pq_tables(
    const faissnet_pq* pq, int64_t n, const float* x, int32_t inner_product, float* tables);

/* n: m * 4^nbits squared distances between the centroids of each part, [m][2^nbits][2^nbits] (FAISS's sdc_table). Changes nothing, but
 * excludes other calls on pq while it lasts. */
FAISSNET_API faissnet_status faissnet_pq_symmetric_table(faissnet_pq* pq, int64_t n, float* table);

/* ---- Scalar quantizer ------------------------------------------------------- */

typedef struct faissnet_sq faissnet_sq;

/* qtype: FAISS's QuantizerType; FAISSNET_UNSUPPORTED if this FAISS does not have it. */
FAISSNET_API faissnet_status faissnet_sq_new(int32_t d, int32_t qtype, faissnet_sq** sq);
FAISSNET_API void faissnet_sq_free(faissnet_sq* sq);

/* Bytes per code, and bits per component. */
FAISSNET_API faissnet_status faissnet_sq_code_size(const faissnet_sq* sq, int64_t* code_size, int32_t* bits);

/* rangestat, rangestat_arg: FAISS's RangeStat, how the ranges are found. Types that need no training return at once. */
FAISSNET_API faissnet_status faissnet_sq_train(faissnet_sq* sq, int32_t rangestat, float rangestat_arg, int64_t n, const float* x);

/* FAISS's array `trained`. *count receives its length, also where values is NULL: 0 for types that need no training, or before it. */
FAISSNET_API faissnet_status faissnet_sq_get_trained(const faissnet_sq* sq, int64_t capacity, float* values, int64_t* count);

/* Takes a training over: count is what training finds, 2 * d, 2 for types with one range for all components, or 0. */
FAISSNET_API faissnet_status faissnet_sq_set_trained(faissnet_sq* sq, int64_t count, const float* values);

/* codes: n * code_size bytes; x: n * d floats. */
FAISSNET_API faissnet_status faissnet_sq_encode(const faissnet_sq* sq, int64_t n, const float* x, uint8_t* codes);
FAISSNET_API faissnet_status faissnet_sq_decode(const faissnet_sq* sq, int64_t n, const uint8_t* codes, float* x);

/* ---- Vector transforms ------------------------------------------------------ */

enum {
    FAISSNET_TRANSFORM_OTHER = 0,
    FAISSNET_TRANSFORM_LINEAR = 1,
    FAISSNET_TRANSFORM_RANDOM_ROTATION = 2,
    FAISSNET_TRANSFORM_PCA = 3,
    FAISSNET_TRANSFORM_ITQ_MATRIX = 4,
    FAISSNET_TRANSFORM_ITQ = 5,
    FAISSNET_TRANSFORM_OPQ = 6,
    FAISSNET_TRANSFORM_REMAP = 7,
    FAISSNET_TRANSFORM_NORMALIZATION = 8,
    FAISSNET_TRANSFORM_CENTERING = 9
};

/* argument: eigen_power of PCA, do_pca of ITQ, m of OPQ, uniform of a remapping; 0 otherwise. A linear transform gets its matrix by
 * faissnet_transform_set_values, a rotation is drawn by training. */
FAISSNET_API faissnet_status faissnet_transform_new(
    int32_t kind, int32_t d_in, int32_t d_out, double argument, faissnet_transform** transform);
FAISSNET_API faissnet_status faissnet_transform_clone(const faissnet_transform* transform, faissnet_transform** copy);
FAISSNET_API void faissnet_transform_free(faissnet_transform* transform);

FAISSNET_API faissnet_status faissnet_transform_kind(const faissnet_transform* transform, int32_t* kind);
FAISSNET_API faissnet_status faissnet_transform_d(const faissnet_transform* transform, int32_t* d_in, int32_t* d_out);
FAISSNET_API faissnet_status faissnet_transform_is_trained(const faissnet_transform* transform, int32_t* is_trained);

/* FAISS's fields by their names: eigen_power, epsilon, random_rotation, balanced_bins, max_points_per_d (PCA); niter, niter_pq, niter_pq_0,
 * max_train_points, M (OPQ); max_iter, seed (ITQ matrix); do_pca, max_train_per_dim (ITQ); is_orthonormal, have_bias (linear, not settable). */
FAISSNET_API faissnet_status faissnet_transform_set_parameter(faissnet_transform* transform, const char* name, double value);
FAISSNET_API faissnet_status faissnet_transform_get_parameter(const faissnet_transform* transform, const char* name, double* value);

/* FAISS's arrays by their names: A, b (linear); mean, eigenvalues, PCAMat (PCA); mean (centring, ITQ); itq_A, pca_then_itq_A, pca_then_itq_b (ITQ);
 * map (remapping, as floats). *count receives the length, also where values is NULL. Settable: A (which trains the transform) and b of
 * a linear transform, map. */
FAISSNET_API faissnet_status faissnet_transform_get_values(
    const faissnet_transform* transform, const char* name, int64_t capacity, float* values, int64_t* count);
FAISSNET_API faissnet_status faissnet_transform_set_values(
    faissnet_transform* transform, const char* name, int64_t count, const float* values);

/* Draws the rotation of a random rotation. */
FAISSNET_API faissnet_status faissnet_transform_draw(faissnet_transform* transform, int32_t seed);

/* x: n * d_in floats, y: n * d_out. The monitor hears of OPQ only. */
FAISSNET_API faissnet_status faissnet_transform_train(
    faissnet_transform* transform, int64_t n, const float* x, const faissnet_monitor* monitor);
FAISSNET_API faissnet_status faissnet_transform_apply(const faissnet_transform* transform, int64_t n, const float* x, float* y);
FAISSNET_API faissnet_status faissnet_transform_reverse(const faissnet_transform* transform, int64_t n, const float* y, float* x);

FAISSNET_API faissnet_status faissnet_transform_write(
    const faissnet_transform* transform, faissnet_write_fn write, void* context);
FAISSNET_API faissnet_status faissnet_transform_read(faissnet_read_fn read, void* context, faissnet_transform** transform);

/* ---- Distances without an index --------------------------------------------- */

/* The k nearest of nb vectors to each of n queries, any metric; rows as of faissnet_index_search. metric_arg: the p of Lp. */
FAISSNET_API faissnet_status faissnet_knn(
    int32_t d, int64_t n, const float* x, int64_t nb, const float* vectors, int64_t k, int32_t metric, float metric_arg,
    float* distances, int64_t* labels);

/* distances: n * nb. */
FAISSNET_API faissnet_status faissnet_pairwise_distances(
    int32_t d, int64_t n, const float* x, int64_t nb, const float* vectors, int32_t metric, float metric_arg, float* distances);

/* Scales n vectors to length 1 where they lie; zero vectors stay. */
FAISSNET_API faissnet_status faissnet_normalize_l2(int32_t d, int64_t n, float* x);

/* ---- Statistics ------------------------------------------------------------- */

/* What FAISS counted in this process since the last reset, without order between threads: nearly right beside other calls. */
typedef struct faissnet_statistics {
    int64_t ivf_queries;
    int64_t ivf_lists;
    int64_t ivf_distances;
    int64_t ivf_heap_updates;
    double ivf_quantization_ms;
    double ivf_search_ms;
    int64_t ivfpq_refined;
    int64_t ivfpq_hamming_passed;
    int64_t ivfpq_search_cycles;
    int64_t ivfpq_refine_cycles;
    int64_t hnsw_queries;
    int64_t hnsw_exhausted;
    int64_t hnsw_distances;
    int64_t hnsw_hops; /* -1 where this FAISS does not count them */
} faissnet_statistics;

FAISSNET_API faissnet_status faissnet_get_statistics(faissnet_statistics* statistics);
FAISSNET_API faissnet_status faissnet_reset_statistics(void);

/* ---- Binary indexes --------------------------------------------------------- */

/* Indexes over vectors of d bits, d / 8 bytes each, compared by Hamming distance. What is not said here is as with the functions of
 * the same names above. x: n * d / 8 bytes. */
typedef struct faissnet_binary_index faissnet_binary_index;

/* d: a multiple of 8. "BFlat", "BIVF1024", "BIVF1024_HNSW32", "BHNSW32", "BHash16" (a bucket by the first 16 bits), "BHash4x16" (in each of
 * 4 tables), and any of them behind "IDMap," or "IDMap2,". */
FAISSNET_API faissnet_status faissnet_binary_factory(int32_t d, const char* description, faissnet_binary_index** index);
FAISSNET_API faissnet_status faissnet_binary_clone(const faissnet_binary_index* index, faissnet_binary_index** copy);
FAISSNET_API void faissnet_binary_free(faissnet_binary_index* index);

/* FAISS's IndexBinaryFromFloat: an index over floats, with the metric L2 and d a multiple of 8, gets each bit as -1 or 1. base must be a whole
 * index; its handle and the new one keep it alive, and what is changed through either is seen through both. It takes the parameters of a
 * search, ids, range searches and so on that base takes. */
FAISSNET_API faissnet_status faissnet_binary_from_float_new(faissnet_index* base, faissnet_binary_index** index);

/* A handle for the index over floats in it; FAISSNET_UNSUPPORTED if there is none. */
FAISSNET_API faissnet_status faissnet_binary_base(faissnet_binary_index* index, faissnet_index** base);

/* FAISS's class name: "IndexBinaryIDMap(IndexBinaryFlat)". */
FAISSNET_API faissnet_status faissnet_binary_type_name(
    const faissnet_binary_index* index, char* buffer, int64_t capacity, int64_t* length);
FAISSNET_API faissnet_status faissnet_binary_d(const faissnet_binary_index* index, int32_t* d);
FAISSNET_API faissnet_status faissnet_binary_ntotal(const faissnet_binary_index* index, int64_t* ntotal);
FAISSNET_API faissnet_status faissnet_binary_is_trained(const faissnet_binary_index* index, int32_t* is_trained);

/* count: nlist; FAISSNET_UNSUPPORTED where there are no lists. */
FAISSNET_API faissnet_status faissnet_binary_list_sizes(const faissnet_binary_index* index, int64_t count, int64_t* sizes);

/* nprobe, max_codes, efSearch, efConstruction, nflip (the bits that a hash may differ in), and quantizer_… for those of the coarse
 * quantizer. What an index was made with can be read as well: nlist, M, b, nhash. */
FAISSNET_API faissnet_status faissnet_binary_set_parameter(faissnet_binary_index* index, const char* name, double value);
FAISSNET_API faissnet_status faissnet_binary_get_parameter(const faissnet_binary_index* index, const char* name, double* value);

/* The monitor is told of pieces of k-means iterations, each of at most 32768 vectors. */
FAISSNET_API faissnet_status faissnet_binary_train(
    faissnet_binary_index* index, int64_t n, const uint8_t* x, const faissnet_monitor* monitor);
FAISSNET_API faissnet_status faissnet_binary_add(faissnet_binary_index* index, int64_t n, const uint8_t* x);
FAISSNET_API faissnet_status faissnet_binary_add_with_ids(
    faissnet_binary_index* index, int64_t n, const uint8_t* x, const int64_t* ids);
FAISSNET_API faissnet_status faissnet_binary_reset(faissnet_binary_index* index);
FAISSNET_API faissnet_status faissnet_binary_remove_ids(
    faissnet_binary_index* index, const faissnet_selector* selector, int64_t* removed);
FAISSNET_API faissnet_status faissnet_binary_merge_from(
    faissnet_binary_index* index, faissnet_binary_index* other, int64_t add_id);

/* distances: the numbers of bits that differ; INT32_MAX where the label is -1. BFlat and BIVF take a selector, BIVF nprobe and max_codes. */
FAISSNET_API faissnet_status faissnet_binary_search(
    const faissnet_binary_index* index, int64_t n, const uint8_t* x, int64_t k,
    const faissnet_search_parameters* parameters, int32_t* distances, int64_t* labels);

/* All vectors that differ in fewer than radius bits. Only a selector can be given per call. Graphs (BHNSW) have no range search. */
FAISSNET_API faissnet_status faissnet_binary_range_search(
    const faissnet_binary_index* index, int64_t n, const uint8_t* x, int32_t radius,
    const faissnet_search_parameters* parameters, faissnet_range_result** result);

FAISSNET_API faissnet_status faissnet_binary_reconstruct(const faissnet_binary_index* index, int64_t id, uint8_t* vector);

FAISSNET_API faissnet_status faissnet_binary_write(const faissnet_binary_index* index, faissnet_write_fn write, void* context);
FAISSNET_API faissnet_status faissnet_binary_read(faissnet_read_fn read, void* context, faissnet_binary_index** index);

#ifdef __cplusplus
}
#endif

#endif /* FAISSNET_H */
