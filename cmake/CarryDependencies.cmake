# Run at install time: copies the shared libraries that ${libraries} need to ${destination}, as plain files under the
# names that the loader asks for (a NuGet package has no links). ${search}: where the compiler's own libraries are.

# What glibc ships, and what belongs to the machine's CUDA driver and toolkit.
set(theirs
    "^ld-linux.*" "^libc\\.so" "^libm\\.so" "^libmvec\\.so" "^libpthread\\.so" "^libdl\\.so" "^librt\\.so"
    "^libcuda\\.so" "^libcudart\\.so" "^libcublas" "^libcurand" "^libcusolver" "^libcusparse" "^libnv")

file(GET_RUNTIME_DEPENDENCIES
    LIBRARIES ${libraries}
    DIRECTORIES ${search}
    PRE_EXCLUDE_REGEXES ${theirs}
    RESOLVED_DEPENDENCIES_VAR found
    UNRESOLVED_DEPENDENCIES_VAR missing)

if(missing)
    list(JOIN missing ", " text)
    message(FATAL_ERROR "These libraries are needed and were not found: ${text}.")
endif()

foreach(library IN LISTS found)
    cmake_path(GET library FILENAME name)
    file(REAL_PATH "${library}" real)
    message(STATUS "Carrying: ${name}")
    file(COPY_FILE "${real}" "${destination}/${name}" ONLY_IF_DIFFERENT)
endforeach()
