# Warnings are errors in our own sources; FAISS's headers come in as system headers and stay silent.

add_library(faissnet_warnings INTERFACE)
target_compile_options(faissnet_warnings INTERFACE -Wall -Wextra -Werror)

add_library(faissnet_sanitizers INTERFACE)
if(FAISSNET_SANITIZE)
    target_compile_options(faissnet_sanitizers INTERFACE
        -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(faissnet_sanitizers INTERFACE -fsanitize=address,undefined)
endif()
