// SPDX-License-Identifier: Apache-2.0
/* The programs that read only single variables. For the interposer and the supervisor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Programs known to read only single variables; any other may read `environ` itself, which is not
 * visible, so it counts as having read all variables. Target prefixes and versions are removed before
 * the look-up (x86_64-linux-gnu-gcc-12, clang++-19, llvm-ar). */
static const char deja_getenv_only[] =
    "gcc\0g++\0cc\0c++\0cpp\0cc1\0cc1plus\0cc1obj\0cc1objplus\0collect2\0lto1\0lto-wrapper\0f951\0"
    "gfortran\0gnat1\0go1\0d21\0cc1gm2\0gnatgcc\0gccgo\0gdc\0gm2\0as\0ld\0ld.bfd\0ld."
    "gold\0gold\0ld."
    "lld\0lld\0ar\0ranlib\0nm\0objcopy\0objdump\0strip\0"
    "clang\0clang++\0clang-cpp\0clang-tidy\0gcc-ar\0gcc-nm\0gcc-ranlib\0rustc\0clippy-driver\0"
    "rust-lld\0rustup\0"
    "nasm\0yasm\0windres\0flex\0bison\0m4\0protoc\0moc\0uic\0glslangValidator\0glslc\0swig\0dtc\0ca"
    "pnp\0"
    "gperf\0";

static inline bool deja_is_version(const char *s, const char *end) {
  if (s == end) return false;
  for (; s != end; ++s)
    if (!(*s >= '0' && *s <= '9') && *s != '.') return false;
  return true;
}

static inline bool deja_is_known(const char *s, const char *end) {
  for (const char *k = deja_getenv_only; *k; k += strlen(k) + 1)
    if (s + strlen(k) == end && memcmp(k, s, strlen(k)) == 0) return true;
  return false;
}

static inline bool deja_reads_single_variables(const char *exe) {
  const char *base = exe;
  for (const char *p = exe; *p; ++p)
    if (*p == '/') base = p + 1;
  const char *end = base + strlen(base);
  const char *dash = end;
  while (dash != base && *dash != '-') --dash;
  if (dash != base && deja_is_version(dash + 1, end)) end = dash;
  if (deja_is_known(base, end)) return true;
  /* a target ("arm-none-eabi-gcc") has two dashes or more; "llvm-ar" is the one with one */
  int dashes = 0;
  const char *last = base;
  for (const char *p = base; p != end; ++p)
    if (*p == '-') ++dashes, last = p + 1;
  const bool llvm = strncmp(base, "llvm-", 5) == 0;
  return (dashes >= 2 || llvm) && deja_is_known(last, end);
}

/* Shells: their arguments show which variables they read. */
static inline bool deja_is_shell(const char *exe) {
  const char *base = exe;
  for (const char *p = exe; *p; ++p)
    if (*p == '/') base = p + 1;
  return strcmp(base, "dash") == 0 || strcmp(base, "bash") == 0 || strcmp(base, "busybox") == 0;
}
