#include "building.h"

#include <omp.h>

#include <cstdio>

#include <faiss/Clustering.h>
#include <faiss/IndexFlat.h>
#include <faiss/impl/ProductQuantizer.h>
#include <faiss/index_factory.h>
#include <faiss/index_io.h>

namespace peer {

namespace {

// The mean squared distance of the vectors to what their codes stand for.
double reconstruction_error(const faiss::ProductQuantizer& pq, const Vectors& vectors, size_t n) {
    std::vector<uint8_t> codes(n * pq.code_size);
    std::vector<float> decoded(n * pq.d);
    pq.compute_codes(vectors.values.data(), codes.data(), n);
    pq.decode(codes.data(), decoded.data(), n);
    double sum = 0;
    for (size_t i = 0; i < decoded.size(); i++) {
        const double difference = vectors.values.data()[i] - decoded[i];
        sum += difference * difference;
    }
    return sum / static_cast<double>(n);
}

size_t at_most(const Vectors& vectors, int64_t n) {
    if (n < 1 || n > vectors.n) {
        throw std::runtime_error("the base does not hold " + std::to_string(n) + " vectors");
    }
    return static_cast<size_t>(n);
}

} // namespace

std::string train_product_quantizer(const Vectors& base, std::istringstream& request) {
    const auto m = read<size_t>(request);
    const auto nbits = read<size_t>(request);
    const auto n = at_most(base, read<int64_t>(request));
    faiss::ProductQuantizer pq(static_cast<size_t>(base.d), m, nbits);

    const Stopwatch watch;
    pq.train(n, base.values.data());
    const auto elapsed = watch.elapsed();
    write(rest(request), pq.centroids.data(), pq.centroids.size() * sizeof(float));
    return elapsed + "\t" + std::to_string(reconstruction_error(pq, base, n));
}

std::string train_clustering(const Vectors& base, std::istringstream& request) {
    const auto k = read<int>(request);
    faiss::ClusteringParameters parameters;
    parameters.niter = read<int>(request);
    const auto d = static_cast<int>(base.d);

    const Stopwatch watch;
    faiss::IndexFlatL2 quantizer(d);
    faiss::Clustering clustering(d, k, parameters);
    clustering.train(base.n, base.values.data(), quantizer);
    const auto elapsed = watch.elapsed();
    return elapsed + "\t" + std::to_string(clustering.iteration_stats.back().obj);
}

std::string encode(const Vectors& base, std::istringstream& request) {
    const auto m = read<size_t>(request);
    const auto nbits = read<size_t>(request);
    const auto n = at_most(base, read<int64_t>(request));
    faiss::ProductQuantizer pq(static_cast<size_t>(base.d), m, nbits);
    const Vectors centroids(static_cast<int64_t>(pq.ksub), base.d, read<std::string>(request));
    pq.centroids.assign(centroids.values.data(), centroids.values.data() + centroids.values.size());
    std::vector<uint8_t> codes(n * pq.code_size);

    const Stopwatch watch;
    pq.compute_codes(base.values.data(), codes.data(), n);
    const auto elapsed = watch.elapsed();
    write(rest(request), codes.data(), codes.size());
    return elapsed;
}

std::string add(const Vectors& base, std::unique_ptr<faiss::Index>& index, std::istringstream& request) {
    const auto n = at_most(base, read<int64_t>(request));
    index.reset(faiss::read_index(rest(request).c_str()));

    const Stopwatch watch;
    index->add(static_cast<int64_t>(n), base.values.data());
    return watch.elapsed();
}

std::string build(const Vectors& base, std::istringstream& request) {
    const auto factory = read<std::string>(request);
    const auto path = rest(request);
    omp_set_num_threads(omp_get_num_procs());
    const std::unique_ptr<faiss::Index> index(faiss::index_factory(static_cast<int>(base.d), factory.c_str()));
    index->train(base.n, base.values.data());
    faiss::write_index(index.get(), (path + ".trained").c_str());
    index->add(base.n, base.values.data());
    faiss::write_index(index.get(), (path + ".new").c_str());
    // Only whole files have the name.
    if (std::rename((path + ".new").c_str(), path.c_str()) != 0) {
        throw std::runtime_error("the file cannot be written: " + path);
    }
    omp_set_num_threads(1);
    return "ok";
}

} // namespace peer
