// SPDX-License-Identifier: Apache-2.0
// The order matters: look up, then watch, then check every claim (and the tool) once more. A change before
// the watch is found by the check, a change after it by the watch.
//
// Tested by request_path_test.cc.
#include "pipeline/prewarm.h"

#include <algorithm>

#include "base/shell_noise.h"
#include "evidence/claim_checker.h"
#include "evidence/searches.h"
#include "pipeline/look_up.h"
#include "pipeline/prepare.h"
#include "pipeline/request_name.h"

namespace deja::pipeline {
namespace {

using action::Claim;

// Collects the claims of a trace that are about paths. False: watches cannot prove one of its claims.
bool watched_claims(const action::Manifest& manifest, const action::Manifest::Entry& entry,
                    std::vector<std::uint32_t>& claims) {
  for (const std::uint32_t i : entry.claims) {
    const action::Observation& o = manifest.observations()[i];
    switch (o.claim) {
      case Claim::listing:
      case Claim::environment:
      case Claim::machine:
      case Claim::date:    // no notice comes at midnight
      case Claim::access:  // what may not be read cannot be watched
        return false;
      case Claim::variable:
      case Claim::variable_digest:
      case Claim::unset:
        if (is_shell_noise(o.subject)) return false;
        break;
      case Claim::root:
      case Claim::search:             // its candidates are watched: add_searched
      case Claim::logical_directory:  // PWD is one of the paths that were looked at
      case Claim::output_name:
      case Claim::directories:  // lists_hollow
      case Claim::variables_like:
        break;  // like the whole environment, part of the request's name
      default:
        claims.push_back(i);
    }
  }
  return true;
}

// The paths at which the searches of a trace look. A change of one may change what the search finds.
void add_searched(const action::Manifest& manifest, const action::Manifest::Entry& entry,
                  const tool::Command& command, std::vector<std::string>& paths) {
  for (const std::uint32_t i : entry.claims) {
    const action::Observation& o = manifest.observations()[i];
    if (o.claim != Claim::search) continue;
    const evidence::SearchFor search = evidence::search_of(o.subject);
    const auto list = command.variable(search.variable);
    const auto candidates =
        evidence::search_candidates(list.value_or(""), search.name, command.cwd);
    paths.insert(paths.end(), candidates.begin(), candidates.end());
  }
}

// Does a variable that lists directories name one that leads to nothing now? It is not watched.
bool is_hollow_in(const action::Manifest& manifest, const action::Manifest::Entry& entry,
                  const tool::Command& command) {
  return std::any_of(entry.claims.begin(), entry.claims.end(), [&](std::uint32_t i) {
    const action::Observation& o = manifest.observations()[i];
    return o.claim == Claim::directories &&
           evidence::lists_hollow(o.subject, command.variable(o.subject));
  });
}

// Can a trace of this manifest be watched at all? (rustc lists a directory in each run, so its traces cannot;
// then there is no need to check them.) Null: not known, so it may.
bool may_be_watched(const action::Manifest* manifest) {
  std::vector<std::uint32_t> claims;
  return manifest == nullptr ||
         std::any_of(manifest->entries().begin(), manifest->entries().end(),
                     [&](const auto& entry) { return watched_claims(*manifest, entry, claims); });
}

// Does shell noise count for this command (--input-env SHLVL)? It is not part of a request's name.
bool is_keyed_by_noise(const tool::Invocation& invocation) {
  return std::ranges::any_of(invocation.key.fields, [](const tool::KeyField& field) {
    return is_shell_noise(field.value);
  });
}

}  // namespace

std::shared_ptr<const warm::CachedAnswer> cached_answer(const Digest& name, const Request& request,
                                                        Services& services) {
  auto cached = services.requests.get(
      name, [&](const warm::CachedAnswer& entry, const std::vector<std::uint32_t>& changed) {
        const tool::Command command = command_of(request);
        evidence::ClaimChecker checker(command, entry.roots, services.digester);
        return std::all_of(changed.begin(), changed.end(), [&](std::uint32_t i) {
          const auto holds = checker.holds(entry.observation(i));
          return holds && *holds;
        });
      });
  if (cached == nullptr) return nullptr;
  // A later run may have stored this result again, with a shorter time to live.
  const auto newest = services.cache.results.get(cached->key);
  if (newest == nullptr || newest == cached->result || *newest == *cached->result) return cached;
  services.requests.remove(name);
  return nullptr;
}

void prewarm(const Request& request, const Settings& settings, Services& services) {
  if (!services.requests.can_watch() || settings.disabled) return;
  const Digest name = request_name(request, settings);
  if (cached_answer(name, request, services) != nullptr) return;
  auto prepared = prepare(request, settings, services, nullptr);
  if (!std::holds_alternative<Prepared>(prepared)) return;
  Prepared& p = std::get<Prepared>(prepared);
  if (is_keyed_by_noise(p.invocation) || names_shell_noise(settings.rules)) return;
  if (!p.declared.is_watchable || !may_be_watched(services.cache.manifests.get(p.probe).get()))
    return;
  evidence::ClaimChecker checker(p.command, p.roots, services.digester);
  LookUpOutcome looked_up = look_up_trace(p.probe, checker, services);
  auto manifest = services.cache.manifests.get(p.probe);
  if (!looked_up.found || manifest == nullptr) return;
  const action::Manifest::Entry* of = manifest->find(looked_up.found->key);
  std::vector<std::uint32_t> claims;
  if (of == nullptr || !watched_claims(*manifest, *of, claims)) return;
  if (is_hollow_in(*manifest, *of, p.command)) return;
  add_searched(*manifest, *of, p.command, p.looked_at);
  std::vector<std::string> paths;
  paths.reserve(claims.size() + p.looked_at.size());
  for (const std::uint32_t i : claims)
    paths.push_back(p.roots.expand(manifest->observations()[i].subject));
  paths.insert(paths.end(), p.looked_at.begin(), p.looked_at.end());
  auto token = services.requests.watch(paths);
  if (!token) return;
  // From here on every change is noticed. What holds now, holds until a notice comes.
  const auto tool_now = services.digester.digest_file(p.command.tool, nullptr);
  if (!tool_now || !*tool_now || (*tool_now)->digest != p.tool_content.digest) return;
  if (checker.first_broken(manifest->trace(*of)) != nullptr) return;
  services.requests.put(
      name, std::make_shared<warm::CachedAnswer>(warm::CachedAnswer{
                p.command.tool, p.adapter, std::move(p.invocation), std::move(p.roots), p.probe,
                looked_up.found->key, std::move(looked_up.found->result), std::move(manifest),
                std::move(claims), std::move(p.looked_at), *std::move(token)}));
}

}  // namespace deja::pipeline
