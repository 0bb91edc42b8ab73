// SPDX-License-Identifier: Apache-2.0
// `./dev bench`. harness.h says how it measures; hit.cc, miss.cc and exec.cc hold the benchmarks.

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "bench/harness.h"

int main(int argc, char** argv) {
  deja::bench::Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (word == "--deja") {
      options.deja = value;
    } else if (word == "--beside") {
      options.beside = value;
    } else if (word == "--programs") {
      options.programs = value;
    } else if (word == "--rounds") {
      options.rounds = static_cast<int>(std::strtol(value, nullptr, 10));
    } else if (options.name.empty()) {
      options.name = word;
      continue;
    } else {
      deja::bench::give_up("what is \"" + std::string(word) + "\"?");
    }
    ++i;
  }
  if (options.deja.empty() || options.programs.empty())
    deja::bench::give_up("needs --deja and --programs");
  if (options.name == "hit") return deja::bench::bench_hit(options);
  if (options.name == "miss") return deja::bench::bench_miss(options);
  if (options.name == "exec") return deja::bench::bench_exec(options);
  std::fprintf(
      stderr,
      "usage: bench hit|miss|exec --deja PROGRAM --programs DIRECTORY [--rounds N]\n"
      "                           [--beside PROGRAM]   (another deja, in the same loop)\n");
  return 2;
}
