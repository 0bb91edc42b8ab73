# SPDX-License-Identifier: Apache-2.0
# One function makes a module: a static library from an explicit list of files, and what it may use.
#
#   deja_module(store DEPENDS digest os THIRD_PARTY deja_lmdb SOURCES a.cc b.cc TESTS a_test.cc)
#
# Include paths start at src/, so an include reads `#include "store/blob_store.h"`.

set(deja_warnings -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
    -Wold-style-cast -Wimplicit-fallthrough -Wundef)
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  list(APPEND deja_warnings -Wthread-safety)
elseif(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # gcc 12 sees overlapping copies in `string = "literal"` at -O2 (gcc bug 105329).
  list(APPEND deja_warnings -Wno-restrict)
  if(DEJA_SANITIZE)
    # The instrumented code of std::regex looks uninitialized to it (gcc bug 105562).
    list(APPEND deja_warnings -Wno-maybe-uninitialized)
  endif()
endif()
if(CMAKE_UNITY_BUILD AND NOT CMAKE_CXX_COMPILER_ID MATCHES Clang)
  # To gcc the sources of a batch are headers, whose types must not hold members of unnamed namespaces.
  list(APPEND deja_warnings -Wno-subobject-linkage)
endif()
if(DEJA_WERROR)
  list(APPEND deja_warnings -Werror)
endif()

add_library(deja_build_settings INTERFACE)
target_include_directories(deja_build_settings INTERFACE ${CMAKE_SOURCE_DIR}/src)
target_compile_options(deja_build_settings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:${deja_warnings}>)
if(DEJA_TEST_HOOKS)
  target_compile_definitions(deja_build_settings INTERFACE DEJA_TEST_HOOKS=1)
endif()
if(DEJA_SANITIZE)
  target_compile_options(deja_build_settings INTERFACE -fsanitize=${DEJA_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(deja_build_settings INTERFACE -fsanitize=${DEJA_SANITIZE})
endif()

# Tests are compiled without optimization: they wait for processes more than they compute, and it takes two thirds of
# the time.
set(deja_test_options $<$<CONFIG:Debug>:-O0>)

function(deja_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;THIRD_PARTY;SOURCES;TESTS;TEST_DEPENDS" ${ARGN})
  if(ARG_SOURCES)
    add_library(deja_${name} STATIC ${ARG_SOURCES})
    set(scope PUBLIC)
    set(third_scope PRIVATE)
  else()
    add_library(deja_${name} INTERFACE)
    set(scope INTERFACE)
    set(third_scope INTERFACE)
  endif()
  target_link_libraries(deja_${name} ${scope} deja_build_settings)
  foreach(edge ${ARG_DEPENDS})
    target_link_libraries(deja_${name} ${scope} deja_${edge})
  endforeach()
  target_link_libraries(deja_${name} ${third_scope} ${ARG_THIRD_PARTY})
  if(BUILD_TESTING AND DEJA_TEST_HOOKS AND ARG_TESTS)
    add_executable(${name}_test ${ARG_TESTS})
    target_link_libraries(${name}_test PRIVATE deja_${name} ${ARG_THIRD_PARTY} ${ARG_TEST_DEPENDS} GTest::gmock GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE ${deja_test_options})
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. PROPERTIES LABELS unit DISCOVERY_TIMEOUT 60)
  endif()
endfunction()
