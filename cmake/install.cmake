# cmake --install: bin/koan, libexec/koan/koan-train (KOAN_TRAIN), lib/libkoan.a, include/koan, a CMake package and a pkg-config file.
# The package files are written by hand: an export would list every module, but libkoan is one archive (src/codec/CMakeLists.txt).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS koan-cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
if(KOAN_TRAIN)  # where koan adapt looks for it; OPTIONAL because a build of koan-cli alone can be installed too
  install(TARGETS koan-train RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/koan OPTIONAL)
endif()
install(TARGETS koan ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/koan DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

configure_package_config_file(cmake/koanConfig.cmake.in ${CMAKE_BINARY_DIR}/koanConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/koan PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/koanConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/koanConfig.cmake ${CMAKE_BINARY_DIR}/koanConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/koan)

# From lib/pkgconfig back to the prefix, so that a moved installation works.
file(RELATIVE_PATH KOAN_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(cmake/koan.pc.in ${CMAKE_BINARY_DIR}/koan.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/koan.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
