// BLAS and LAPACK as FAISS calls them. The linker sends FAISS's calls here (FaissNetVariants.cmake) where FAISS is linked in; what follows only
// does something while a call that may be cancelled is under way on the thread: large products are made in parts, and what is no product happens
// apart. Once the call is over, the rest of a product is zeros, or what was there, and decompositions leave what they were given.
#ifdef FAISSNET_WRAP_BLAS

#include <algorithm>
#include <cstddef>
#include <exception>
#include <tuple>

#include "apart.hpp"

#define FAISSNET_REAL(name, ...) int __real_##name(__VA_ARGS__)

extern "C" {
FAISSNET_REAL(sgemm_, const char*, const char*, int*, int*, int*, const float*, const float*, int*, const float*, int*, float*, float*, int*);
FAISSNET_REAL(dgemm_, const char*, const char*, int*, int*, int*, const double*, const double*, int*, const double*, int*, double*, double*, int*);
FAISSNET_REAL(ssyrk_, const char*, const char*, int*, int*, float*, float*, int*, float*, float*, int*);
FAISSNET_REAL(dsyev_, const char*, const char*, int*, double*, int*, double*, double*, int*, int*);
FAISSNET_REAL(sgesvd_, const char*, const char*, int*, int*, float*, int*, float*, float*, int*, float*, int*, float*, int*, int*);
FAISSNET_REAL(dgesvd_, const char*, const char*, int*, int*, double*, int*, double*, double*, int*, double*, int*, double*, int*, int*);
FAISSNET_REAL(sgetrf_, int*, int*, float*, int*, int*, int*);
FAISSNET_REAL(dgetrf_, int*, int*, double*, int*, int*, int*);
FAISSNET_REAL(sgetri_, int*, float*, int*, int*, float*, int*, int*);
FAISSNET_REAL(dgetri_, int*, double*, int*, int*, double*, int*, int*);
FAISSNET_REAL(sgeqrf_, int*, int*, float*, int*, float*, float*, int*, int*);
FAISSNET_REAL(sorgqr_, int*, int*, int*, float*, int*, float*, float*, int*, int*);
FAISSNET_REAL(sgelsd_, int*, int*, int*, float*, int*, float*, int*, float*, float*, int*, float*, int*, int*, int*);
}

namespace faissnet {
namespace {

// A twentieth of a second or so on one thread.
constexpr double kOperationsPerPart = 3e9;

// OpenBLAS sums over so many steps of the inner dimension at a time, or a divisor of it, on most processors: parts of this length leave the order
// of its sums, and so every bit, as it is.
constexpr int kInnerSteps = 3840;

// Columns per part, in whole tiles of OpenBLAS's. Tens of thousands of columns it cuts itself where its buffer ends, and computes what is left of
// a tile there with another rounding: of so many, some have another last bit than in one piece.
constexpr int kColumns = 192;

// Below this, rows by columns by the smaller of them, a decomposition takes no longer than a question may wait.
constexpr double kSmallCube = 150.0 * 150 * 150;

bool transposed(const char* flag) {
    return *flag == 'T' || *flag == 't' || *flag == 'C' || *flag == 'c';
}

int part_of(int whole, int step, double operations) {
    const double parts = std::max(1.0, operations / kOperationsPerPart);
    const int size = static_cast<int>(std::min<double>(whole, whole / parts));
    return std::max(step, (size + step - 1) / step * step);
}

// Calls part(first, count) for parts of a dimension. The last one takes the remainder, so that none is small enough to be computed in another way.
// Answers where it ended.
template <typename Part>
int in_parts(const Interruptible& caller, int whole, int step, double operations, Part&& part) {
    const int size = part_of(whole, step, operations);
    int first = 0;
    while (first < whole && !caller.is_over()) {
        const int count = whole - first < 2 * size ? whole - first : size;
        part(first, count);
        first += count;
    }
    return first;
}

// The caller, if the product is to be made in parts, or not at all.
const Interruptible* divides(double operations) {
    const auto caller = Interruptible::current();
    if (caller == nullptr || operations >= 2 * kOperationsPerPart) {
        return caller;
    }
    caller->look_after(operations);
    return caller->has_ended() ? caller : nullptr;
}

// What FAISS does with the columns that are not computed must not end the process: zeros are as good as any numbers. More than it takes at a time in
// searches it looks through first, as k-means does, which throws, and that is as good; to fill those would take long.
template <typename T>
void clear_columns(T* c, int rows, int first, int end, int leading) {
    constexpr int64_t kMost = 1 << 24;
    if (static_cast<int64_t>(rows) * (end - first) > kMost) {
        return;
    }
    for (int column = first; column < end; column++) {
        std::fill_n(c + static_cast<ptrdiff_t>(column) * leading, rows, T(0));
    }
}

template <typename T, typename Real>
int gemm(
        Real real, const char* transa, const char* transb, int* m, int* n, int* k, const T* alpha, const T* a, int* lda, const T* b, int* ldb, T* beta, T* c,
        int* ldc) {
    const double operations = 2.0 * *m * *n * *k;
    const auto caller = divides(operations);
    if (caller == nullptr) {
        return real(transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    }
    const auto at = [&](const T* matrix, int first, bool rows, int leading) { return matrix + (rows ? first : static_cast<ptrdiff_t>(first) * leading); };
    if (*k > *n && !caller->has_ended()) {
        const int summed = in_parts(*caller, *k, kInnerSteps, operations, [&](int first, int count) {
            T one = 1;
            real(transa, transb, m, n, &count, alpha, at(a, first, transposed(transa), *lda), lda, at(b, first, !transposed(transb), *ldb), ldb,
                 first == 0 ? beta : &one, c, ldc);
        });
        if (summed == 0) {
            clear_columns(c, *m, 0, *n, *ldc);
        }
        return 0;
    }
    const int end = in_parts(*caller, *n, kColumns, operations, [&](int first, int count) {
        real(transa, transb, m, &count, k, alpha, a, lda, at(b, first, transposed(transb), *ldb), ldb, beta, c + static_cast<ptrdiff_t>(first) * *ldc, ldc);
    });
    clear_columns(c, *m, end, *n, *ldc);
    return 0;
}

// What a routine of LAPACK takes: a number, or an array.
template <typename T>
struct Argument {
    T* values;
    size_t count;
};

template <typename T>
Argument<T> number(T* value) {
    return {value, 1};
}

template <typename T>
Argument<T> array(T* values, int count) {
    return {values, static_cast<size_t>(count)};
}

// Of columns with so many rows; behind the last one there need not be more.
template <typename T>
Argument<T> matrix(T* values, const int* leading, const int* rows, const int* columns) {
    return {values, static_cast<size_t>(*leading) * static_cast<size_t>(*columns - 1) + static_cast<size_t>(*rows)};
}

// A decomposition of so many operations, to within a factor, which is run apart if that is long. LAPACK's own calls of what is here are not stopped.
template <typename Real, typename... T>
int decompose(double operations, Real real, int* info, Argument<T>... arguments) {
    const auto caller = operations > 0 ? Interruptible::current() : nullptr;
    if (caller != nullptr && caller->has_ended()) {
        *info = 0;
        return 0;
    }
    const Interruptible::Suspended suspended;
    if (caller != nullptr && operations >= kSmallCube) {
        try {
            Apart apart;
            const auto copies = std::make_tuple(apart.copy(arguments.values, arguments.count)..., apart.copy(info, 1));
            if (!apart.run(*caller, [real, copies] { std::apply(real, copies); })) {
                *info = 0;
            }
            return 0;
        } catch (const std::exception&) {
            // No memory or no thread for it: here, then.
        }
    }
    return real(arguments.values..., info);
}

// Of m rows and n columns; 0 where only the size of the workspace is asked for.
double cube(const int* m, const int* n, const int* lwork) {
    return *lwork < 0 ? 0 : 1.0 * *m * *n * std::min(*m, *n);
}

template <typename T, typename Real>
int gesvd(
        Real real, const char* jobu, const char* jobvt, int* m, int* n, T* a, int* lda, T* s, T* u, int* ldu, T* vt, int* ldvt, T* work, int* lwork,
        int* info) {
    return decompose(
            cube(m, n, lwork), real, info, number(jobu), number(jobvt), number(m), number(n), matrix(a, lda, m, n), number(lda), array(s, std::min(*m, *n)),
            matrix(u, ldu, m, m), number(ldu), matrix(vt, ldvt, n, n), number(ldvt), array(work, *lwork), number(lwork));
}

template <typename T, typename Real>
int getrf(Real real, int* m, int* n, T* a, int* lda, int* ipiv, int* info) {
    return decompose(
            1.0 * *m * *n * std::min(*m, *n), real, info, number(m), number(n), matrix(a, lda, m, n), number(lda), array(ipiv, std::min(*m, *n)));
}

template <typename T, typename Real>
int getri(Real real, int* n, T* a, int* lda, int* ipiv, T* work, int* lwork, int* info) {
    return decompose(
            cube(n, n, lwork), real, info, number(n), matrix(a, lda, n, n), number(lda), array(ipiv, *n), array(work, *lwork), number(lwork));
}

} // namespace
} // namespace faissnet

using namespace faissnet;

extern "C" {

int __wrap_sgemm_(
        const char* transa, const char* transb, int* m, int* n, int* k, const float* alpha, const float* a, int* lda, const float* b, int* ldb,
        float* beta, float* c, int* ldc) {
    return gemm<float>(__real_sgemm_, transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

int __wrap_dgemm_(
        const char* transa, const char* transb, int* m, int* n, int* k, const double* alpha, const double* a, int* lda, const double* b, int* ldb,
        double* beta, double* c, int* ldc) {
    return gemm<double>(__real_dgemm_, transa, transb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

int __wrap_ssyrk_(const char* uplo, const char* trans, int* n, int* k, float* alpha, float* a, int* lda, float* beta, float* c, int* ldc) {
    const double operations = 1.0 * *n * *n * *k;
    // Of few vectors with very many components the sum over these is what is long, and the result is small.
    const auto caller = *k > *n ? divides(operations) : nullptr;
    if (caller == nullptr) {
        return __real_ssyrk_(uplo, trans, n, k, alpha, a, lda, beta, c, ldc);
    }
    in_parts(*caller, *k, kInnerSteps, operations, [&](int first, int count) {
        float one = 1;
        const auto from = a + (transposed(trans) ? first : static_cast<ptrdiff_t>(first) * *lda);
        __real_ssyrk_(uplo, trans, n, &count, alpha, from, lda, first == 0 ? beta : &one, c, ldc);
    });
    return 0;
}

int __wrap_dsyev_(const char* jobz, const char* uplo, int* n, double* a, int* lda, double* w, double* work, int* lwork, int* info) {
    return decompose(
            cube(n, n, lwork), __real_dsyev_, info, number(jobz), number(uplo), number(n), matrix(a, lda, n, n), number(lda), array(w, *n), array(work, *lwork),
            number(lwork));
}

int __wrap_sgesvd_(
        const char* jobu, const char* jobvt, int* m, int* n, float* a, int* lda, float* s, float* u, int* ldu, float* vt, int* ldvt, float* work,
        int* lwork, int* info) {
    return gesvd<float>(__real_sgesvd_, jobu, jobvt, m, n, a, lda, s, u, ldu, vt, ldvt, work, lwork, info);
}

int __wrap_dgesvd_(
        const char* jobu, const char* jobvt, int* m, int* n, double* a, int* lda, double* s, double* u, int* ldu, double* vt, int* ldvt, double* work,
        int* lwork, int* info) {
    return gesvd<double>(__real_dgesvd_, jobu, jobvt, m, n, a, lda, s, u, ldu, vt, ldvt, work, lwork, info);
}

int __wrap_sgetrf_(int* m, int* n, float* a, int* lda, int* ipiv, int* info) {
    return getrf<float>(__real_sgetrf_, m, n, a, lda, ipiv, info);
}

int __wrap_dgetrf_(int* m, int* n, double* a, int* lda, int* ipiv, int* info) {
    return getrf<double>(__real_dgetrf_, m, n, a, lda, ipiv, info);
}

int __wrap_sgetri_(int* n, float* a, int* lda, int* ipiv, float* work, int* lwork, int* info) {
    return getri<float>(__real_sgetri_, n, a, lda, ipiv, work, lwork, info);
}

int __wrap_dgetri_(int* n, double* a, int* lda, int* ipiv, double* work, int* lwork, int* info) {
    return getri<double>(__real_dgetri_, n, a, lda, ipiv, work, lwork, info);
}

int __wrap_sgeqrf_(int* m, int* n, float* a, int* lda, float* tau, float* work, int* lwork, int* info) {
    return decompose(
            cube(m, n, lwork), __real_sgeqrf_, info, number(m), number(n), matrix(a, lda, m, n), number(lda), array(tau, std::min(*m, *n)), array(work, *lwork),
            number(lwork));
}

int __wrap_sorgqr_(int* m, int* n, int* k, float* a, int* lda, float* tau, float* work, int* lwork, int* info) {
    return decompose(
            cube(m, n, lwork), __real_sorgqr_, info, number(m), number(n), number(k), matrix(a, lda, m, n), number(lda), array(tau, *k), array(work, *lwork),
            number(lwork));
}

int __wrap_sgelsd_(
        int* m, int* n, int* nrhs, float* a, int* lda, float* b, int* ldb, float* s, float* rcond, int* rank, float* work, int* lwork, int* iwork, int* info) {
    const int smaller = std::min(*m, *n), larger = std::max(*m, *n);
    const int integers = (3 * 32 + 11) * smaller; // of its workspace, as LAPACK's documentation has it, with the most levels that there can be
    return decompose(
            cube(m, n, lwork), __real_sgelsd_, info, number(m), number(n), number(nrhs), matrix(a, lda, m, n), number(lda), matrix(b, ldb, &larger, nrhs),
            number(ldb), array(s, smaller), number(rcond), number(rank), array(work, *lwork), number(lwork), array(iwork, integers));
}

} // extern "C"

#endif
