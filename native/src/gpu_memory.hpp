// How much memory FAISS's GPU structures take.
#pragma once

#include <cstdint>

#include <faiss/Index.h>

#include "faissnet.h"

namespace faissnet {

// Checks the values of an options struct that have no meaning elsewhere. nullptr is refused.
void require_gpu_options(const faissnet_gpu_options* options);

int64_t gpu_id_bytes(const faissnet_gpu_options& options);

// GpuIndexFlat: the vectors and their norms.
double gpu_flat_bytes(int64_t n, int64_t d, bool float16);

// What an IVF needs on the GPU besides its vectors; m = 0: no product quantizer.
double gpu_ivf_fixed_bytes(
        int64_t d, int64_t nlist, bool flat_coarse, int64_t m, int64_t ksub, faiss::MetricType metric,
        const faissnet_gpu_options& options);

// Everything that a CPU index becomes on one device, or 0 for types without a GPU form.
int64_t gpu_bytes(const faiss::Index& index, const faissnet_gpu_options& options);

} // namespace faissnet
