# The C++ side of the benchmark harness: the same FAISS and the same flags as the shared libraries, without the shim.

file(GLOB faissnet_peer_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/FaissNet.Benchmarks/peer/*.cpp")
if(NOT faissnet_peer_sources)
    message(FATAL_ERROR "FAISSNET_BUILD_BENCHMARKS is ON, but tests/FaissNet.Benchmarks/peer holds no source.")
endif()

foreach(variant target IN ZIP_LISTS FAISSNET_VARIANTS FAISSNET_TARGETS)
    string(REPLACE faissnet faissnet_peer peer ${target})
    add_executable(${peer} ${faissnet_peer_sources})
    # For version.hpp alone, which looks at FAISS's headers and at nothing of the shim.
    target_include_directories(${peer} PRIVATE "${PROJECT_SOURCE_DIR}/native/src")
    target_compile_definitions(${peer} PRIVATE
        FAISSNET_VARIANT="${variant}"
        $<$<BOOL:${FAISSNET_HAVE_OPENBLAS}>:FAISSNET_HAVE_OPENBLAS=1>
        $<$<BOOL:${FAISSNET_ENABLE_GPU}>:FAISSNET_ENABLE_GPU=1>
        ${FAISSNET_FAISS_DEFINITIONS_${variant}})
    target_compile_options(${peer} PRIVATE ${FAISSNET_FAISS_OPTIONS_${variant}})
    target_link_libraries(${peer} PRIVATE
        faissnet_warnings ${FAISSNET_FAISS_TARGET_${variant}} OpenMP::OpenMP_CXX Threads::Threads ${FAISSNET_CUDART})
    target_link_options(${peer} PRIVATE
        ${FAISSNET_LINK_OPTIONS} "$<$<NOT:$<BOOL:${FAISSNET_FAISS_SHARED}>>:-static-libstdc++;-static-libgcc>")
endforeach()
