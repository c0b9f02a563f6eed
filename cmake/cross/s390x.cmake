set(KOAN_MACHINE s390x)
include(${CMAKE_CURRENT_LIST_DIR}/machine.cmake)
