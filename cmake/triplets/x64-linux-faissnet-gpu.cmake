set(VCPKG_TARGET_ARCHITECTURE x64)
include("${CMAKE_CURRENT_LIST_DIR}/faissnet-gpu.cmake")
