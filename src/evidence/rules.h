// SPDX-License-Identifier: Apache-2.0
// The rules by which a run is judged (conclude.h), by subject. Each one adds claims and outputs to
// the conclusion, or the problem.
#pragma once

#include <string>

#include "evidence/conclude.h"

namespace deja::evidence {

// outputs.cc. By canonical name.
void join_changes(Conclusion& c);
void conclude_change(Conclusion& c, const std::string& name, const Change& change);

// inputs.cc
void conclude_read(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_absence(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_listing(Conclusion& c, const std::string& path, const PathFacts& facts);

// file_facts.cc
void conclude_program(Conclusion& c, const std::string& path, digest::Traits traits);
void note_traits(Conclusion& c, const std::string& path, digest::Traits traits);
void find_kept_stamps(Conclusion& c);

// same_file.cc
void conclude_same_files(Conclusion& c);

// names.cc
void conclude_kind(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_executed(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_look_at_own(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_stamps(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_all_stamps(Conclusion& c, const std::string& path, const PathFacts& facts);
void claim_kind(Conclusion& c, const std::string& path, char letter);
void claim_all_stamps(Conclusion& c, const std::string& path, const PathFacts& facts);

// links.cc
void conclude_way(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_link(Conclusion& c, const std::string& path, const PathFacts& facts);
void conclude_real_path(Conclusion& c, const std::string& path, const PathFacts& facts);
void claim_way(Conclusion& c, const std::string& path);

// refusals.cc
void conclude_refusals(Conclusion& c, const std::string& path, const PathFacts& facts);

// clang_modules.cc
void check_clock_of_modules(Conclusion& c);
void conclude_module(Conclusion& c, const std::string& path, const PathFacts& facts);
void compare_with_modules(Conclusion& c, const std::string& path, const PathFacts& facts);

// variables.cc, shells.cc
void conclude_environment(Conclusion& c);
void conclude_searches(Conclusion& c);
// Claims what the search along this variable finds, for each name that was looked for along it.
void claim_searches(Conclusion& c, const std::string& variable);
void conclude_listed_variables(Conclusion& c);
void conclude_shells(Conclusion& c);
bool is_of_no_account(const Conclusion& c, const std::string& path);

// trusted_scripts.cc, dates.cc, machine.cc
void conclude_scripts(Conclusion& c);
void conclude_time(Conclusion& c);
void conclude_date(Conclusion& c);
void conclude_machine(Conclusion& c);
void conclude_clock(Conclusion& c);

}  // namespace deja::evidence
