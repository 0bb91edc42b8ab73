# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` adds to the programs that the modules install. `./dev package` makes the packages from an
# installed tree (tools/package.py).
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # no tests for a package
install(TARGETS deja_observe_preload DESTINATION libexec/deja)
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/CHANGELOG.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
