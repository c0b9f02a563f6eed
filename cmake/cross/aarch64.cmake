set(KOAN_MACHINE aarch64)
include(${CMAKE_CURRENT_LIST_DIR}/machine.cmake)
