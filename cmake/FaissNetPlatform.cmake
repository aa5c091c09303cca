# The runtime identifier that .NET has for this machine, and the folder where the native files go.

if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux")
    message(FATAL_ERROR "FaissNet's native library is built on Linux only so far; this is ${CMAKE_SYSTEM_NAME}.")
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(FAISSNET_RID linux-x64)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64)$")
    set(FAISSNET_RID linux-arm64)
else()
    message(FATAL_ERROR "FaissNet has no runtime identifier for the processor ${CMAKE_SYSTEM_PROCESSOR}; x86_64 and aarch64 are known.")
endif()

if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
    set(CMAKE_INSTALL_PREFIX "${PROJECT_SOURCE_DIR}/out/native/${FAISSNET_RID}" CACHE PATH "" FORCE)
endif()

set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
