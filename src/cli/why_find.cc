// SPDX-License-Identifier: Apache-2.0
// A source is matched by the paths in events; an output by what a command line names or by the artifacts of results; a
// key by the first of its hex digits; a name by itself, when nothing else fits.
#include "cli/why_find.h"

#include <algorithm>

#include "action/manifest.h"
#include "base/path.h"
#include "digest/digest.h"
#include "journal/reader.h"
#include "os/file.h"

namespace deja::cli {
namespace {

constexpr std::size_t kShown = 10;  // earlier events to list
constexpr std::size_t kKeyDigitsMin = 6;
constexpr std::size_t kResultsMax = 20'000;  // results to search for an output

// The spellings of the user's path that may be in an event.
struct WantedPath {
  std::string typed;
  std::string clean;  // absolute
  std::string real;   // without symlinks; empty when there is no such file
};

WantedPath wanted_path(const Context& context, const std::string& typed) {
  WantedPath wanted;
  wanted.typed = journal::as_recorded(typed);
  const std::string absolute = clean_path(join_path(context.cwd, typed));
  wanted.clean = journal::as_recorded(absolute);
  if (const auto real = os::real_path(absolute)) wanted.real = journal::as_recorded(*real);
  return wanted;
}

bool is_path(const WantedPath& wanted, std::string_view cwd, std::string_view path) {
  if (path.empty()) return false;
  const std::string absolute = clean_path(join_path(cwd, path));
  return absolute == wanted.clean || absolute == wanted.real;
}

Result<std::vector<journal::Event>> find_by_key(const Context& context, const std::string& prefix) {
  return journal::read_events(context.journal(), kShown + 1, [&](const journal::Event& e) {
    return e.probe_key.starts_with(prefix) || e.action_key.starts_with(prefix);
  });
}

Result<std::vector<journal::Event>> find_by_named_file(const Context& context,
                                                       const WantedPath& wanted) {
  return journal::read_events(context.journal(), kShown + 1, [&](const journal::Event& e) {
    return is_path(wanted, e.cwd, e.what) || is_path(wanted, e.cwd, e.output);
  });
}

Result<std::vector<journal::Event>> find_by_output(const Context& context, const WantedPath& wanted,
                                                   store::LocalStore* store) {
  if (store == nullptr) return std::vector<journal::Event>();
  std::size_t looked_at = 0;
  return journal::read_events(context.journal(), kShown + 1, [&](const journal::Event& e) {
    if (e.action_key.empty() || ++looked_at > kResultsMax) return false;
    const auto result = stored_result(store, e.action_key);
    return result && std::ranges::any_of(result->artifacts, [&](const action::Artifact& artifact) {
             return is_path(wanted, e.cwd, artifact_path(*result, artifact, e));
           });
  });
}

// A name alone: "serde", or "a.c" asked from another directory.
Result<std::vector<journal::Event>> find_by_name(const Context& context, const WantedPath& wanted) {
  if (wanted.typed.find('/') != std::string::npos) return std::vector<journal::Event>();
  return journal::read_events(context.journal(), kShown + 1, [&](const journal::Event& e) {
    return base_name(e.what) == wanted.typed || base_name(e.output) == wanted.typed;
  });
}

}  // namespace

bool is_key_prefix(std::string_view text) {
  return text.size() >= kKeyDigitsMin &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<action::ActionResult> stored_result(store::LocalStore* store,
                                                  const std::string& key_hex) {
  const auto digest = Digest::from_hex(key_hex);
  if (store == nullptr || !digest) return std::nullopt;
  const auto record = store->get_result(ActionKey{*digest});
  if (!record || !*record) return std::nullopt;
  return action::decode_result(**record);
}

std::string artifact_path(const action::ActionResult& result, const action::Artifact& artifact,
                          const journal::Event& event) {
  using action::OutputName;
  action::Roots here(event.cwd, result.made_in.path(action::Root::workspace));
  if (!event.output.empty()) {
    here.set(OutputName::output, tidy_path(join_path(event.cwd, event.output)));
    // The journal has no name for the dependency file, except in the directory where it was made.
    if (here.path(OutputName::output) == result.made_in.path(OutputName::output))
      here.set(OutputName::depfile, result.made_in.path(OutputName::depfile));
  }
  const std::string path = here.expand(artifact.path);
  return path.empty() ? journal::with_paths(action::Roots::describe(artifact.path), event) : path;
}

action::Trace stored_trace(store::LocalStore* store, const journal::Event& event) {
  const auto probe = Digest::from_hex(event.probe_key);
  const auto key = Digest::from_hex(event.action_key);
  if (store == nullptr || !probe || !key) return {};
  const auto record = store->get_manifest(ProbeKey{*probe});
  if (!record || !*record) return {};
  const auto manifest = action::decode_manifest(**record);
  const auto* entry = manifest ? manifest->find(ActionKey{*key}) : nullptr;
  return entry == nullptr ? action::Trace() : manifest->trace(*entry);
}

Result<std::vector<journal::Event>> find_events(const Context& context, const std::string& query,
                                                store::LocalStore* store) {
  const WantedPath wanted = wanted_path(context, query);
  auto events = TRY(find_by_named_file(context, wanted));
  if (events.empty() && is_key_prefix(query)) events = TRY(find_by_key(context, query));
  if (events.empty()) events = TRY(find_by_output(context, wanted, store));
  if (events.empty()) events = TRY(find_by_name(context, wanted));
  return events;
}

}  // namespace deja::cli
