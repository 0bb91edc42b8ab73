// SPDX-License-Identifier: Apache-2.0
// One sentence for each claim, and one for its opposite. A digest is cut to its first digits: it only shows
// whether two claims are equal.
//
// Tested by claim_text_test.cc.
#include "action/claim_text.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "action/roots.h"
#include "base/bytes.h"

namespace deja::action {
namespace {

std::string digits(std::string_view digest) { return to_hex(digest).substr(0, 16); }

// The paths of a list in which each is followed by a NUL.
std::vector<std::string_view> paths_in(std::string_view list) {
  std::vector<std::string_view> paths;
  while (!list.empty()) {
    paths.push_back(list.substr(0, list.find('\0')));
    list.remove_prefix(std::min(paths.back().size() + 1, list.size()));
  }
  return paths;
}

std::string joined(const std::vector<std::string_view>& paths, std::size_t skipped) {
  std::string out;
  for (const std::string_view path : paths)
    out.append(out.empty() ? "" : ", ").append(Roots::describe(path.substr(skipped)));
  return out.empty() ? "nothing" : out;
}

// "a directory", by kind_letter().
const char* kind_name(std::string_view letter) {
  if (letter == "d") return "a directory";
  if (letter == "f") return "a file";
  if (letter == "x") return "an executable file";
  return "neither a file nor a directory";
}

const char* why_absent(std::string_view value) {
  if (value.empty()) return "";
  return value == "f" ? ", because a file is in the place of its directory"
                      : ", because its symlinks form a circle or its name is too long";
}

// The value of Claim::stamps: a size; a size, a time and a mode; or "mode 16877" of a directory.
const char* which_stamps(std::string_view value) {
  if (value.starts_with("mode ")) return "mode";
  return value.find(' ') == std::string_view::npos ? "size" : "size, time and mode";
}

}  // namespace

std::string describe(const Observation& o) {
  const std::string subject = Roots::describe(o.subject);
  switch (o.claim) {
    case Claim::file:
      return "file " + subject + " has the content " + digits(o.value);
    case Claim::absent:
      return subject + " is absent" + why_absent(o.value);
    case Claim::exists:
      return subject + " is " + kind_name(o.value);
    case Claim::listing:
      return "directory " + subject + " lists the names " + digits(o.value);
    case Claim::link:
      return o.value.empty() ? subject + " is not a symlink"
                             : "symlink " + subject + " leads to " + o.value;
    case Claim::real:
      return subject + " resolves to " + Roots::describe(o.value);
    case Claim::variable:
    case Claim::variable_digest:
      return "variable " + subject + " has its value (not shown)";
    case Claim::unset:
      return "variable " + subject + " is not set";
    case Claim::environment:
      return "the environment is " + digits(o.value);
    case Claim::variables_like:
      return "the variables " + subject + "* are " + digits(o.value);
    case Claim::root:
      return "directory " + subject + " is at " + Roots::describe(o.value);
    case Claim::same_file:
      return subject + " and the equal file " +
             Roots::describe(std::string_view(o.value).substr(1)) +
             " are as they were to each other";
    case Claim::stamps:
      return std::string(which_stamps(o.value)) + " of " + subject + ": " +
             o.value.substr(o.value.starts_with("mode ") ? 5 : 0);
    case Claim::machine:
      return "the machine is " + digits(o.value);
    case Claim::search:
      return "the search along " + subject + " finds " + joined(paths_in(o.value), 0);
    case Claim::logical_directory:
      return "variable " + subject +
             (o.value == "l" ? " names the working directory by another name"
                             : " has no other name for the working directory");
    case Claim::output_name:
      return "the " + subject + " of the output is " + Roots::describe(o.value);
    case Claim::directories:
      return "variable " + subject + " lists the directories " + joined(paths_in(o.value), 1);
    case Claim::absent_or_file:
      return "module " + subject + " is absent or has the content " + digits(o.value);
    case Claim::date:
      return "the date is " + o.value.substr(0, o.value.find(' '));
    case Claim::access:
      return "the rights of this user to " + subject + " are " + o.value;
  }
  return "unknown claim";
}

std::string describe_change(const Observation& o) {
  const std::string subject = Roots::describe(o.subject);
  const auto changed = [](const std::string& what) { return "changed: " + what; };
  switch (o.claim) {
    case Claim::file:
    case Claim::absent_or_file:
      return changed("file " + subject);
    case Claim::absent:
      return changed(subject + ", which was not there");
    case Claim::exists:
      return changed(subject + ", which was " + kind_name(o.value));
    case Claim::listing:
      return changed("names in directory " + subject);
    case Claim::link:
      return changed(o.value.empty() ? subject + ", which was not a symlink"
                                     : "symlink " + subject + ", which led to " + o.value);
    case Claim::real:
      return changed(subject + ", which resolved to " + Roots::describe(o.value));
    case Claim::variable:
    case Claim::variable_digest:
      return changed("variable " + subject);
    case Claim::unset:
      return changed("variable " + subject + ", which was not set");
    case Claim::environment:
      return changed("environment");
    case Claim::variables_like:
      return changed("variables " + subject + "*");
    case Claim::root:
      return changed("directory " + subject + ", which an output names and which was at " +
                     Roots::describe(o.value));
    case Claim::same_file:
      return changed("whether " + subject + " and " +
                     Roots::describe(std::string_view(o.value).substr(1)) + " are one file");
    case Claim::stamps:
      return changed(std::string(which_stamps(o.value)) + " of " + subject);
    case Claim::machine:
      return changed("machine");
    case Claim::search:
      return changed("what the search along " + subject + " finds");
    case Claim::logical_directory:
      return changed("variable " + subject + ", by which the tool knows its working directory");
    case Claim::output_name:
      return changed(subject + " of the output, which the output holds and which was " +
                     Roots::describe(o.value));
    case Claim::directories:
      return changed("directories in variable " + subject);
    case Claim::date:
      return changed("date, which was " + o.value.substr(0, o.value.find(' ')));
    case Claim::access:
      return changed("rights of this user to " + subject);
  }
  return changed("unknown claim");
}

}  // namespace deja::action
