// The training of polysemous codes: simulated annealing, which numbers the centroids of each sub-quantizer so that near ones have near numbers. The
// linker sends FAISS's calls to it here where FAISS is linked in (FaissNetVariants.cmake). While a call that may be cancelled is under way on the
// thread, a few sub-quantizers, which do not depend on each other, are numbered at a time, on a thread that the caller can leave.
#ifdef FAISSNET_WRAP_FAISS

#include <algorithm>
#include <exception>
#include <memory>
#include <system_error>

#include <faiss/impl/PolysemousTraining.h>
#include <faiss/impl/ProductQuantizer.h>
#include <omp.h>

#include "apart.hpp"

extern "C" {
void __real__ZNK5faiss18PolysemousTraining23optimize_pq_for_hammingERNS_16ProductQuantizerEmPKf(
        const faiss::PolysemousTraining* training, faiss::ProductQuantizer* pq, size_t n, const float* x);
void __wrap__ZNK5faiss18PolysemousTraining23optimize_pq_for_hammingERNS_16ProductQuantizerEmPKf(
        const faiss::PolysemousTraining* training, faiss::ProductQuantizer* pq, size_t n, const float* x);
}

namespace faissnet {
namespace {

// What the thread works on.
struct Numbering {
    faiss::PolysemousTraining training;
    faiss::ProductQuantizer pq;
    std::exception_ptr error;

    void run() noexcept {
        try {
            training.optimize_reproduce_distances(pq);
        } catch (...) {
            error = std::current_exception();
        }
    }
};

// Of so many sub-quantizers from the first on.
void number(const faiss::PolysemousTraining& training, faiss::ProductQuantizer& pq, size_t first, size_t count, const Interruptible& caller) {
    caller.ask();
    const auto numbering = std::make_shared<Numbering>(Numbering{training, {pq.dsub * count, count, pq.nbits}, nullptr});
    const auto centroids = pq.get_centroids(first, 0);
    std::copy_n(centroids, numbering->pq.centroids.size(), numbering->pq.centroids.data());
    try {
        if (!Apart().run(caller, [numbering] { numbering->run(); })) {
            caller.ask();
        }
    } catch (const std::system_error&) {
        numbering->run(); // no thread for it: here, then
    }
    if (numbering->error != nullptr) {
        std::rethrow_exception(numbering->error);
    }
    std::copy(numbering->pq.centroids.begin(), numbering->pq.centroids.end(), centroids);
}

} // namespace
} // namespace faissnet

void __wrap__ZNK5faiss18PolysemousTraining23optimize_pq_for_hammingERNS_16ProductQuantizerEmPKf(
        const faiss::PolysemousTraining* training, faiss::ProductQuantizer* pq, size_t n, const float* x) {
    const auto caller = faissnet::Interruptible::current();
    // Too much memory FAISS refuses itself, and its logs are numbered by sub-quantizer.
    const auto memory = training->memory_usage_per_thread(*pq);
    if (caller == nullptr || training->optimization_type != faiss::PolysemousTraining::OT_ReproduceDistances_affine ||
        memory >= training->max_memory || !training->log_pattern.empty()) {
        __real__ZNK5faiss18PolysemousTraining23optimize_pq_for_hammingERNS_16ProductQuantizerEmPKf(training, pq, n, x);
        return;
    }
    const auto at_once = std::min(static_cast<size_t>(std::max(1, omp_get_max_threads())), training->max_memory / memory);
    for (size_t first = 0; first < pq->M; first += at_once) {
        faissnet::number(*training, *pq, first, std::min(at_once, pq->M - first), *caller);
    }
    pq->compute_sdc_table();
}

#endif
