// What a C++ program pays for the searches that the harness makes from C#: FAISS itself, called directly.
//
// One request a line on stdin, one answer a line on stdout: "ok", tab, fields with tabs between; or "error", tab, a message.
//   about                            FAISS version, variant, instruction set in use, compile options, BLAS
//   pin CPU                          run on this processor alone
//   load PATH                        the index
//   queries N PATH                   N * d raw float32
//   base N D PATH                    the vectors to train with and to add
//   set NAME VALUE                   nprobe, k_factor_rf, …: set on the index, for all later searches
//   batch K NPROBE REPEAT            all queries in one call; NPROBE > 0: as parameters of the call
//   single K NPROBE CALLS            one query a call, in turn
//   many K NPROBE CALLS CPU CPU …    the same on one thread per processor, each making CALLS calls
//   results K PATH                   one batch; all ids, then all distances, into the file
//   train-pq M NBITS N PATH          with the first N of the base; the centroids into the file
//   train-clustering K NITER
//   encode M NBITS N FROM TO         the first N of the base by the centroids in a file; the codes into the other file
//   add N PATH                       the first N of the base to the index in the file, which is loaded first
//   threads N                        OpenMP's, of the calls to come; 1 at first
//   gpu-train NLIST M                a new IVFPQ on the first GPU, trained with the base
//   gpu-add                          the base to that index, which is emptied before
//   gpu-load PATH                    the index, copied to the first GPU
//   build FACTORY PATH               trains and fills an index with the base; PATH.trained is the empty one
// Measurements answer wall seconds, CPU seconds, and what came out: searches the checksums of the last ids and distances.

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <faiss/Index.h>
#include <faiss/IndexIVF.h>
#include <faiss/index_io.h>
#include <faiss/utils/utils.h>

#ifdef FAISS_ENABLE_DD
#include <faiss/utils/simd_levels.h>
#endif

#include "building.h"
#include "common.h"
#include "gpu.h"

#ifndef FAISSNET_VARIANT
#define FAISSNET_VARIANT "generic"
#endif

#ifdef FAISSNET_HAVE_OPENBLAS
extern "C" char* openblas_get_config(void);
#endif

using namespace peer;

namespace {

void pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        throw std::runtime_error("processor " + std::to_string(cpu) + " may not be used");
    }
}

// FNV-1a, 64 bits.
uint64_t checksum(const void* data, size_t size) {
    uint64_t hash = 14695981039346656037ULL;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211ULL;
    }
    return hash;
}

std::string simd_level() {
#ifdef FAISS_ENABLE_DD
    const auto name = faiss::SIMDConfig::get_level_name();
    return name == "NONE" ? "generic" : name == "AVX2" ? "avx2" : name.rfind("AVX512", 0) == 0 ? "avx512" : name;
#else
    return FAISSNET_VARIANT;
#endif
}

class Peer {
   public:
    std::string answer(const std::string& line) {
        std::istringstream request(line);
        std::string verb;
        request >> verb;
        if (verb == "about") {
            return about();
        }
        if (verb == "pin") {
            pin(read<int>(request));
            return "ok";
        }
        if (verb == "load") {
            index_.reset(faiss::read_index(rest(request).c_str()));
            return "ok\t" + std::to_string(index_->d) + "\t" + std::to_string(index_->ntotal);
        }
        if (verb == "queries") {
            return load_queries(request);
        }
        if (verb == "base") {
            const auto n = read<int64_t>(request), d = read<int64_t>(request);
            base_ = std::make_unique<Vectors>(n, d, rest(request));
            return "ok";
        }
        if (verb == "set") {
            const auto name = read<std::string>(request);
            set_parameter(*index_, name, read<double>(request));
            return "ok";
        }
        if (verb == "batch" || verb == "single") {
            return measure(request, verb == "batch");
        }
        if (verb == "many") {
            return measure_many(request);
        }
        if (verb == "results") {
            return write_results(request);
        }
        if (verb == "train-pq") {
            return train_product_quantizer(*base_, request);
        }
        if (verb == "train-clustering") {
            return train_clustering(*base_, request);
        }
        if (verb == "encode") {
            return encode(*base_, request);
        }
        if (verb == "add") {
            return add(*base_, index_, request);
        }
        if (verb == "threads") {
            omp_set_num_threads(read<int>(request));
            return "ok";
        }
        if (verb == "gpu-train") {
            return train_on_gpu(*base_, index_, request);
        }
        if (verb == "gpu-add") {
            return add_on_gpu(*base_, index_);
        }
        if (verb == "gpu-load") {
            return load_on_gpu(index_, request);
        }
        if (verb == "build") {
            return build(*base_, request);
        }
        throw std::runtime_error("unknown request: " + line);
    }

   private:
    std::unique_ptr<faiss::Index> index_;
    std::unique_ptr<Vectors> queries_;
    std::unique_ptr<Vectors> base_;

    static std::string about() {
#ifdef FAISS_ENABLE_DD
        const char* variant = "dynamic";
#else
        const char* variant = FAISSNET_VARIANT;
#endif
#ifdef FAISSNET_HAVE_OPENBLAS
        const char* blas = openblas_get_config();
#else
        const char* blas = "unknown";
#endif
        return "ok\t" + std::to_string(FAISS_VERSION_MAJOR) + "." + std::to_string(FAISS_VERSION_MINOR) + "." +
                std::to_string(FAISS_VERSION_PATCH) + "\t" + variant + "\t" + simd_level() + "\t" +
                faiss::get_compile_options() + "\t" + blas;
    }

    std::string load_queries(std::istringstream& request) {
        const auto n = read<int64_t>(request);
        queries_ = std::make_unique<Vectors>(n, index_->d, rest(request));
        return "ok";
    }

    // FAISS's own parameters, made once: the cheapest way that a C++ program has.
    static const faiss::SearchParameters* parameters(size_t nprobe, faiss::SearchParametersIVF& storage) {
        storage.nprobe = nprobe;
        return nprobe > 0 ? &storage : nullptr;
    }

    std::string measure(std::istringstream& request, bool batch) {
        const auto k = read<int64_t>(request);
        faiss::SearchParametersIVF storage;
        const auto* params = parameters(read<size_t>(request), storage);
        const auto count = read<int64_t>(request);
        const int64_t d = index_->d, rows = batch ? queries_->n : 1;
        Aligned<float> distances(rows * k);
        Aligned<int64_t> labels(rows * k);
        const float* x = queries_->values.data();

        const double cpu = seconds(CLOCK_THREAD_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
        if (batch) {
            for (int64_t i = 0; i < count; i++) {
                index_->search(rows, x, k, distances.data(), labels.data(), params);
            }
        } else {
            for (int64_t i = 0, query = 0; i < count; i++) {
                index_->search(1, x + query * d, k, distances.data(), labels.data(), params);
                query = query + 1 == queries_->n ? 0 : query + 1;
            }
        }
        const double wall_end = seconds(CLOCK_MONOTONIC), cpu_end = seconds(CLOCK_THREAD_CPUTIME_ID);
        return result(wall_end - wall, cpu_end - cpu, labels, distances);
    }

    std::string write_results(std::istringstream& request) {
        const auto k = read<int64_t>(request);
        const auto path = rest(request);
        Aligned<float> distances(queries_->n * k);
        Aligned<int64_t> labels(queries_->n * k);
        index_->search(queries_->n, queries_->values.data(), k, distances.data(), labels.data());
        write(path, labels.data(), labels.bytes());
        write(path, distances.data(), distances.bytes(), true);
        return "ok";
    }

    std::string measure_many(std::istringstream& request) {
        const auto k = read<int64_t>(request);
        const auto nprobe = read<size_t>(request);
        const auto calls = read<int64_t>(request);
        std::vector<int> cpus;
        for (int cpu; request >> cpu;) {
            cpus.push_back(cpu);
        }

        Aligned<float> distances(k);
        Aligned<int64_t> labels(k);
        std::atomic<size_t> ready{0};
        std::atomic<bool> go{false};
        std::vector<std::thread> threads;
        for (size_t t = 0; t < cpus.size(); t++) {
            threads.emplace_back([&, t] {
                pin(cpus[t]);
                omp_set_num_threads(1); // OpenMP keeps it per thread
                faiss::SearchParametersIVF storage;
                const auto* params = parameters(nprobe, storage);
                Aligned<float> my_distances(k);
                Aligned<int64_t> my_labels(k);
                const float* x = queries_->values.data();
                ready++;
                while (!go) {
                }
                for (int64_t i = 0, query = 0; i < calls; i++) {
                    index_->search(1, x + query * index_->d, k, my_distances.data(), my_labels.data(), params);
                    query = query + 1 == queries_->n ? 0 : query + 1;
                }
                if (t == 0) {
                    std::copy_n(my_distances.data(), k, distances.data());
                    std::copy_n(my_labels.data(), k, labels.data());
                }
            });
        }
        while (ready < threads.size()) {
            std::this_thread::yield();
        }
        const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
        go = true;
        for (auto& thread : threads) {
            thread.join();
        }
        const double wall_end = seconds(CLOCK_MONOTONIC), cpu_end = seconds(CLOCK_PROCESS_CPUTIME_ID);
        return result(wall_end - wall, cpu_end - cpu, labels, distances);
    }

    static std::string result(double wall, double cpu, Aligned<int64_t>& labels, Aligned<float>& distances) {
        char text[160];
        std::snprintf(
                text, sizeof text, "ok\t%.9f\t%.9f\t%016llx\t%016llx", wall, cpu,
                static_cast<unsigned long long>(checksum(labels.data(), labels.bytes())),
                static_cast<unsigned long long>(checksum(distances.data(), distances.bytes())));
        return text;
    }
};

} // namespace

int main() {
    // A service has more than one thread, and so has every .NET program. In a process that never had a second one, glibc
    // spares its allocator the atomic operations, which would be taken for a cost of C#.
    std::thread([] {
        while (true) {
            std::this_thread::sleep_for(std::chrono::hours(1));
        }
    }).detach();
    omp_set_num_threads(1); // as on the other side, and what OpenBLAS goes by, too
    Peer peer;
    for (std::string line; std::getline(std::cin, line);) {
        try {
            std::cout << peer.answer(line) << std::endl;
        } catch (const std::exception& error) {
            std::string message = error.what();
            for (char& c : message) {
                c = c == '\n' ? ' ' : c;
            }
            std::cout << "error\t" << message << std::endl;
        }
    }
}
