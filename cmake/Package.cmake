# SPDX-License-Identifier: Apache-2.0
# `./dev package`: a .deb of the release preset. The modules install their programs.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # no tests for a package
install(TARGETS deja_observe_preload DESTINATION libexec/deja)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME deja)
set(CPACK_PACKAGE_CONTACT "The deja authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "build cache that remembers what tools did")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "Runs a compiler or any other build tool once while watching what it reads and writes;\nwhen all of that is the same again, puts the outputs back instead of running it.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${CMAKE_SOURCE_DIR}/cmake/debian/postrm)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
include(CPack)
