# What the GPU triplets have in common.

include("${CMAKE_CURRENT_LIST_DIR}/faissnet.cmake")
list(APPEND VCPKG_HASH_ADDITIONAL_FILES "${CMAKE_CURRENT_LIST_FILE}")

# Machine code for each generation of devices that the toolkit knows, not just for the one in the building machine.
if(PORT STREQUAL "faiss")
    list(APPEND VCPKG_CMAKE_CONFIGURE_OPTIONS -DCMAKE_CUDA_ARCHITECTURES=all-major)
endif()
