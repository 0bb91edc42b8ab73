#include "pipeline/memory.h"

#include <algorithm>
#include <iterator>

#include "action/recipe.h"
#include "pipeline/engine.h"
#include "pipeline/prepare.h"
#include "pipeline/recall.h"
#include "pipeline/searches.h"
#include "pipeline/world.h"

namespace deja::pipeline {
namespace {

using action::Claim;

// Variables that differ from one shell to the next and that no compiler reads. They are not part of
// a request's name; a trace that does speak of them is not remembered.
constexpr std::string_view kShellNoise[] = {"_", "SHLVL", "OLDPWD"};

bool is_noise(std::string_view variable) {
  return std::find(std::begin(kShellNoise), std::end(kShellNoise), variable) !=
         std::end(kShellNoise);
}

// The claims of a trace that are about paths; false when one of all claims cannot be relied on
// under a vigil.
bool watched_claims(const action::Manifest& manifest, const action::Manifest::Entry& entry,
                    std::vector<std::uint32_t>& claims) {
  for (const std::uint32_t i : entry.claims) {
    const action::Observation& o = manifest.observations()[i];
    switch (o.claim) {
      case Claim::listing:
      case Claim::environment:
      case Claim::machine:
      case Claim::date:    // nothing tells of midnight
      case Claim::access:  // what may not be read cannot be watched
        return false;
      case Claim::variable:
      case Claim::variable_digest:
      case Claim::unset:
        if (is_noise(o.subject)) return false;
        break;
      case Claim::root:
      case Claim::search:             // its candidates are watched: add_searched
      case Claim::logical_directory:  // PWD is one of the paths that were looked at
      case Claim::output_name:
      case Claim::directories:  // lists_hollow
      case Claim::variables_like:
        break;  // as the rest of the environment, part of the request's name
      default:
        claims.push_back(i);
    }
  }
  return true;
}

// What the searches of a trace may meet: a change of any is a change of the search.
void add_searched(const action::Manifest& manifest, const action::Manifest::Entry& entry,
                  const tool::Command& command, std::vector<std::string>& paths) {
  for (const std::uint32_t i : entry.claims) {
    const action::Observation& o = manifest.observations()[i];
    if (o.claim != Claim::search) continue;
    const SearchFor search = search_of(o.subject);
    const auto list = command.variable(search.variable);
    const auto candidates = search_candidates(list.value_or(""), search.name, command.cwd);
    paths.insert(paths.end(), candidates.begin(), candidates.end());
  }
}

// Does a list of this request name a directory that leads to nothing now?
bool is_hollow_in(const action::Manifest& manifest, const action::Manifest::Entry& entry,
                  const tool::Command& command) {
  return std::any_of(entry.claims.begin(), entry.claims.end(), [&](std::uint32_t i) {
    const action::Observation& o = manifest.observations()[i];
    return o.claim == Claim::directories && lists_hollow(o.subject, command.variable(o.subject));
  });
}

// rustc lists a folder each time: no look at its claims is worth the while. Null: not known.
bool may_be_watched(const action::Manifest* manifest) {
  std::vector<std::uint32_t> claims;
  return manifest == nullptr ||
         std::any_of(manifest->entries().begin(), manifest->entries().end(),
                     [&](const auto& entry) { return watched_claims(*manifest, entry, claims); });
}

std::size_t weight_of(const Remembered& entry) {
  return sizeof(entry) + 4 * (entry.stand.nodes.size() + 2 * entry.claims.size()) + 4096;
}

}  // namespace

Memory::Memory() : vigil_(Vigil::open()) {}

Digest Memory::name_of(const Request& q, const Settings& s) {
  action::HashSink sink;
  const char flags[] = {static_cast<char>(q.calling),
                        static_cast<char>(q.stdout_is_terminal),
                        static_cast<char>(q.stderr_is_terminal),
                        static_cast<char>(q.streams_are_one),
                        static_cast<char>(s.portable),
                        static_cast<char>(s.read_only),
                        static_cast<char>(s.build_scripts)};
  sink.field("flags", {flags, sizeof(flags)});
  sink.field("umask", std::to_string(q.umask));
  sink.field("salt", s.salt);
  for (const std::string& dir : s.base_dirs) sink.field("base", dir);
  for (const auto& [name, known_as] : s.tools) {
    sink.field("tool", name);
    sink.field("known as", known_as);
  }
  sink.field("front", std::to_string(q.front.device) + ":" + std::to_string(q.front.inode));
  sink.field("cwd", q.cwd);
  for (const std::string_view argument : q.argv) sink.field("argument", argument);
  for (const std::string_view entry : q.environment) {
    if (!is_noise(entry.substr(0, entry.find('=')))) sink.field("environment", entry);
  }
  return sink.finish();
}

std::shared_ptr<const Remembered> Memory::recall(const Digest& name, const Request& request,
                                                 Engine& engine) {
  auto entry = entries_.get(name);
  if (entry == nullptr) return nullptr;
  const auto disturbed = vigil_->disturbed(entry->stand);
  if (disturbed.empty()) return entry;
  auto renewed = check_again(*entry, disturbed, request, engine);
  if (renewed == nullptr) {
    entries_.remove(name);
  } else {
    entries_.put(name, renewed, weight_of(*renewed));
  }
  return renewed;
}

std::shared_ptr<const Remembered> Memory::check_again(const Remembered& entry,
                                                      const std::vector<std::uint32_t>& disturbed,
                                                      const Request& request, Engine& engine) {
  std::vector<std::string> paths;
  for (const std::uint32_t i : disturbed) {
    if (i >= entry.claims.size()) return nullptr;  // another tool may be found now
    paths.push_back(entry.roots.expand(entry.manifest->observations()[entry.claims[i]].subject));
  }
  auto stand = vigil_->renew(entry.stand, disturbed, paths);
  if (!stand) return nullptr;
  const tool::Command command = command_of(request);
  World world(command, entry.roots, engine.digester);
  for (const std::uint32_t i : disturbed) {
    const auto holds = world.holds(entry.manifest->observations()[entry.claims[i]]);
    if (!holds || !*holds) return nullptr;
  }
  auto renewed = std::make_shared<Remembered>(entry);
  renewed->stand = *std::move(stand);
  return renewed;
}

void Memory::rehearse(const Request& request, const Settings& settings, Engine& engine) {
  if (vigil_ == nullptr || settings.disabled) return;
  const Digest name = name_of(request, settings);
  if (recall(name, request, engine) != nullptr) return;
  auto prepared = prepare(request, settings, engine, nullptr);
  if (!std::holds_alternative<Prepared>(prepared)) return;
  Prepared& p = std::get<Prepared>(prepared);
  if (!p.declared.is_watchable || !may_be_watched(engine.cache.manifests.get(p.probe).get()))
    return;
  World world(p.command, p.roots, engine.digester);
  RecallOutcome recalled = recall_trace(p.probe, world, engine);
  auto manifest = engine.cache.manifests.get(p.probe);
  if (!recalled.found || manifest == nullptr) return;
  const action::Manifest::Entry* of = manifest->find(recalled.found->key);
  std::vector<std::uint32_t> claims;
  if (of == nullptr || !watched_claims(*manifest, *of, claims)) return;
  if (is_hollow_in(*manifest, *of, p.command)) return;
  add_searched(*manifest, *of, p.command, p.looked_at);
  std::vector<std::string> paths;
  paths.reserve(claims.size() + p.looked_at.size());
  for (const std::uint32_t i : claims)
    paths.push_back(p.roots.expand(manifest->observations()[i].subject));
  paths.insert(paths.end(), p.looked_at.begin(), p.looked_at.end());
  auto stand = vigil_->stand(paths);
  if (!stand) return;
  // From here on every change is noticed; what still holds now holds until then.
  const auto tool_now = engine.digester.digest_file(p.command.tool, nullptr);
  if (!tool_now || !*tool_now || (*tool_now)->digest != p.tool_content.digest) return;
  if (world.first_broken(manifest->trace(*of)) != nullptr) return;
  auto entry = std::make_shared<Remembered>(
      Remembered{p.command.tool, p.adapter, std::move(p.invocation), std::move(p.roots), p.probe,
                 recalled.found->key, std::move(recalled.found->result), std::move(manifest),
                 std::move(claims), std::move(p.looked_at), *std::move(stand)});
  const std::size_t weight = weight_of(*entry);
  entries_.put(name, std::move(entry), weight);
}

}  // namespace deja::pipeline
