# SPDX-License-Identifier: Apache-2.0
# The commit that a program says it was built from. A header of its own, touched only when it changes, because
# nothing but `deja version` includes it: a commit must not compile anything else again.
#
# DEJA_COMMIT: for packagers whose sources are no git checkout.
#
# As a module: makes ${CMAKE_BINARY_DIR}/generated/commit.h at every build. As a script (cmake -P) it is what does so.
if(CMAKE_SCRIPT_MODE_FILE)
  if(NOT COMMIT)
    # Not the commit of a checkout that these sources only lie in.
    execute_process(COMMAND git rev-parse --show-toplevel WORKING_DIRECTORY ${SOURCE_DIR}
                    OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    file(REAL_PATH ${SOURCE_DIR} SOURCE_DIR)
    if(top STREQUAL SOURCE_DIR)
      execute_process(COMMAND git --no-optional-locks describe --always --exclude=* --abbrev=12 --dirty=+ WORKING_DIRECTORY ${SOURCE_DIR}
                      OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    endif()
  endif()
  file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define DEJA_COMMIT \"${COMMIT}\"\n")
  return()
endif()

set(DEJA_COMMIT "" CACHE STRING "The commit of the sources, where they are no git checkout")
add_custom_target(deja_commit
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${CMAKE_SOURCE_DIR} -DOUTPUT=${deja_generated}/commit.h -DCOMMIT=${DEJA_COMMIT}
          -P ${CMAKE_CURRENT_LIST_FILE}
  BYPRODUCTS ${deja_generated}/commit.h VERBATIM COMMENT "Looking for the commit")

# "release", "debug with test hooks, address,undefined"
string(TOLOWER "${CMAKE_BUILD_TYPE}" deja_build_kind)
if(NOT deja_build_kind)
  set(deja_build_kind plain)
endif()
if(DEJA_SANITIZE)
  string(APPEND deja_build_kind " with ${DEJA_SANITIZE} sanitizers")
endif()
if(DEJA_TEST_HOOKS)
  string(APPEND deja_build_kind " with test hooks")
endif()
