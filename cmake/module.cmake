# koan_module(NAME [COLD] SOURCES ... [TESTS ...] [LIBS ...] [SEPARATE ...]): one static library koan_NAME from src/NAME, linked to
# the modules that cmake/layers.cmake allows, and one GoogleTest program NAME_test from its _test.cpp files.
# COLD: it waits for models, files and people, so that -O3 would buy nothing and cost a third of the time to compile.
# SEPARATE: files, or ALL sources, whose private names recur in other files of the module, so that they are not joined with those
# where CMAKE_UNITY_BUILD asks for it (CMakePresets.json). What is shipped, and its tests, are not joined: there an overload from
# a neighbour could be chosen silently.
include(${CMAKE_SOURCE_DIR}/cmake/layers.cmake)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
if(KOAN_DEV)
  enable_testing()
  find_package(GTest REQUIRED)
  include(GoogleTest)
  add_custom_target(unit_tests)  # every NAME_test of koan_module
endif()
# After CMAKE_BUILD_TYPE's -O3; a build without optimisation stays one. With sanitizers -O1 takes twice as long to compile as -O0.
set(KOAN_COLD_OPTIONS $<$<CONFIG:Release>:$<IF:$<BOOL:${KOAN_SANITIZE}>,-O0,-O1>>)

# koan_embed(OUT PREFIX NAME=FILE ...): an assembly file, its path in OUT, that links each FILE into the program as the bytes
# from koan_PREFIX_NAME to koan_PREFIX_NAME_end, and a zero byte behind.
enable_language(ASM)
function(koan_embed OUT PREFIX)
  set(KOAN_EMBEDDED "")
  set(files "")
  foreach(pair ${ARGN})
    string(FIND "${pair}" "=" at)
    string(SUBSTRING "${pair}" 0 ${at} name)
    math(EXPR at "${at} + 1")
    string(SUBSTRING "${pair}" ${at} -1 file)
    string(APPEND KOAN_EMBEDDED "    file ${PREFIX}_${name}, \"${file}\"\n")
    list(APPEND files ${file})
  endforeach()
  set(assembly ${CMAKE_CURRENT_BINARY_DIR}/${PREFIX}.S)
  configure_file(${CMAKE_SOURCE_DIR}/cmake/embed.S.in ${assembly} @ONLY)
  set_source_files_properties(${assembly} PROPERTIES OBJECT_DEPENDS "${files}")
  set(${OUT} ${assembly} PARENT_SCOPE)
endfunction()

function(koan_module NAME)
  cmake_parse_arguments(ARG "COLD" "" "SOURCES;TESTS;LIBS;TEST_LIBS;SEPARATE" ${ARGN})
  add_library(koan_${NAME} STATIC ${ARG_SOURCES})
  target_include_directories(koan_${NAME} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  foreach(dep ${KOAN_LAYER_${NAME}})
    target_link_libraries(koan_${NAME} PUBLIC koan_${dep})
  endforeach()
  target_link_libraries(koan_${NAME} PRIVATE ${ARG_LIBS})
  if(ARG_COLD)
    target_compile_options(koan_${NAME} PRIVATE ${KOAN_COLD_OPTIONS})
  endif()
  if("ALL" IN_LIST ARG_SEPARATE)
    list(REMOVE_ITEM ARG_SEPARATE ALL)
    list(APPEND ARG_SEPARATE ${ARG_SOURCES})
  endif()
  set_source_files_properties(${ARG_SEPARATE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  if(KOAN_DEV AND ARG_TESTS)
    add_executable(${NAME}_test ${ARG_TESTS})
    target_link_libraries(${NAME}_test PRIVATE koan_${NAME} ${ARG_TEST_LIBS} GTest::gtest GTest::gtest_main)
    target_compile_options(${NAME}_test PRIVATE ${KOAN_COLD_OPTIONS})
    add_dependencies(unit_tests ${NAME}_test)
    gtest_discover_tests(${NAME}_test TEST_PREFIX ${NAME}. DISCOVERY_MODE PRE_TEST PROPERTIES LABELS unit TIMEOUT 300)
  endif()
endfunction()
