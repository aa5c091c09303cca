// The additive quantizers of an index.
#pragma once

#include <vector>

#include <faiss/Index.h>
#include <faiss/impl/AdditiveQuantizer.h>

namespace faissnet {

// Those that it trains and encodes with: its own and those of the indexes inside it, of a coarse quantizer and of a refining index; of a
// product of quantizers its parts.
std::vector<faiss::AdditiveQuantizer*> additive_quantizers(faiss::Index& index);

} // namespace faissnet
