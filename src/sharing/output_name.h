// SPDX-License-Identifier: Apache-2.0
// May the output have another name the next time (-o a.o, then -o b.o)? Decided after the run, by
// evidence.
//
// In the key, the names of the main output and of its dependency file are tags. A result is bound
// to the output's name when the name, or the stem that side outputs share, occurs in an artifact or
// a message; to the output's directory when the directory's name occurs there; to the whole path
// when the run left anything else, or looked up a file with that name (-fprofile-use reads
// <stem>.gcda). The target of a dependency file is rewritten. Tested by
// test/diff/output_name_test.cc.
#pragma once

#include "evidence/trace_builder.h"
#include "sharing/root_search.h"
#include "sharing/run_context.h"

namespace deja::sharing {

// CMake keeps a program's objects in a directory named after the program, and its checks use new
// names each time: "cc CMakeFiles/cmTC_1a2b3.dir/x.c.o -o cmTC_1a2b3". Absolute path of that
// directory; "": none, or its name may count.
std::string objects_of_output(const tool::Command& command, const tool::Invocation& invocation);

// The texts that the search in the artifacts must look for, for decide_output_name.
struct OutputTexts {
  bool is_movable = false;
  std::size_t directory = 0, stem = 0;  // numbers in RootSearch
};
OutputTexts add_output_texts(const action::Roots& roots, RootSearch& leaks);

// Adds a claim about the output's name to the run's trace, when the name counts.
void decide_output_name(const RunContext& run, const RootSearch& leaks, const OutputTexts& texts,
                        evidence::RunFacts& run_facts);

}  // namespace deja::sharing
