// SPDX-License-Identifier: Apache-2.0
// Claims as text for people, and the digests that are made of them. Tested by action_test.cc and
// format_test.cc.
#include "action/trace.h"

#include <sys/stat.h>

#include <algorithm>

#include "action/recipe.h"
#include "action/roots.h"
#include "base/bytes.h"
#include "base/check.h"

namespace deja::action {

char kind_letter(std::uint32_t mode) {
  if (S_ISREG(mode)) return (mode & 0111) != 0 ? 'x' : 'f';
  return S_ISDIR(mode) ? 'd' : 'o';
}

namespace {
// Each path and a NUL.
std::string describe_search(std::string_view met) {
  std::string out;
  while (!met.empty()) {
    const std::string_view path = met.substr(0, met.find('\0'));
    met.remove_prefix(std::min(path.size() + 1, met.size()));
    out.append(out.empty() ? "" : ", ").append(Roots::describe(path));
  }
  return out.empty() ? "nothing" : out;
}
// Each a letter, a path and a NUL.
std::string describe_directories(std::string_view list) {
  std::string out;
  while (!list.empty()) {
    const std::string_view entry = list.substr(0, list.find('\0'));
    list.remove_prefix(std::min(entry.size() + 1, list.size()));
    out.append(out.empty() ? "" : ":").append(Roots::describe(entry.substr(1)));
  }
  return out.empty() ? "none" : out;
}
}  // namespace

std::string describe(const Observation& o) {
  const std::string subject = Roots::describe(o.subject);
  switch (o.claim) {
    case Claim::file:
      return "file " + subject + " = " + to_hex(o.value).substr(0, 16);
    case Claim::absent:
      return "absent " + subject +
             (o.value.empty()  ? ""
              : o.value == "f" ? " below a file"
                               : " in a circle or too long");
    case Claim::exists:
      return (o.value == "d"   ? "directory "
              : o.value == "f" ? "file "
              : o.value == "x" ? "executable "
                               : "special ") +
             subject + " exists";
    case Claim::listing:
      return "listing of " + subject + " = " + to_hex(o.value).substr(0, 16);
    case Claim::link:
      return "link " + subject + (o.value.empty() ? " is none" : " -> " + o.value);
    case Claim::real:
      return "path " + subject + " is " + Roots::describe(o.value);
    case Claim::variable:
    case Claim::variable_digest:
      return "variable " + subject;  // never the value
    case Claim::unset:
      return "variable " + subject + " unset";
    case Claim::environment:
      return "environment = " + to_hex(o.value).substr(0, 16);
    case Claim::variables_like:
      return "variables " + subject + "* = " + to_hex(o.value).substr(0, 16);
    case Claim::root:
      return "root " + Roots::describe(o.subject) + " is " + Roots::describe(o.value);
    case Claim::same_file:
      return subject + " with the equal file " +
             Roots::describe(std::string_view(o.value).substr(1));
    case Claim::stamps:
      return (o.value.find(' ') == std::string::npos ? "size of " : "size, time and mode of ") +
             subject + " = " + o.value;
    case Claim::machine:
      return "machine = " + to_hex(o.value).substr(0, 16);
    case Claim::search:
      return "search " + subject + " meets " + describe_search(o.value);
    case Claim::logical_directory:
      return subject + (o.value == "l" ? " names the working directory by another name"
                                       : " is no other name of the working directory");
    case Claim::output_name:
      return "output " + subject + " is " + Roots::describe(o.value);
    case Claim::directories:
      return "directories of " + subject + ": " + describe_directories(o.value);
    case Claim::absent_or_file:
      return "no file " + subject + ", or = " + to_hex(o.value).substr(0, 16);
    case Claim::date:
      return "date = " + o.value.substr(0, o.value.find(' '));
    case Claim::access:
      return "permission for " + subject + " = " + o.value;
  }
  return "unknown claim";
}

Digest digest_of_variable(std::string_view name, std::string_view tagged_value) {
  HashSink sink;
  sink.field("variable", name);
  sink.field("value", tagged_value);
  return sink.finish();
}

void Trace::conceal() {
  for (Observation& o : observations) {
    if (o.claim != Claim::variable) continue;
    o.value = digest_of_variable(o.subject, o.value).view();
    o.claim = Claim::variable_digest;
  }
  normalize();
}

void Trace::normalize() {
  std::sort(observations.begin(), observations.end());
  observations.erase(std::unique(observations.begin(), observations.end()), observations.end());
}

ActionKey action_key(const ProbeKey& probe, const Trace& trace, bool streams_are_one) {
  HashSink sink;
  sink.field("probe", probe.digest.view());
  if (streams_are_one) sink.field("streams", "one");
  for (const Observation& o : trace.observations) {
    CHECK(o.claim != Claim::variable);  // conceal() comes first
    const char claim = static_cast<char>(o.claim);
    sink.field("claim", {&claim, 1});
    sink.field("subject", o.subject);
    sink.field("value", o.value);
  }
  return ActionKey{sink.finish()};
}

}  // namespace deja::action
