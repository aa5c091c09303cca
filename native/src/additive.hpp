// The additive quantizers of an index.
#pragma once

#include <vector>

#include <faiss/Index.h>
#include <faiss/impl/AdditiveQuantizer.h>

namespace faissnet {

// The one that it trains and encodes with; of a product of quantizers itself and then its parts.
std::vector<faiss::AdditiveQuantizer*> own_additive_quantizers(faiss::Index& index);

// The same of the indexes inside wrappers and of a refining index, in the order in which they are trained.
std::vector<faiss::AdditiveQuantizer*> code_quantizers(faiss::Index& index);

// The same and those of coarse quantizers.
std::vector<faiss::AdditiveQuantizer*> additive_quantizers(faiss::Index& index);

// Where these are kept: in the indexes, and in products.
std::vector<faiss::AdditiveQuantizer**> additive_quantizer_slots(faiss::Index& index);

} // namespace faissnet
