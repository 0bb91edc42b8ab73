// SPDX-License-Identifier: Apache-2.0
// The values of claims, and the check of each kind of claim against the disk, the environment and
// the machine as they are now. A value is made and checked by the same function, so that the two
// agree.
#include "evidence/claim_checker.h"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "action/recipe.h"
#include "base/path.h"
#include "evidence/local_day.h"
#include "evidence/logical_directory.h"
#include "evidence/searches.h"
#include "os/absence.h"
#include "os/clock.h"
#include "os/file.h"
#include "tool/make_variables.h"

namespace deja::evidence {

using action::Claim;
using action::Observation;

Digest environment_digest(const tool::Command& command, const action::Roots& roots) {
  std::vector<const tool::EnvironmentVariable*> sorted;
  for (const tool::EnvironmentVariable& v : command.environment) {
    if (!v.name.starts_with("DEJA_")) sorted.push_back(&v);
  }
  // Of two with one name the first counts, so their order is kept.
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    return a->name != b->name ? a->name < b->name : a < b;
  });
  action::HashSink sink;
  for (const tool::EnvironmentVariable* v : sorted) {
    const bool is_of_make = tool::holds_make_flags(v->name);
    sink.field(v->name, roots.tag(is_of_make ? tool::without_jobserver(v->value) : v->value));
  }
  return sink.finish();
}

Digest variables_like_digest(const tool::Command& command, std::string_view begin,
                             const action::Roots& roots) {
  std::map<std::string_view, std::vector<std::string_view>> variables;
  for (const tool::EnvironmentVariable& v : command.environment)
    variables[v.name].push_back(v.value);
  action::HashSink sink;
  for (const auto& [name, values] : variables) {
    if (values.size() == 1 && !name.starts_with(begin)) continue;
    for (const std::string_view value : values) sink.field(name, roots.tag(value));
  }
  return sink.finish();
}

char same_file_relation(const os::FileIdentity& a, const os::FileIdentity& b) {
  if (a.device == b.device && a.inode == b.inode) return 'i';
  constexpr std::int64_t kSecond = 1'000'000'000;
  return a.mtime_ns / kSecond == b.mtime_ns / kSecond ? 't' : '-';
}

std::string stamps_text(const os::FileIdentity& identity) {
  const std::string mode = std::to_string(identity.mode);
  if (identity.is_directory()) return "mode " + mode;
  return size_text(identity) + " " + std::to_string(identity.mtime_ns) + " " + mode;
}

std::string all_stamps_text(const os::FileIdentity& identity) {
  return size_text(identity) + " " + std::to_string(identity.mtime_ns) + " " +
         std::to_string(identity.mode) + " " + std::to_string(identity.ctime_ns);
}

Result<std::string> access_text(const std::string& path) {
  const auto identity = TRY(os::stat_file(path));
  if (!identity) return std::string("-");
  std::string text(1, action::kind_letter(identity->mode));
  for (const auto& [right, letter] : {std::pair(R_OK, 'r'), {W_OK, 'w'}, {X_OK, 'x'}})
    text.push_back(::faccessat(AT_FDCWD, path.c_str(), right, AT_EACCESS) == 0 ? letter : '-');
  for (const std::uint32_t number : {identity->mode, identity->owner, identity->group})
    text.append(" ").append(std::to_string(number));
  return text;
}

std::optional<std::string> absence_value(const std::string& path) {
  const os::Absence why = os::absence_of(path);
  if (why == os::Absence::none) return std::nullopt;
  return why == os::Absence::no_name ? std::string() : std::string(1, static_cast<char>(why));
}

std::string size_text(const os::FileIdentity& identity) { return std::to_string(identity.size); }

std::string logical_directory_value(const tool::Command& command, const action::Roots& roots) {
  if (roots.has(action::Root::logical_cwd)) return "l";
  return logical_directory(command) == LogicalDirectory::none ? "p" : "";
}

std::string output_name_value(std::string_view part, const action::Roots& roots) {
  const std::string& path = roots.path(action::OutputName::output);
  if (path.empty()) return {};
  if (part == "directory") return roots.tag(parent_path(path));
  return part == "name" ? std::string(base_name(path)) : roots.tag(path);
}

Result<Digest> listing_digest(const std::string& path, const std::vector<std::string>& except) {
  action::HashSink sink;
  for (const os::Entry& entry : TRY(os::list_entries(path))) {
    if (std::binary_search(except.begin(), except.end(), entry.name)) continue;
    sink.field("name", entry.name);
    sink.field("type", std::to_string(entry.type));  // readdir(3) tells it, too
  }
  return sink.finish();
}

std::string listing_value(const Digest& digest, const std::vector<std::string>& unsaid) {
  std::string value(digest.view());
  for (const std::string& name : unsaid) value.append(name).push_back('\0');
  return value;
}

Digest machine_digest() {
  action::HashSink sink;
  struct utsname name = {};
  if (::uname(&name) == 0) {
    for (const char* part :
         {name.sysname, name.nodename, name.release, name.version, name.machine, name.domainname})
      sink.field("name", part);
  }
  sink.field("id", std::to_string(::gethostid()));
  return sink.finish();
}

namespace {

// The names that the value of a listing leaves out.
std::vector<std::string> unsaid_names(std::string_view value) {
  std::vector<std::string> out;
  for (value.remove_prefix(std::min(value.size(), sizeof(Digest))); !value.empty();) {
    out.emplace_back(value.substr(0, value.find('\0')));
    value.remove_prefix(std::min(out.back().size() + 1, value.size()));
  }
  return out;
}

}  // namespace

std::optional<std::string_view> ClaimChecker::variable(std::string_view name) {
  return command_.variable(name);
}

bool ClaimChecker::searches_alike(std::string_view list) {
  const auto [it, is_new] = searches_alike_.try_emplace(std::string(list));
  if (is_new) it->second = searches_alike_everywhere(list);
  return it->second;
}

Result<bool> ClaimChecker::path_holds(const Observation& claim, const std::string& path) {
  switch (claim.claim) {
    case Claim::file: {
      const auto identity = TRY(os::stat_file(path));
      if (!identity || !identity->is_regular()) return false;
      const auto content = TRY(digester_.digest_known(path, *identity));
      return content && content->digest.view() == claim.value;
    }
    case Claim::absent_or_file: {
      const auto identity = TRY(os::stat_file(path));
      if (!identity) return true;
      if (!identity->is_regular()) return false;
      const auto content = TRY(digester_.digest_known(path, *identity));
      return content && content->digest.view() == claim.value;
    }
    case Claim::absent:
      return absence_value(path) == claim.value;
    case Claim::exists: {
      const auto identity = TRY(os::stat_file(path));
      return identity && claim.value.size() == 1 &&
             action::kind_letter(identity->mode) == claim.value[0];
    }
    case Claim::listing:
      return std::string_view(claim.value).substr(0, sizeof(Digest)) ==
             TRY(listing_digest(path, unsaid_names(claim.value))).view();
    case Claim::link:
      return TRY(os::read_symlink(path)).value_or("") == claim.value;
    case Claim::real:
      return TRY(os::real_path(path)) == roots_.expand(claim.value);
    case Claim::same_file: {
      if (claim.value.empty()) return false;
      const auto one = TRY(os::stat_file(path));
      const auto other = TRY(os::stat_file(roots_.expand(std::string_view(claim.value).substr(1))));
      if (!one || !other) return false;
      const char now = same_file_relation(*one, *other);
      return claim.value[0] == kNotOne ? now != 'i' : now == claim.value[0];
    }
    case Claim::access:
      return TRY(access_text(path)) == claim.value;
    case Claim::stamps: {
      const auto identity = TRY(os::stat_file(path));
      return identity &&
             (stamps_text(*identity) == claim.value || size_text(*identity) == claim.value ||
              all_stamps_text(*identity) == claim.value);
    }
    default:
      return false;
  }
}

void ClaimChecker::remember() { held_.emplace(); }

void ClaimChecker::forget() { held_.reset(); }

Result<bool> ClaimChecker::holds(const Observation& claim) {
  if (!held_) return check(claim);
  std::string name(1, static_cast<char>(claim.claim));
  name.append(claim.subject).append(1, '\0').append(claim.value);
  if (held_->contains(name)) return true;
  auto held = check(claim);
  if (held && *held) held_->insert(std::move(name));
  return held;
}

Result<bool> ClaimChecker::check(const Observation& claim) {
  switch (claim.claim) {
    case Claim::variable: {
      const auto value = variable(claim.subject);
      return value && roots_.tag(*value) == claim.value;
    }
    case Claim::variable_digest: {
      const auto now = variable(claim.subject);
      return now &&
             action::digest_of_variable(claim.subject, roots_.tag(*now)).view() == claim.value;
    }
    case Claim::unset:
      return !variable(claim.subject);
    case Claim::environment:
      if (!environment_) environment_ = environment_digest(command_, roots_);
      return environment_->view() == claim.value;
    case Claim::variables_like:
      return variables_like_digest(command_, claim.subject, roots_).view() == claim.value;
    case Claim::date:
      return is_day(claim.value, os::wall_ns());
    case Claim::machine:
      return machine_digest().view() == claim.value;
    case Claim::search: {
      const SearchFor search = search_of(claim.subject);
      const auto list = variable(search.variable);
      return list && searches_alike(*list) &&
             search_value(*list, search.name, command_.cwd, roots_) == claim.value;
    }
    case Claim::directories:
      return directories_hold(claim.subject, claim.value, variable(claim.subject), roots_);
    case Claim::logical_directory:
      return logical_directory_value(command_, roots_) == claim.value;
    case Claim::output_name:
      return output_name_value(claim.subject, roots_) == claim.value;
    case Claim::root:
      return roots_.expand(claim.subject) == roots_.expand(claim.value);
    default: {
      const std::string path = roots_.expand(claim.subject);
      if (path.empty()) return false;
      return path_holds(claim, path);
    }
  }
}

const Observation* ClaimChecker::first_broken(const action::Trace& trace) {
  for (const Observation& claim : trace.observations) {
    const auto held = holds(claim);
    if (!held || !*held) return &claim;
  }
  return nullptr;
}

}  // namespace deja::evidence
