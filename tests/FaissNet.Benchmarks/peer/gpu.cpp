#include "gpu.h"

#include <faiss/AutoTune.h>

#ifdef FAISSNET_ENABLE_GPU

#include <algorithm>

#include <faiss/gpu/GpuAutoTune.h>
#include <faiss/gpu/GpuCloner.h>
#include <faiss/gpu/GpuIndexIVFPQ.h>
#include <faiss/gpu/StandardGpuResources.h>
#include <faiss/index_io.h>

#include "version.hpp"

namespace peer {

namespace {

constexpr int kDevice = 0;

// FAISS's defaults, as those of the other side; kept until the process ends.
faiss::gpu::StandardGpuResources& resources() {
    static auto* const made = new faiss::gpu::StandardGpuResources;
    return *made;
}

faiss::gpu::GpuIndexIVFPQ& require_made(const std::unique_ptr<faiss::Index>& index) {
    auto made = dynamic_cast<faiss::gpu::GpuIndexIVFPQ*>(index.get());
    if (made == nullptr) {
        throw std::runtime_error("gpu-train makes the index that vectors are added to");
    }
    return *made;
}

} // namespace

std::string train_on_gpu(const Vectors& base, std::unique_ptr<faiss::Index>& index, std::istringstream& request) {
    const auto nlist = read<int>(request);
    const auto m = read<int>(request);
    faiss::gpu::GpuIndexIVFPQConfig config;
    config.device = kDevice;
    // cuVS knows its own order of codes only.
    config.interleavedLayout = faissnet::cuvs_of(config, 0);
    index.reset(); // before the next one needs its memory
    index = std::make_unique<faiss::gpu::GpuIndexIVFPQ>(&resources(), static_cast<int>(base.d), nlist, m, 8, faiss::METRIC_L2, config);

    const Stopwatch watch;
    index->train(base.n, base.values.data());
    return watch.elapsed();
}

std::string add_on_gpu(const Vectors& base, std::unique_ptr<faiss::Index>& index) {
    auto& made = require_made(index);
    made.reset();
    float distance;
    int64_t label;

    const Stopwatch watch;
    made.add(base.n, base.values.data());
    made.search(1, base.values.data(), 1, &distance, &label);
    return watch.elapsed();
}

std::string load_on_gpu(std::unique_ptr<faiss::Index>& index, std::istringstream& request) {
    index.reset();
    const std::unique_ptr<faiss::Index> file(faiss::read_index(rest(request).c_str()));
    index.reset(faiss::gpu::index_cpu_to_gpu(&resources(), kDevice, file.get()));
    return "ok\t" + std::to_string(index->d) + "\t" + std::to_string(index->ntotal);
}

void set_parameter(faiss::Index& index, const std::string& name, double value) {
    faiss::gpu::GpuParameterSpace().set_index_parameter(&index, name, value);
}

} // namespace peer

#else

namespace peer {

namespace {

[[noreturn]] void fail_without_gpu() {
    throw std::runtime_error("this FAISS was built without its GPU part");
}

} // namespace

std::string train_on_gpu(const Vectors&, std::unique_ptr<faiss::Index>&, std::istringstream&) {
    fail_without_gpu();
}

std::string add_on_gpu(const Vectors&, std::unique_ptr<faiss::Index>&) {
    fail_without_gpu();
}

std::string load_on_gpu(std::unique_ptr<faiss::Index>&, std::istringstream&) {
    fail_without_gpu();
}

void set_parameter(faiss::Index& index, const std::string& name, double value) {
    faiss::ParameterSpace().set_index_parameter(&index, name, value);
}

} // namespace peer

#endif
