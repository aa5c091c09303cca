// The conditions under which FAISS builds neighbour graphs without ending the process.
#pragma once

#include <cstdint>

#include <faiss/IndexNSG.h>

#include "version.hpp"

namespace faissnet {

constexpr int kSmallestNsg = 100;

// Lets an empty NSG index of n vectors to come build its graph from exact neighbours where NN-descent might fail, or fails with the
// reason.
void choose_build(faiss::IndexNSG& nsg, int64_t n);

// Stands around an add of n > 0 vectors. It refuses what FAISS would not survive, and empties an NSG index whose graph could not be built:
// FAISS leaves the vectors in it, and the next search ends the process.
class GraphBuild {
   public:
    GraphBuild(faiss::Index& index, int64_t n);
    ~GraphBuild();
    GraphBuild(const GraphBuild&) = delete;
    GraphBuild& operator=(const GraphBuild&) = delete;
    void succeeded() {
        succeeded_ = true;
    }

   private:
    faiss::Index& index_;
    faiss::IndexNSG* nsg_; // set if its graph is to be built
    char build_type_ = 0;
    bool succeeded_ = false;
};

} // namespace faissnet
