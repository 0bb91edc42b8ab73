// SPDX-License-Identifier: Apache-2.0
// What is known of single programs, wherever they run in a tool's process tree: one table with a row
// for each name. (What an adapter knows of its own tool's command line is in the adapter; which
// programs read single variables only is in observe/preload/known_programs.h, which the interposer
// can include.)
#pragma once

#include <cstdint>
#include <string_view>

namespace deja::tool {

enum class ProgramFact : std::uint8_t {
  // A shell. It reads the clock at its own start, which cannot be told from what its script does.
  shell,
  // A shell that runs programs such as `date` in its own process, so its clock may be the script's.
  has_applets,
  // GNU ld and gold, collect2, and gcc's lto-wrapper. They ask for real paths only to see whether two
  // names are one file, or whether a path is below the sysroot (binutils ld/ldmain.c, ld/ldfile.c).
  linker,
  // Any kind of LLVM's linker.
  lld,
  // Loads LLVM's linker plugin when it links bitcode.
  loads_llvm_plugin,
  // Reads random numbers only for --build-id=uuid, which may be in a response file. (LLVM's linkers
  // also read some for names of temporary files.)
  draws_build_id,
  // Writes the time for other words than __DATE__ and __TIME__, which are searched for in every text.
  has_own_words_for_time,
  // Reads CLOCK_REALTIME only to make names that are unique while it runs.
  makes_names_from_clock,
  // Reads single variables and never the whole environment, unless it refers to `environ`
  // (kNamesEnviron): small tools that scripts start.
  reads_single_variables,
  // Prints the environment when it is called without a command; else passes it on.
  passes_environment_on,
};

// program: the name of the executable, without directories.
bool has_fact(std::string_view program, ProgramFact fact);

inline bool is_shell(std::string_view program) { return has_fact(program, ProgramFact::shell); }
inline bool is_linker(std::string_view program) { return has_fact(program, ProgramFact::linker); }
inline bool is_lld(std::string_view program) { return has_fact(program, ProgramFact::lld); }

// Is the executable called this, maybe with a version: "python3.11" is python, "node20" node?
bool is_interpreter(std::string_view executable, std::string_view name);

// Is it an interpreter that reads a random number at each start, for its hash tables?
bool seeds_hash_tables(std::string_view executable);

// Does the file belong to the interpreter itself? Debian's node keeps modules in files that other
// builds have inside the program. It loads them before any script, and none reads the clock.
bool is_part_of_interpreter(std::string_view path);

// JavaScript's name for the time at which its interpreter started.
inline constexpr std::string_view kTimeOfStart = "timeOrigin";

}  // namespace deja::tool
