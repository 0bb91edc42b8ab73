// SPDX-License-Identifier: Apache-2.0
// A trace: what one run observed, as claims that can be checked again. An action result may be used
// while every claim of its trace still holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "digest/digest.h"

namespace deja::action {

// The numbers are stored (manifest.cc): a new claim gets a number that none had.
enum class Claim : std::uint8_t {
  // subject: tagged path; value: digest of its content (32 bytes)
  file = 1,
  // subject: tagged path; value: why nothing is there (os/absence.h); empty: there is no such name
  absent,
  // subject: tagged path; value: one letter, kind_letter()
  exists,
  // subject: tagged path of a directory; value: digest of its sorted names, then the names that were
  // left out of it, each followed by a NUL
  listing,
  // subject: tagged path; value: the symlink's text; "" = not a symlink
  link,
  // subject: tagged path; value: tagged path it resolves to
  real,
  // subject: name; value: tagged value. Only while a run is looked at: conceal() makes a
  // variable_digest of it, because the value may be a secret.
  variable,
  // subject: name
  unset,
  // value: digest of the whole environment
  environment,
  // subject: one tag byte; value: tagged path. The result is bound to that directory.
  root,
  // subject: tagged path; value: letter of same_file_relation() (evidence/claim_checker.h), then the
  // tagged path of a file with equal content
  same_file,
  // subject: tagged path of a file; value: its size, or size, time and mode
  stamps,
  // value: digest of what the machine calls itself
  machine,
  // subject: a variable that lists directories, '/', a program's name; value: what the search along
  // the directories meets (evidence/searches.h)
  search,
  // subject: PWD; value: whether it names the working directory, and by another name than its real
  // path (evidence/logical_directory.h)
  logical_directory,
  // subject: "name", "directory" or "path"; value: that of the main output, which is in an artifact
  output_name,
  // subject: a variable that lists directories; value: those (evidence/searches.h). One that leads to
  // nothing may be listed or not.
  directories,
  // value: the local day on which the tool called localtime(), and the second at which that day began
  // (evidence/local_day.h)
  date = 20,
  // subject: tagged path that the tool was refused to open or to look at (EACCES); value: what this user
  // may do with it (evidence/claim_checker.h, access_text)
  access = 22,
  // subject: a prefix; value: digest of the variables whose names begin with it, and of all whose name
  // is there twice
  variables_like = 24,
  // subject: tagged path of a module that clang makes on demand; value: digest. It is not there, or it
  // has this content
  absent_or_file = 26,
  // subject: name of a variable; value: digest_of_variable()
  variable_digest = 28,
};
inline constexpr Claim kLastClaim = Claim::variable_digest;

struct Observation {
  Claim claim = Claim::file;
  std::string subject;
  std::string value;
  auto operator<=>(const Observation&) const = default;
};

// 'f' regular file, 'x' one that may be executed, 'd' directory, 'o' anything else.
char kind_letter(std::uint32_t mode);
// What is kept of a variable's value, in which paths below a root are tagged. Equal values of two
// variables have different digests.
Digest digest_of_variable(std::string_view name, std::string_view tagged_value);

// Sorted and without doubles, so that equal traces are equal bytes.
struct Trace {
  std::vector<Observation> observations;
  void normalize();
  // Leaves no variable's value in clear. What is stored, sent or described has gone through this.
  void conceal();
};

// Digest of everything that determines the result: the probe key and all claims. Streams that were
// captured as one are another result than two.
ActionKey action_key(const ProbeKey& probe, const Trace& trace, bool streams_are_one = false);

}  // namespace deja::action
