// Indexes on a GPU, measured. A FAISS without its GPU part answers that it has none.
#pragma once

#include <memory>
#include <string>

#include <faiss/Index.h>

#include "common.h"

namespace peer {

// Trains a new GpuIndexIVFPQ.
std::string train_on_gpu(const Vectors& base, std::unique_ptr<faiss::Index>& index, std::istringstream& request);

// Empties it and adds the base. The search of one query that follows is a part of it: it waits until the device is done.
std::string add_on_gpu(const Vectors& base, std::unique_ptr<faiss::Index>& index);

// The index in a file, copied to the GPU.
std::string load_on_gpu(std::unique_ptr<faiss::Index>& index, std::istringstream& request);

// Sets nprobe and the like on indexes of either kind.
void set_parameter(faiss::Index& index, const std::string& name, double value);

} // namespace peer
