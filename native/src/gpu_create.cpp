// Making indexes on GPUs, and taking indexes there.
#ifdef FAISSNET_ENABLE_GPU

#include "gpu.hpp"

#include <algorithm>
#include <vector>

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/IndexIVFPQ.h>
#include <faiss/IndexScalarQuantizer.h>
#include <faiss/gpu/GpuCloner.h>
#include <faiss/gpu/GpuIndexFlat.h>
#include <faiss/gpu/GpuIndexIVFFlat.h>
#include <faiss/gpu/GpuIndexIVFPQ.h>

#include "copy.hpp"
#include "parts.hpp"

namespace faissnet {
namespace {

using namespace faiss::gpu;

template <typename Config>
Config config_of(const faissnet_gpu_options& options) {
    Config config;
    config.device = options.device;
    config.memorySpace = static_cast<MemorySpace>(options.memory_space);
    cuvs_of(config, 0) = wants_cuvs(options);
    return config;
}

GpuIndexFlatConfig flat_config(const faissnet_gpu_options& options) {
    auto config = config_of<GpuIndexFlatConfig>(options);
    config.useFloat16 = options.float16 != 0;
    return config;
}

template <typename Config>
Config ivf_config(const faissnet_gpu_options& options) {
    auto config = config_of<Config>(options);
    config.indicesOptions = static_cast<IndicesOptions>(options.indices);
    config.flatConfig.useFloat16 = options.float16_coarse != 0;
    allow_cpu_coarse(config, options.cpu_coarse != 0, 0);
    return config;
}

GpuIndexIVFPQConfig pq_config(const faissnet_gpu_options& options, faiss::MetricType metric) {
    auto config = ivf_config<GpuIndexIVFPQConfig>(options);
    config.useFloat16LookupTables = options.float16 != 0;
    // With an inner product there are none, which FAISS says on the console.
    config.usePrecomputedTables = options.precomputed_tables != 0 && metric == faiss::METRIC_L2;
    config.interleavedLayout = wants_cuvs(options);
    return config;
}

template <typename Ivf>
void reserve(Ivf& ivf, const faissnet_gpu_options& options) {
    if (options.reserve_vectors > 0 && ivf.ntotal == 0) {
        ivf.reserveMemory(static_cast<size_t>(options.reserve_vectors));
    }
}

void fill(GpuClonerOptions& to, const faissnet_gpu_options& options) {
    to.indicesOptions = static_cast<IndicesOptions>(options.indices);
    to.useFloat16 = options.float16 != 0;
    to.usePrecomputed = options.precomputed_tables != 0;
    to.reserveVecs = static_cast<long>(options.reserve_vectors);
    cuvs_of(to, 0) = wants_cuvs(options);
    allow_cpu_coarse(to, options.cpu_coarse != 0, 0);
}

GpuClonerOptions cloner_options(const faissnet_gpu_options& options) {
    GpuClonerOptions made;
    fill(made, options);
    return made;
}

// FAISS's cloner, except that the types with configurations of their own are given all of them: it leaves out the memory space,
// and loses what it has copied when it fails.
struct Cloner : ToGpuCloner {
    Cloner(GpuResourcesProvider* provider, const faissnet_gpu_options& all)
            : ToGpuCloner(provider, all.device, cloner_options(all)), all_options(all) {}

    faiss::Index* clone_Index(const faiss::Index* index) override {
        if (auto flat = dynamic_cast<const faiss::IndexFlat*>(index)) {
            return new GpuIndexFlat(provider, flat, flat_config(all_options));
        }
        if (auto ivf = dynamic_cast<const faiss::IndexIVFFlat*>(index)) {
            auto made = std::make_unique<GpuIndexIVFFlat>(provider, ivf, ivf_config<GpuIndexIVFFlatConfig>(all_options));
            reserve(*made, all_options);
            return made.release();
        }
        if (auto ivf = dynamic_cast<const faiss::IndexIVFPQ*>(index)) {
            auto made = std::make_unique<GpuIndexIVFPQ>(provider, ivf, pq_config(all_options, ivf->metric_type));
            reserve(*made, all_options);
            return made.release();
        }
        return ToGpuCloner::clone_Index(index);
    }

    faissnet_gpu_options all_options;
};

std::shared_ptr<Resources> shared(const faissnet_gpu_resources* resources) {
    require(resources != nullptr, "resources must not be NULL");
    return resources->resources;
}

// make builds the index on the resources that it is given, as often as it is asked to.
template <typename Make>
void create(
        faissnet_gpu_resources* resources, const faissnet_gpu_options& options, int32_t d, int32_t metric, double bytes,
        Make make, faissnet_index** index) {
    const auto holder = shared(resources);
    std::unique_ptr<OnGpu> made;
    {
        const std::lock_guard<std::mutex> lock(holder->mutex);
        holder->prepare(options.device, bytes, options.memory_space == FAISSNET_GPU_MEMORY_UNIFIED);
        auto fresh = [provider = holder->provider.get(), make]() -> std::unique_ptr<faiss::Index> { return make(provider); };
        const faiss::IndexFlat like(d, static_cast<faiss::MetricType>(metric));
        made = std::make_unique<OnGpu>(std::vector<Place>{{holder, options.device}}, options, like, on_device_memory(fresh));
        made->fresh = std::move(fresh);
    }
    hand_over(std::move(made), index);
}

// Copies an index that has a GPU form to its places: one, or replicas or shards.
std::unique_ptr<OnGpu> place(const faiss::Index& source, const faissnet_gpu_options& options, const std::vector<Place>& places) {
    std::unique_ptr<OnGpu> made; // freed without the lock, should anything fail: it takes that itself
    const Exclusive lock(places);
    const double bytes = static_cast<double>(gpu_bytes(source, options));
    const double here = options.shard != 0 ? bytes / static_cast<double>(places.size()) : bytes;
    std::vector<GpuResourcesProvider*> providers;
    std::vector<int> devices;
    for (const auto& each : places) {
        each.resources->prepare(each.device, here, options.memory_space == FAISSNET_GPU_MEMORY_UNIFIED);
        providers.push_back(each.resources->provider.get());
        devices.push_back(each.device);
    }
    // FAISS does not give back the lists that it copies to a device, and views join theirs for each that asks.
    const std::unique_ptr<faiss::Index> joined = shows_views(source) ? copy_of(source) : nullptr;
    const faiss::Index& whole = joined != nullptr ? *joined : source;
    auto inner = on_device_memory([&] {
        if (places.size() == 1) {
            return std::unique_ptr<faiss::Index>(Cloner(providers[0], options).clone_Index(&whole));
        }
        GpuMultipleClonerOptions all;
        fill(all, options);
        all.shard = options.shard != 0;
        all.shard_type = options.shard_type;
        return std::unique_ptr<faiss::Index>(index_cpu_to_gpu_multiple(providers, devices, &whole, &all));
    });
    made = std::make_unique<OnGpu>(places, options, source, std::move(inner));
    return made;
}

void require_dimension(int32_t d) {
    if (d < 1) {
        fail(FAISSNET_INVALID_ARGUMENT, "d is %d: expected at least 1", d);
    }
}

void require_ivf(int32_t d, int64_t nlist, int32_t metric) {
    require_dimension(d);
    if (nlist < 1 || nlist > INT32_MAX) {
        fail(FAISSNET_INVALID_ARGUMENT, "nlist is %lld: expected 1 to 2147483647", static_cast<long long>(nlist));
    }
    if (metric != FAISSNET_METRIC_L2 && metric != FAISSNET_METRIC_INNER_PRODUCT) {
        fail(FAISSNET_INVALID_ARGUMENT, "metric is %d: expected L2 or inner product", metric);
    }
}

bool is_flat_metric(int32_t metric) {
    switch (metric) {
        case FAISSNET_METRIC_INNER_PRODUCT:
        case FAISSNET_METRIC_L2:
        case FAISSNET_METRIC_L1:
        case FAISSNET_METRIC_LINF:
        case FAISSNET_METRIC_CANBERRA:
        case FAISSNET_METRIC_BRAY_CURTIS:
        case FAISSNET_METRIC_JENSEN_SHANNON:
            return true;
        default:
            return false;
    }
}

} // namespace
} // namespace faissnet

using namespace faissnet;

faissnet_status faissnet_gpu_flat_new(
        faissnet_gpu_resources* resources, int32_t d, int32_t metric, const faissnet_gpu_options* options, faissnet_index** index) {
    return guard([&] {
        require_gpu_options(options);
        require_dimension(d);
        if (!is_flat_metric(metric)) {
            fail(FAISSNET_INVALID_ARGUMENT, "metric is %d: GpuIndexFlat knows L2, inner product, L1, Linf, Canberra, Bray-Curtis and Jensen-Shannon", metric);
        }
        const auto make = [d, metric, config = flat_config(*options)](GpuResourcesProvider* provider) {
            return std::make_unique<GpuIndexFlat>(provider, d, static_cast<faiss::MetricType>(metric), config);
        };
        create(resources, *options, d, metric, 0, make, index);
    });
}

faissnet_status faissnet_gpu_ivf_flat_new(
        faissnet_gpu_resources* resources, int32_t d, int64_t nlist, int32_t metric, const faissnet_gpu_options* options,
        faissnet_index** index) {
    return guard([&] {
        require_gpu_options(options);
        require_ivf(d, nlist, metric);
        const auto kind = static_cast<faiss::MetricType>(metric);
        const auto make = [d, nlist, kind, all = *options, config = ivf_config<GpuIndexIVFFlatConfig>(*options)](GpuResourcesProvider* provider) {
            auto made = std::make_unique<GpuIndexIVFFlat>(provider, d, static_cast<int>(nlist), kind, config);
            reserve(*made, all);
            return made;
        };
        const double reserved = static_cast<double>(options->reserve_vectors) * (4.0 * d + static_cast<double>(gpu_id_bytes(*options)));
        create(resources, *options, d, metric, gpu_ivf_fixed_bytes(d, nlist, true, 0, 0, kind, *options) + reserved, make, index);
    });
}

faissnet_status faissnet_gpu_ivf_pq_new(
        faissnet_gpu_resources* resources, int32_t d, int64_t nlist, int64_t m, int32_t nbits, int32_t metric,
        const faissnet_gpu_options* options, faissnet_index** index) {
    return guard([&] {
        require_gpu_options(options);
        require_ivf(d, nlist, metric);
        require_device(options->device);
        require_gpu_pq(d, m, nbits, *options, options->device);
        const auto kind = static_cast<faiss::MetricType>(metric);
        const auto make = [=, all = *options, config = pq_config(*options, kind)](GpuResourcesProvider* provider) {
            auto made = std::make_unique<GpuIndexIVFPQ>(provider, d, static_cast<int>(nlist), static_cast<int>(m), nbits, kind, config);
            reserve(*made, all);
            return made;
        };
        const double reserved =
                static_cast<double>(options->reserve_vectors) * static_cast<double>(m + gpu_id_bytes(*options));
        const double fixed = gpu_ivf_fixed_bytes(d, nlist, true, m, int64_t(1) << nbits, kind, *options);
        create(resources, *options, d, metric, fixed + reserved, make, index);
    });
}

faissnet_status faissnet_gpu_index_from_cpu(
        faissnet_gpu_resources* resources, const faissnet_index* cpu, const faissnet_gpu_options* options, faissnet_index** index) {
    return guard([&] {
        const auto& source = open(cpu);
        require_gpu_options(options);
        const auto holder = shared(resources);
        require_device(options->device);
        require_gpu_form(*cpu, *options, {options->device});
        auto placed = *options;
        if (find_inside<faiss::IndexScalarQuantizer>(source) != nullptr) {
            placed.float16 = 1; // becomes a flat index in float16
        }
        hand_over(place(source, placed, {{holder, options->device}}), index);
    });
}

faissnet_status faissnet_gpu_index_from_cpu_multiple(
        int64_t count, faissnet_gpu_resources* const* resources, const int32_t* devices, const faissnet_index* cpu,
        const faissnet_gpu_options* options, faissnet_index** index) {
    if (count == 1 && resources != nullptr && devices != nullptr && options != nullptr) {
        auto here = *options;
        here.device = devices[0];
        return faissnet_gpu_index_from_cpu(resources[0], cpu, &here, index);
    }
    return guard([&] {
        const auto& source = open(cpu);
        require_gpu_options(options);
        if (count < 1 || resources == nullptr || devices == nullptr) {
            fail(FAISSNET_INVALID_ARGUMENT, "count is %lld: expected at least 1, and as many resources and devices", static_cast<long long>(count));
        }
        if (options->memory_space != FAISSNET_GPU_MEMORY_DEVICE) {
            fail(FAISSNET_UNSUPPORTED, "FAISS spreads indexes over several devices in the devices' own memory only (memory_space = 1)");
        }
        std::vector<Place> places;
        for (int64_t i = 0; i < count; i++) {
            require_device(devices[i]);
            const auto holder = shared(resources[i]);
            if (std::any_of(places.begin(), places.end(), [&](const Place& other) { return other.resources == holder; })) {
                fail(FAISSNET_INVALID_ARGUMENT, "resources[%lld] is there twice: each device works in a thread of its own and needs its own", static_cast<long long>(i));
            }
            places.push_back({holder, devices[i]});
        }
        require_gpu_form(*cpu, *options, std::vector<int>(devices, devices + count));
        hand_over(place(source, *options, places), index);
    });
}

faissnet_status faissnet_gpu_index_clone(const faissnet_index* index, faissnet_index** copy) {
    return guard([&] {
        const auto& source = open_gpu(index);
        if (source.is_trained || !source.fresh) {
            hand_over(place(*source.to_cpu(), source.options(), source.places()), copy);
            return;
        }
        std::unique_ptr<OnGpu> made;
        {
            const Exclusive lock(source.places());
            made = std::make_unique<OnGpu>(source.places(), source.options(), source, on_device_memory(source.fresh));
            made->fresh = source.fresh;
        }
        hand_over(std::move(made), copy);
    });
}

#endif
