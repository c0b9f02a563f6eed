# Building for another machine with Debian's cross compilers, its libraries unpacked by sysroot.sh, its programs run by qemu-user (ctest
# does so by itself). Included by aarch64.cmake and s390x.cmake with KOAN_MACHINE set. KOAN_SYSROOT: the folder of sysroot.sh.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${KOAN_MACHINE})
set(CMAKE_C_COMPILER ${KOAN_MACHINE}-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER ${KOAN_MACHINE}-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${KOAN_MACHINE}-linux-gnu)

set(KOAN_SYSROOT "" CACHE PATH "Libraries of the other machine, see cmake/cross/sysroot.sh")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES KOAN_SYSROOT)
set(CMAKE_FIND_ROOT_PATH ${KOAN_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${KOAN_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${KOAN_SYSROOT}/usr/lib/${KOAN_MACHINE}-linux-gnu/pkgconfig:${KOAN_SYSROOT}/usr/share/pkgconfig)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-${KOAN_MACHINE};-L;${KOAN_SYSROOT})
# Headers that differ between architectures; the compiler looks for those of its own C library only.
set(CMAKE_C_FLAGS_INIT "-isystem ${KOAN_SYSROOT}/usr/include/${KOAN_MACHINE}-linux-gnu")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT}")
