#include "graphs.hpp"

#include <algorithm>

#include <faiss/IndexNNDescent.h>

#include "handle.hpp"

namespace faissnet {
namespace {

// Exact neighbours of so many vectors are still computed faster than anybody minds.
constexpr int64_t kMostExact = 20'000;

// The pool of a vector grows only by what is closer than the S that it begins with at random; FAISS reads K of it, however few there are.
// As here, all S lie among the closest K with a probability below 1e-12. On few vectors it divides by zero besides.
bool can_descend(int64_t n, int64_t k, int64_t s, int64_t r, int64_t iterations) {
    return n >= 1000 && n >= 16 * k && s >= 10 && n > 2 * s && r >= 1 && iterations >= 5;
}

} // namespace

void choose_build(faiss::IndexNSG& nsg, int64_t n) {
    // FAISS draws L different vectors at random, and in searches search_L: it does not end where there are fewer.
    const int64_t fewest = std::max<int64_t>({kSmallestNsg, nsg.GK + int64_t(1), nsg.nsg.L, nsg.nsg.search_L});
    if (n < fewest) {
        fail(FAISSNET_INVALID_ARGUMENT, "n is %lld: an NSG graph is built at once, from at least %lld vectors", static_cast<long long>(n),
             static_cast<long long>(fewest));
    }
    if (can_descend(n, nsg.GK, nsg.nndescent_S, nsg.nndescent_R, nsg.nndescent_iter)) {
        return;
    }
    if (nsg.build_type != 0 && n > kMostExact) {
        fail(FAISSNET_UNSUPPORTED, "NN-descent with GK = %d, S = %d, R = %d and %d iterations may end the process: it needs n >= 16 GK, S >= 10, R >= 1 and 5 iterations",
             nsg.GK, nsg.nndescent_S, nsg.nndescent_R, nsg.nndescent_iter);
    }
    nsg.build_type = 0;
}

GraphBuild::GraphBuild(faiss::Index& index, int64_t n) : index_(index), nsg_(find_inside<faiss::IndexNSG>(index)) {
    if (auto descent = find_inside<faiss::IndexNNDescent>(index)) {
        const auto& graph = descent->nndescent;
        if (!can_descend(descent->ntotal + n, graph.K, graph.S, graph.R, graph.iter)) {
            fail(FAISSNET_UNSUPPORTED, "adding builds the graph anew, and FAISS may end the process when it does that for fewer than 1000 or 16 K vectors, or with S below 10, R below 1 or fewer than 5 iterations");
        }
    }
    if (nsg_ != nullptr && (nsg_->is_built || nsg_->ntotal != 0)) {
        nsg_ = nullptr; // FAISS refuses, and nothing has changed
    }
    if (nsg_ != nullptr) {
        build_type_ = nsg_->build_type;
        choose_build(*nsg_, n);
    }
}

GraphBuild::~GraphBuild() {
    if (nsg_ == nullptr) {
        return;
    }
    nsg_->build_type = build_type_;
    if (!succeeded_) {
        try {
            index_.reset();
        } catch (...) {
            // What went wrong first says more.
        }
    }
}

} // namespace faissnet
