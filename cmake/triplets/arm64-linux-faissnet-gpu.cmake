set(VCPKG_TARGET_ARCHITECTURE arm64)
include("${CMAKE_CURRENT_LIST_DIR}/faissnet-gpu.cmake")
