# SPDX-License-Identifier: Apache-2.0
# The libraries that the product is built with, all of them Debian packages. What is missing is said in one
# line each, with the package that holds it, before anything is compiled.
set(deja_missing "")

# An interface library around a header and a library that have no CMake package of their own.
function(deja_library target header library package)
  string(TOUPPER ${target} prefix)
  find_path(${prefix}_INCLUDE_DIR ${header})
  find_library(${prefix}_LIBRARY ${library})
  mark_as_advanced(${prefix}_INCLUDE_DIR ${prefix}_LIBRARY)
  if(NOT ${prefix}_INCLUDE_DIR OR NOT ${prefix}_LIBRARY)
    set(deja_missing "${deja_missing};${header} and lib${library} (${package})" PARENT_SCOPE)
    return()
  endif()
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${${prefix}_INCLUDE_DIR})
  target_link_libraries(${target} INTERFACE ${${prefix}_LIBRARY})
endfunction()

# A library with a CMake package.
macro(deja_package name package)
  find_package(${name} QUIET)
  if(NOT ${name}_FOUND)
    list(APPEND deja_missing "${name} (${package})")
  endif()
endmacro()

deja_package(fmt libfmt-dev)
deja_package(tomlplusplus libtomlplusplus-dev)
deja_package(nlohmann_json nlohmann-json3-dev)
deja_package(CLI11 libcli11-dev)
deja_package(Snappy libsnappy-dev)
deja_package(CURL libcurl4-openssl-dev)
deja_package(OpenSSL libssl-dev)
deja_package(Threads libc6-dev)
deja_library(deja_zstd zstd.h zstd libzstd-dev)
deja_library(deja_re2 re2/re2.h re2 libre2-dev)
deja_library(deja_lmdb lmdb.h lmdb liblmdb-dev)

# BLAKE3: Debian 12 has no package of the C library; librust-blake3-dev ships its C and assembly sources.
set(BLAKE3_SOURCE_DIR "" CACHE PATH "Directory with blake3.h and the C sources of BLAKE3; found where Debian's librust-blake3-dev puts it")
set(blake3_dir "${BLAKE3_SOURCE_DIR}")
if(NOT blake3_dir)
  file(GLOB blake3_dirs /usr/share/cargo/registry/blake3-*/c)
  list(SORT blake3_dirs COMPARE NATURAL ORDER DESCENDING)
  list(GET blake3_dirs 0 blake3_dir)
endif()
if(NOT EXISTS "${blake3_dir}/blake3.h")
  list(APPEND deja_missing "BLAKE3's C sources (librust-blake3-dev, or -DBLAKE3_SOURCE_DIR=<directory of blake3.h>)")
endif()

if(deja_missing)
  foreach(line ${deja_missing})
    message(NOTICE "missing: ${line}")
  endforeach()
  message(FATAL_ERROR "install what is missing, on Debian with apt-get install --no-install-recommends; `./dev build` does it for you")
endif()
