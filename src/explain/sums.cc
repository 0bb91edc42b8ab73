// SPDX-License-Identifier: Apache-2.0
#include "explain/sums.h"

#include <algorithm>
#include <map>

#include "explain/root_causes.h"
#include "report/summary.h"

namespace deja::explain {
namespace {

void add(Group& group, const journal::Event& event) {
  const std::int64_t begin_ns = report::begin_of(event);
  group.first_ns = group.first_ns == 0 ? begin_ns : std::min(group.first_ns, begin_ns);
  group.last_ns = std::max(group.last_ns, event.time_ns);
  group.sums.add(event);
}

}  // namespace

void Sums::add(const journal::Event& event) {
  using journal::Outcome;
  hits += event.outcome == Outcome::hit ? 1 : 0;
  misses += event.outcome == Outcome::miss ? 1 : 0;
  bypasses += event.outcome == Outcome::bypass ? 1 : 0;
  failures += event.outcome == Outcome::failure ? 1 : 0;
  remote_hits += event.outcome == Outcome::hit && event.remote ? 1 : 0;
  not_stored += event.not_stored.empty() ? 0 : 1;
  (event.outcome == Outcome::hit ? saved_us : cost_us) += event.cost_us;
}

std::vector<Group> group_by(const std::vector<journal::Event>& events,
                            const std::function<std::string(const journal::Event&)>& name_of) {
  std::map<std::string, Group> groups;
  for (const journal::Event& event : events) {
    std::string name = name_of(event);
    if (name.empty()) continue;
    Group& group = groups[name];
    group.name = std::move(name);
    add(group, event);
  }
  std::vector<Group> out;
  for (auto& [name, group] : groups) out.push_back(std::move(group));
  std::ranges::stable_sort(out,
                           [](const Group& a, const Group& b) { return a.last_ns > b.last_ns; });
  return out;
}

std::vector<Group> group_by_session(const std::vector<journal::Event>& events) {
  std::vector<Group> out;
  std::vector<journal::Event> rest = events;
  while (!rest.empty()) {
    const std::vector<journal::Event> newest = last_build(rest);
    Group group;
    for (const journal::Event& event : newest) add(group, event);
    out.push_back(std::move(group));
    rest.resize(rest.size() - newest.size());
  }
  return out;
}

}  // namespace deja::explain
