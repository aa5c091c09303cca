# Finds FAISS: through its own CMake package (vcpkg, or the prefix in faiss_ROOT), or as plain files in a prefix.
# Afterwards there are
#   FAISSNET_FAISS_VERSION   as in 1.7.3
#   FAISSNET_VARIANTS        the instruction sets to link for: "dynamic", or "generic" and perhaps "avx2", "avx512"
#   FAISSNET_FAISS_TARGET_<variant>, FAISSNET_FAISS_OPTIONS_<variant>, FAISSNET_FAISS_DEFINITIONS_<variant>
#   FAISSNET_FAISS_SHARED    whether it is a shared library
#   FAISSNET_HAVE_OPENBLAS   whether openblas_get_config can be linked
#   FAISSNET_CUDART          the CUDA run time that a FAISS with GPU support links

include(CheckCXXSourceCompiles)
include(CheckCXXSourceRuns)

# FAISS's package names these targets but does not look for them.
find_package(OpenMP REQUIRED COMPONENTS CXX)
find_package(Threads REQUIRED)
if(FAISSNET_ENABLE_GPU)
    find_package(CUDAToolkit REQUIRED)
endif()

find_package(faiss CONFIG QUIET)

if(NOT TARGET faiss)
    # A prefix filled by hand: headers and libraries without a package.
    find_path(FAISSNET_FAISS_INCLUDE faiss/Index.h HINTS ${faiss_ROOT} $ENV{faiss_ROOT} PATH_SUFFIXES include)
    find_library(FAISSNET_FAISS_LIBRARY NAMES libfaiss.a faiss HINTS ${faiss_ROOT} $ENV{faiss_ROOT} PATH_SUFFIXES lib lib64)
    if(NOT FAISSNET_FAISS_INCLUDE OR NOT FAISSNET_FAISS_LIBRARY)
        message(FATAL_ERROR
            "FAISS was not found. Give a prefix with -Dfaiss_ROOT=/path/to/prefix, use the preset 'vcpkg', "
            "or run ./eng/build-native.sh, which builds FAISS where it is missing.")
    endif()
    find_package(BLAS REQUIRED)
    find_package(LAPACK REQUIRED)
    # Not as a generator expression: what is named is looked for below.
    set(faissnet_cuda "")
    if(FAISSNET_ENABLE_GPU)
        set(faissnet_cuda CUDA::cudart CUDA::cublas)
    endif()
    foreach(name IN ITEMS faiss faiss_avx2 faiss_avx512)
        find_library(FAISSNET_LIBRARY_${name} NAMES lib${name}.a ${name}
            HINTS ${faiss_ROOT} $ENV{faiss_ROOT} PATH_SUFFIXES lib lib64)
        if(FAISSNET_LIBRARY_${name})
            add_library(${name} UNKNOWN IMPORTED)
            set_target_properties(${name} PROPERTIES
                IMPORTED_LOCATION "${FAISSNET_LIBRARY_${name}}"
                INTERFACE_INCLUDE_DIRECTORIES "${FAISSNET_FAISS_INCLUDE}"
                INTERFACE_LINK_LIBRARIES "OpenMP::OpenMP_CXX;LAPACK::LAPACK;BLAS::BLAS;${faissnet_cuda}")
        endif()
    endforeach()
endif()

# The headers say the version more reliably than a package, which a hand-filled prefix lacks.
get_target_property(faissnet_faiss_include faiss INTERFACE_INCLUDE_DIRECTORIES)
list(GET faissnet_faiss_include 0 faissnet_faiss_include)
set(FAISSNET_FAISS_VERSION "")
foreach(part IN ITEMS MAJOR MINOR PATCH)
    file(STRINGS "${faissnet_faiss_include}/faiss/Index.h" line REGEX "#define FAISS_VERSION_${part} ")
    if(NOT line MATCHES "([0-9]+)")
        message(FATAL_ERROR "${faissnet_faiss_include}/faiss/Index.h states no FAISS_VERSION_${part}.")
    endif()
    string(APPEND FAISSNET_FAISS_VERSION ".${CMAKE_MATCH_1}")
endforeach()
string(SUBSTRING "${FAISSNET_FAISS_VERSION}" 1 -1 FAISSNET_FAISS_VERSION)
if(FAISSNET_FAISS_VERSION VERSION_LESS 1.7.3)
    message(FATAL_ERROR "FAISS ${FAISSNET_FAISS_VERSION} is too old; FaissNet needs 1.7.3 or later.")
endif()

if(FAISSNET_ENABLE_GPU AND NOT EXISTS "${faissnet_faiss_include}/faiss/gpu/GpuIndex.h")
    message(FATAL_ERROR
        "FAISSNET_ENABLE_GPU is ON, and the FAISS in ${faissnet_faiss_include} was built without its GPU part (FAISS_ENABLE_GPU).")
endif()

foreach(target IN ITEMS faiss faiss_avx2 faiss_avx512)
    if(NOT TARGET ${target})
        continue()
    endif()
    # Only the first target exports its headers.
    set_property(TARGET ${target} PROPERTY INTERFACE_INCLUDE_DIRECTORIES "${faissnet_faiss_include}")
    # What else the package names without looking for it.
    get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    foreach(package IN ITEMS BLAS LAPACK MKL CUDAToolkit)
        if(libraries MATCHES "${package}::" AND NOT ${package}_FOUND)
            find_package(${package} REQUIRED)
        endif()
    endforeach()
    if(libraries MATCHES "CUDA::" AND NOT CUDAToolkit_FOUND)
        find_package(CUDAToolkit REQUIRED)
    endif()
endforeach()

# Two CUDA run times in one library would each keep a current device and a last error: FAISS's is ours.
set(FAISSNET_CUDART "")
if(FAISSNET_ENABLE_GPU)
    get_target_property(libraries faiss INTERFACE_LINK_LIBRARIES)
    set(FAISSNET_CUDART CUDA::cudart)
    if(libraries MATCHES "CUDA::cudart_static")
        set(FAISSNET_CUDART CUDA::cudart_static)
    endif()
endif()

# The exceptions of a shared FAISS come from the shared C++ run time, so the shim must use that one too.
get_target_property(FAISSNET_FAISS_TYPE faiss TYPE)
get_target_property(location faiss IMPORTED_LOCATION)
if(FAISSNET_FAISS_TYPE STREQUAL "SHARED_LIBRARY" OR location MATCHES "\\.so(\\.[0-9]+)*$")
    set(FAISSNET_FAISS_SHARED ON)
else()
    set(FAISSNET_FAISS_SHARED OFF)
endif()

# A static BLAS or LAPACK written in Fortran leaves its run-time library to whoever links it. The functions are some of
# those that FAISS calls itself.
set(faissnet_blas_probe [[
extern "C" void sgemm_(); extern "C" void ssyrk_(); extern "C" void sgeqrf_(); extern "C" void sorgqr_();
extern "C" void ssyev_(); extern "C" void dsyev_(); extern "C" void sgesvd_(); extern "C" void dgesvd_();
int main(int n, char**) {
    void (*f[])() = {sgemm_, ssyrk_, sgeqrf_, sorgqr_, ssyev_, dsyev_, sgesvd_, dgesvd_};
    if (n > 100) f[n % 8]();
    return 0;
}
]])
# CMake puts shared libraries before the archives that need them, and a linker with --as-needed on by default drops them.
set(FAISSNET_LINK_OPTIONS LINKER:--no-as-needed)
set(CMAKE_REQUIRED_LINK_OPTIONS ${FAISSNET_LINK_OPTIONS})
set(CMAKE_REQUIRED_LIBRARIES faiss OpenMP::OpenMP_CXX Threads::Threads)
check_cxx_source_compiles("${faissnet_blas_probe}" FAISSNET_BLAS_LINKS)
if(NOT FAISSNET_BLAS_LINKS)
    set(CMAKE_REQUIRED_LIBRARIES faiss gfortran OpenMP::OpenMP_CXX Threads::Threads)
    check_cxx_source_compiles("${faissnet_blas_probe}" FAISSNET_BLAS_LINKS_WITH_FORTRAN)
    if(NOT FAISSNET_BLAS_LINKS_WITH_FORTRAN)
        message(FATAL_ERROR
            "The BLAS and LAPACK that FAISS names cannot be linked, not even with gfortran's library. "
            "Link interface: ${libraries}. On Debian and Ubuntu: apt-get install libopenblas-openmp-dev gfortran.")
    endif()
    foreach(target IN ITEMS faiss faiss_avx2 faiss_avx512)
        if(TARGET ${target})
            set_property(TARGET ${target} APPEND PROPERTY INTERFACE_LINK_LIBRARIES gfortran)
        endif()
    endforeach()
endif()

set(CMAKE_REQUIRED_LIBRARIES faiss OpenMP::OpenMP_CXX Threads::Threads)
check_cxx_source_compiles([[
extern "C" char* openblas_get_config();
int main() { return openblas_get_config()[0] == 0; }
]] FAISSNET_HAVE_OPENBLAS)

# FAISS leaves no mark of dynamic dispatch in its headers or its package: only the library itself knows.
if(FAISSNET_FAISS_VERSION VERSION_GREATER_EQUAL 1.14 AND NOT CMAKE_CROSSCOMPILING)
    check_cxx_source_runs([[
#include <string>
namespace faiss { std::string get_compile_options(); }
int main() { return (" " + faiss::get_compile_options()).find(" DD ") == std::string::npos; }
]] FAISSNET_FAISS_DISPATCHES)
endif()
unset(CMAKE_REQUIRED_LIBRARIES)
unset(CMAKE_REQUIRED_LINK_OPTIONS)

# The same instruction-set flags and macros as FAISS's own, since its headers have inline code that depends on both.
if(FAISSNET_FAISS_DISPATCHES)
    set(FAISSNET_VARIANTS dynamic)
    set(FAISSNET_FAISS_TARGET_dynamic faiss)
    set(FAISSNET_FAISS_OPTIONS_dynamic "")
    if(FAISSNET_RID STREQUAL "linux-x64")
        set(FAISSNET_FAISS_DEFINITIONS_dynamic
            FAISS_ENABLE_DD COMPILE_SIMD_AVX2 COMPILE_SIMD_AVX512 COMPILE_SIMD_AVX512_SPR)
    else()
        set(FAISSNET_FAISS_DEFINITIONS_dynamic FAISS_ENABLE_DD COMPILE_SIMD_ARM_NEON COMPILE_SIMD_ARM_SVE)
    endif()
else()
    set(FAISSNET_VARIANTS generic)
    set(FAISSNET_FAISS_TARGET_generic faiss)
    set(FAISSNET_FAISS_OPTIONS_generic "")
    set(FAISSNET_FAISS_DEFINITIONS_generic "")
    set(avx2 -mavx2 -mfma -mf16c -mpopcnt)
    if(FAISSNET_FAISS_VERSION VERSION_GREATER_EQUAL 1.14)
        list(APPEND avx2 -mbmi2)
        if(FAISSNET_RID STREQUAL "linux-arm64")
            set(FAISSNET_FAISS_DEFINITIONS_generic COMPILE_SIMD_ARM_NEON)
        endif()
    endif()
    if(TARGET faiss_avx2)
        list(APPEND FAISSNET_VARIANTS avx2)
        set(FAISSNET_FAISS_TARGET_avx2 faiss_avx2)
        set(FAISSNET_FAISS_OPTIONS_avx2 ${avx2})
        set(FAISSNET_FAISS_DEFINITIONS_avx2 COMPILE_SIMD_AVX2)
    endif()
    if(TARGET faiss_avx512)
        list(APPEND FAISSNET_VARIANTS avx512)
        set(FAISSNET_FAISS_TARGET_avx512 faiss_avx512)
        set(FAISSNET_FAISS_OPTIONS_avx512 ${avx2} -mavx512f -mavx512cd -mavx512vl -mavx512dq -mavx512bw)
        set(FAISSNET_FAISS_DEFINITIONS_avx512 COMPILE_SIMD_AVX2 COMPILE_SIMD_AVX512)
    endif()
endif()

if(FAISSNET_SANITIZE)
    # The shim's own code is the same in all of them.
    list(GET FAISSNET_VARIANTS 0 FAISSNET_VARIANTS)
endif()

list(JOIN FAISSNET_VARIANTS ", " text)
message(STATUS "FAISS ${FAISSNET_FAISS_VERSION} in ${faissnet_faiss_include}; variants: ${text}")
