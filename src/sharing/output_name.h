// May an output be called otherwise the next time (-o a.o, -o b.o)? By evidence, after the run.
//
// The names of the main output and of its dependency file are tags in the key. A result is bound to
// the output's name where the name, or the stem that side outputs are named by, is in an artifact or
// in a message; to its directory where that has its name there; to its whole path where the run left
// anything else, or where it looked for something by that name (-fprofile-use reads <stem>.gcda). The target of a dependency
// file is rewritten. Tested by test/diff/output_name_test.cc.
#pragma once

#include "evidence/trace_builder.h"
#include "sharing/root_search.h"
#include "sharing/run_context.h"

namespace deja::sharing {

// CMake keeps the objects of a program in a directory that is named after it, and its checks have names
// that are made up each time: "cc CMakeFiles/cmTC_1a2b3.dir/x.c.o -o cmTC_1a2b3". Absolute path of that
// directory; "": none, or it may count.
std::string objects_of_output(const tool::Command& command, const tool::Invocation& invocation);

// What the search in the artifacts must look for on behalf of decide_output_name.
struct OutputTexts {
  bool is_movable = false;
  std::size_t directory = 0, stem = 0;  // numbers of RootSearch
};
OutputTexts add_output_texts(const action::Roots& roots, RootSearch& leaks);

// Adds the claim about the output's name, where it counts, to the run_facts's trace.
void decide_output_name(const RunContext& run, const RootSearch& leaks, const OutputTexts& texts,
                        evidence::RunFacts& run_facts);

}  // namespace deja::sharing
