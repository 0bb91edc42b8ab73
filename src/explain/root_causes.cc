// SPDX-License-Identifier: Apache-2.0
// Each miss points at the miss that wrote its changed input, if there is one; a cause is the end of such a chain.
// Tested by root_causes_test.cc.
#include "explain/root_causes.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/path.h"
#include "explain/change_text.h"
#include "report/sessions.h"

namespace deja::explain {
namespace {

constexpr std::string_view kChanged = "changed: ", kContentOf = "the content of ";

// Which miss wrote the file: its index.
class Writers {
 public:
  Writers(const std::vector<const journal::Event*>& misses, const OutputsOf& outputs_of) {
    for (std::size_t i = 0; i < misses.size(); ++i)
      for (std::string& path : outputs_of(*misses[i])) by_path_[std::move(path)] = i;
  }
  // misses.size() and more: none. A miss is not its own cause.
  std::size_t find(const std::string& file, std::size_t reader) const {
    if (file.empty()) return kNone;
    if (const auto at = by_path_.find(file); at != by_path_.end())
      return at->second < reader ? at->second : kNone;
    for (const auto& [path, writer] : by_path_)
      if (path.ends_with(file) && writer < reader) return writer;
    return kNone;
  }
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

 private:
  std::map<std::string, std::size_t> by_path_;
};

std::string cause_text(const journal::Event& event, const std::string& because) {
  if (event.outcome == journal::Outcome::failure) return "the tool failed";
  if (event.reason.starts_with(kChanged)) return change_text(event);
  return because.empty() ? "new: no similar command is known" : "new: " + because;
}

}  // namespace

std::string changed_file(const journal::Event& event, const std::string& because) {
  const std::string reason = journal::with_paths(event.reason, event);
  std::string_view text = reason;
  if (text.starts_with(kChanged)) {
    text.remove_prefix(kChanged.size());
  } else if (because.starts_with(kContentOf)) {  // of an input that the command line names
    text = because;
    text.remove_prefix(kContentOf.size());
    text = text.substr(0, text.find(", "));
  } else {
    return {};
  }
  constexpr std::string_view kFile = "file ";
  if (text.starts_with(kFile)) text.remove_prefix(kFile.size());
  text = text.substr(0, text.find(", which"));
  if (text.starts_with("<cwd>/")) return clean_path(journal::with_paths(text, event));
  if (text.starts_with('<')) {
    const std::size_t end = text.find('>');
    return end == std::string_view::npos ? std::string() : std::string(text.substr(end + 1));
  }
  return text.starts_with('/') ? clean_path(text) : std::string();
}

std::vector<journal::Event> last_build(const std::vector<journal::Event>& events) {
  report::SessionSplitter splitter;
  auto first = events.end();
  while (first != events.begin() && !splitter.add(*std::prev(first))) --first;
  return {first, events.end()};
}

std::vector<RootCause> root_causes(const std::vector<journal::Event>& build,
                                   const OutputsOf& outputs_of, const NewBecause& new_because) {
  std::vector<const journal::Event*> misses;
  for (const journal::Event& event : build)
    if (event.outcome == journal::Outcome::miss || event.outcome == journal::Outcome::failure)
      misses.push_back(&event);
  const Writers writers(misses, outputs_of);
  std::vector<std::size_t> causes(misses.size());  // the miss at the end of the chain
  std::vector<std::string> because(misses.size());
  std::vector<RootCause> out;
  std::map<std::string, std::size_t> by_text;
  for (std::size_t i = 0; i < misses.size(); ++i) {
    if (!misses[i]->reason.starts_with(kChanged)) because[i] = new_because(*misses[i]);
    const std::size_t writer = writers.find(changed_file(*misses[i], because[i]), i);
    causes[i] = writer == Writers::kNone ? i : causes[writer];
    const std::string text = cause_text(*misses[causes[i]], because[causes[i]]);
    const auto [at, is_new] = by_text.try_emplace(text, out.size());
    if (is_new) out.push_back({text, {}, 0, 0});
    RootCause& cause = out[at->second];
    cause.commands.push_back(misses[i]->what.empty() ? std::string(base_name(misses[i]->tool))
                                                     : misses[i]->what);
    cause.indirect += causes[i] == i ? 0 : 1;
    cause.cost_us += misses[i]->cost_us;
  }
  std::ranges::stable_sort(
      out, [](const RootCause& a, const RootCause& b) { return a.cost_us > b.cost_us; });
  return out;
}

}  // namespace deja::explain
