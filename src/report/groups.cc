// SPDX-License-Identifier: Apache-2.0
#include "report/groups.h"

#include <algorithm>
#include <map>

#include "report/sessions.h"

namespace deja::report {
namespace {

void add(Group& group, const journal::Event& event) {
  const std::int64_t begin_ns = begin_of(event);
  group.begin_ns = group.begin_ns == 0 ? begin_ns : std::min(group.begin_ns, begin_ns);
  group.end_ns = std::max(group.end_ns, event.time_ns);
  group.totals.add(event);
}

}  // namespace

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
  out.reserve(groups.size());
  for (auto& [name, group] : groups) out.push_back(std::move(group));
  std::ranges::stable_sort(out, [](const Group& a, const Group& b) { return a.end_ns > b.end_ns; });
  return out;
}

std::vector<Group> group_by_session(const std::vector<journal::Event>& events) {
  SessionSplitter splitter;
  std::vector<Group> out;
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (splitter.add(*event) || out.empty()) out.emplace_back();
    add(out.back(), *event);
  }
  return out;
}

}  // namespace deja::report
