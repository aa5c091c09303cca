# What the triplets in this folder have in common: static, position-independent, release only.

# vcpkg decides by the triplet's own text whether something is to be built again; what it includes has to be named.
list(APPEND VCPKG_HASH_ADDITIONAL_FILES "${CMAKE_CURRENT_LIST_FILE}")

set(VCPKG_CMAKE_SYSTEM_NAME Linux)
set(VCPKG_CRT_LINKAGE dynamic)
set(VCPKG_LIBRARY_LINKAGE static)
set(VCPKG_BUILD_TYPE release)
set(VCPKG_C_FLAGS "-fPIC")
set(VCPKG_CXX_FLAGS "-fPIC")

# BLAS uses OpenMP's threads, so that it shares them with FAISS instead of competing. Whoever links it, even to probe for
# LAPACK, needs OpenMP's library too. Left alone, the port stops at 24 threads.
set(VCPKG_LINKER_FLAGS "-fopenmp")
if(PORT STREQUAL "openblas")
    list(APPEND VCPKG_CMAKE_CONFIGURE_OPTIONS -DUSE_OPENMP=ON -DNUM_THREADS=128)
endif()

# The port leaves FAISS at its generic level. "dd" compiles the kernels of every instruction set and picks at run time.
if(PORT STREQUAL "faiss")
    list(APPEND VCPKG_CMAKE_CONFIGURE_OPTIONS -DFAISS_OPT_LEVEL=dd -DFAISS_ENABLE_EXTRAS=OFF)
endif()
