# One shared library per instruction set of FAISS: libfaissnet.so, libfaissnet_avx2.so, … The loader on the .NET side
# picks by the CPU. Each contains FAISS, BLAS and the C++ run time, and carries beside it what cannot be linked in.

file(GLOB faissnet_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/native/src/*.cpp")
if(NOT faissnet_sources)
    message(FATAL_ERROR "native/src holds no source.")
endif()

# FAISS's calls of these go through functions of this library, where it is linked in: a shared FAISS has its own way to them. Those of BLAS and LAPACK
# (blas.cpp) only if it is OpenBLAS; others may count in other integers.
set(faissnet_wrapped "")
set(faissnet_wrapped_blas "")
if(NOT FAISSNET_FAISS_SHARED)
    # operator new, operator new[] and VectorTransform::apply (large_blocks.cpp), ProductQuantizer::compute_codes (encoding.cpp),
    # PolysemousTraining::optimize_pq_for_hamming (polysemous.cpp), LocalSearchQuantizer::train (lsq_training.cpp)
    list(APPEND faissnet_wrapped _Znwm _Znam _ZNK5faiss15VectorTransform5applyElPKf _ZNK5faiss16ProductQuantizer13compute_codesEPKfPhm
        _ZNK5faiss18PolysemousTraining23optimize_pq_for_hammingERNS_16ProductQuantizerEmPKf
        _ZN5faiss20LocalSearchQuantizer5trainEmPKf)
    if(FAISSNET_HAVE_OPENBLAS)
        set(faissnet_wrapped_blas
            sgemm_ dgemm_ ssyrk_ dsyev_ sgesvd_ dgesvd_ sgetrf_ dgetrf_ sgetri_ dgetri_ sgeqrf_ sorgqr_ sgelsd_)
    endif()
endif()
list(APPEND faissnet_wrapped ${faissnet_wrapped_blas})
list(TRANSFORM faissnet_wrapped PREPEND "LINKER:--wrap=" OUTPUT_VARIABLE faissnet_wrap_options)

# It repeats sums of FAISS's, and says itself which of their products are fused.
set_source_files_properties("${PROJECT_SOURCE_DIR}/native/src/lsq_training.cpp" PROPERTIES COMPILE_OPTIONS -ffp-contract=off)

set(FAISSNET_TARGETS "")
foreach(variant IN LISTS FAISSNET_VARIANTS)
    if(variant MATCHES "^(generic|dynamic)$")
        set(target faissnet)
    else()
        set(target faissnet_${variant})
    endif()
    list(APPEND FAISSNET_TARGETS ${target})
    set(faiss ${FAISSNET_FAISS_TARGET_${variant}})

    add_library(${target} SHARED ${faissnet_sources})
    target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}/native/include")
    target_compile_definitions(${target} PRIVATE
        FAISSNET_BUILD=1
        FAISSNET_VARIANT="${variant}"
        $<$<BOOL:${FAISSNET_HAVE_OPENBLAS}>:FAISSNET_HAVE_OPENBLAS=1>
        $<$<BOOL:${FAISSNET_ENABLE_GPU}>:FAISSNET_ENABLE_GPU=1>
        $<$<BOOL:${faissnet_wrapped}>:FAISSNET_WRAP_FAISS=1>
        $<$<BOOL:${faissnet_wrapped_blas}>:FAISSNET_WRAP_BLAS=1>
        ${FAISSNET_FAISS_DEFINITIONS_${variant}})
    target_compile_options(${target} PRIVATE ${FAISSNET_FAISS_OPTIONS_${variant}})
    target_link_libraries(${target} PRIVATE
        faissnet_warnings faissnet_sanitizers ${faiss} OpenMP::OpenMP_CXX Threads::Threads ${FAISSNET_CUDART})
    set_target_properties(${target} PROPERTIES
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS "${PROJECT_SOURCE_DIR}/native/faissnet.map"
        BUILD_RPATH "$ORIGIN"
        INSTALL_RPATH "$ORIGIN")

    target_link_options(${target} PRIVATE
        ${FAISSNET_LINK_OPTIONS}
        ${faissnet_wrap_options}
        "LINKER:--version-script=${PROJECT_SOURCE_DIR}/native/faissnet.map"
        LINKER:--exclude-libs,ALL
        LINKER:-Bsymbolic
        LINKER:-z,relro,-z,now
        # Worker threads of OpenMP and BLAS outlive a call; the code under them must never be unloaded.
        LINKER:-z,nodelete
        # DT_RPATH rather than DT_RUNPATH: it also holds for what the carried libraries need in turn.
        LINKER:--disable-new-dtags
        $<$<CONFIG:Release>:LINKER:--strip-all>)
    if(NOT FAISSNET_SANITIZE)
        target_link_options(${target} PRIVATE LINKER:--no-undefined)
    endif()
    # Sanitizers intercept the exceptions of a shared C++ run time only.
    if(NOT FAISSNET_SANITIZE AND NOT FAISSNET_FAISS_SHARED)
        target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
    endif()
endforeach()

install(TARGETS ${FAISSNET_TARGETS} LIBRARY DESTINATION . COMPONENT native)

# Everything else that the libraries need and glibc does not have is copied beside them.
list(TRANSFORM FAISSNET_TARGETS REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE faissnet_files)
install(CODE "
    set(libraries \"${faissnet_files}\")
    set(search \"${CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES}\")
    set(destination \"\${CMAKE_INSTALL_PREFIX}\")
    include(\"${PROJECT_SOURCE_DIR}/cmake/CarryDependencies.cmake\")"
    COMPONENT native)
