# SPDX-License-Identifier: Apache-2.0
# Two builds of one version may differ in all that a cache is made of, and every commit has the same
# version. So client and engine compare a digest of the sources that they were built from.
#
# As a module: makes ${CMAKE_BINARY_DIR}/generated/build_id.h at every build, and touches it only when
# it changes. As a script (cmake -P) it is what does so.
if(CMAKE_SCRIPT_MODE_FILE)
  file(GLOB_RECURSE sources RELATIVE ${SOURCE_DIR} ${SOURCE_DIR}/*.cc ${SOURCE_DIR}/*.c ${SOURCE_DIR}/*.h ${SOURCE_DIR}/*.S)
  list(FILTER sources EXCLUDE REGEX "_test\\.(cc|h)$")
  list(SORT sources)
  set(all "")
  foreach(source ${sources})
    file(SHA256 ${SOURCE_DIR}/${source} digest)
    string(APPEND all "${source} ${digest}\n")
  endforeach()
  string(SHA256 digest "${all}")
  string(SUBSTRING ${digest} 0 8 digest)
  file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#define DEJA_BUILD_ID 0x${digest}u\n")
  return()
endif()

set(deja_generated ${CMAKE_BINARY_DIR}/generated)
add_custom_target(deja_build_id
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${CMAKE_SOURCE_DIR}/src -DOUTPUT=${deja_generated}/build_id.h
          -P ${CMAKE_CURRENT_LIST_FILE}
  BYPRODUCTS ${deja_generated}/build_id.h VERBATIM COMMENT "Looking for changed sources")
