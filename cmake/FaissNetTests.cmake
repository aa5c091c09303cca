# The C tests, once per variant; the export check; and the packed files on their own in an empty root.

file(GLOB faissnet_test_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/native/tests/*.c")
list(FILTER faissnet_test_sources EXCLUDE REGEX "/isolated\\.c$")

# A variant that this processor cannot run is reported as not run, not as failed.
function(faissnet_processor_has result variant)
    set(${result} TRUE PARENT_SCOPE)
    if(variant MATCHES "^avx")
        string(REPLACE "avx512" "avx512f" feature "${variant}")
        check_cxx_source_runs(
            "int main() { return !(__builtin_cpu_supports(\"${feature}\") && __builtin_cpu_supports(\"fma\")); }"
            FAISSNET_PROCESSOR_HAS_${variant})
        set(${result} ${FAISSNET_PROCESSOR_HAS_${variant}} PARENT_SCOPE)
    endif()
endfunction()

if(FAISSNET_SANITIZE)
    set(faissnet_test_environment
        "ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:allocator_may_return_null=1"
        "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/native/tests/lsan.supp:print_suppressions=0"
        "UBSAN_OPTIONS=print_stacktrace=1")
endif()

foreach(variant target IN ZIP_LISTS FAISSNET_VARIANTS FAISSNET_TARGETS)
    faissnet_processor_has(runs ${variant})

    if(faissnet_test_sources)
        string(REPLACE faissnet faissnet_tests tests ${target})
        add_executable(${tests} ${faissnet_test_sources})
        target_link_libraries(${tests} PRIVATE faissnet_warnings faissnet_sanitizers ${target} Threads::Threads m)
        # Tests speak through assertions.
        target_compile_options(${tests} PRIVATE -UNDEBUG)

        # Each case is a ctest of its own; the executable itself says which there are.
        set(list "${CMAKE_CURRENT_BINARY_DIR}/${tests}.cmake")
        add_custom_command(TARGET ${tests} POST_BUILD
            COMMAND "${CMAKE_COMMAND}"
                "-Dexecutable=$<TARGET_FILE:${tests}>" "-Dprefix=${variant}" "-Druns=${runs}" "-Doutput=${list}"
                "-Denvironment=${faissnet_test_environment}"
                -P "${PROJECT_SOURCE_DIR}/cmake/ListTests.cmake"
            VERBATIM)
        file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/${tests}-include.cmake" @ONLY CONTENT [[
if(EXISTS "@list@")
    include("@list@")
else()
    add_test("@variant@.not-built" "@list@")
endif()
]])
        set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${CMAKE_CURRENT_BINARY_DIR}/${tests}-include.cmake")
    endif()

    add_test(NAME ${variant}.exports COMMAND "${CMAKE_COMMAND}"
        "-Dlibrary=$<TARGET_FILE:${target}>"
        "-Dheader=${PROJECT_SOURCE_DIR}/native/include/faissnet.h"
        "-Dnm=${CMAKE_NM}"
        -P "${PROJECT_SOURCE_DIR}/cmake/CheckExports.cmake")

    # CUDA's libraries are the machine's.
    if(NOT FAISSNET_SANITIZE AND NOT FAISSNET_ENABLE_GPU)
        add_test(NAME ${variant}.isolated COMMAND
            "${PROJECT_SOURCE_DIR}/native/tests/isolated.sh"
            "${CMAKE_CURRENT_BINARY_DIR}/packed" "$<TARGET_FILE_NAME:${target}>" $<TARGET_FILE:faissnet_isolated>)
        set_tests_properties(${variant}.isolated PROPERTIES
            FIXTURES_REQUIRED packed SKIP_RETURN_CODE 77)
        if(NOT runs)
            set_tests_properties(${variant}.isolated PROPERTIES DISABLED TRUE)
        endif()
    endif()
endforeach()

if(NOT FAISSNET_SANITIZE)
    add_executable(faissnet_isolated native/tests/isolated.c)
    target_include_directories(faissnet_isolated PRIVATE native/include)
    target_link_libraries(faissnet_isolated PRIVATE faissnet_warnings ${CMAKE_DL_LIBS})

    add_test(NAME packed COMMAND
        "${CMAKE_COMMAND}" --install "${CMAKE_CURRENT_BINARY_DIR}" --component native
        --prefix "${CMAKE_CURRENT_BINARY_DIR}/packed")
    set_tests_properties(packed PROPERTIES FIXTURES_SETUP packed)
endif()
