# Every option with its default and the reason for it.
option(KOAN_DEV "Tests, fuzz corpora replay, warnings as errors: for people who change koan" OFF)
option(KOAN_REMOTE "Chat models behind HTTP (docs/remote.md), koan ask serve: needs libcurl, toml++ and cpp-httplib" ON)
option(KOAN_TRAIN "koan-train: needs LibTorch (Debian libtorch-dev, or a CUDA PyTorch through CMAKE_PREFIX_PATH)" OFF)
option(KOAN_SANITIZE "Address and undefined-behaviour sanitizers" OFF)
option(KOAN_FUZZ "libFuzzer targets (clang only)" OFF)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# The numerics contract (docs/numerics.md section 1): no contraction, in every file, whatever the compiler's default is.
add_compile_options(-ffp-contract=off -Wall -Wextra -Wshadow)
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "s390x" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fexcess-precision=fast)  # "standard", the default of strict C++ from GCC 13, computes float as double there
endif()
if(KOAN_DEV)
  add_compile_options(-Werror)
endif()
if(KOAN_SANITIZE)
  add_compile_options(-Wno-maybe-uninitialized)  # GCC warns falsely of code that the sanitizers have rewritten
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(KOAN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_program(KOAN_CCACHE ccache)
if(KOAN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KOAN_CCACHE})
endif()
