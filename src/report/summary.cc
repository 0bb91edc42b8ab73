// SPDX-License-Identifier: Apache-2.0
// Adds events up. A report reads up to a hundred thousand of them, so texts are copied only when they are new.
// Tested by report_test.cc.

#include "report/summary.h"

#include <algorithm>

#include "base/path.h"

namespace deja::report {
namespace {

constexpr std::int64_t kSliceMinNs = 1'000'000'000;
// Distinct texts that are kept of each kind; what comes later is counted as "(others)".
constexpr std::size_t kRanksMax = 20'000;

bool is_slower(const SlowMiss& a, const SlowMiss& b) {
  if (a.cost_us != b.cost_us) return a.cost_us > b.cost_us;
  return a.time_ns != b.time_ns ? a.time_ns < b.time_ns : a.what < b.what;
}

// "<workspace>/a.h" becomes absolute.
std::string absolute(std::string_view path, const journal::Event& event) {
  std::string text = journal::with_paths(path, event);
  return text.starts_with('/') ? clean_path(text) : text;
}

}  // namespace

std::int64_t begin_of(const journal::Event& event) {
  return event.time_ns - static_cast<std::int64_t>(event.elapsed_us) * 1000;
}

ReasonParts parts_of(const journal::Event& event) {
  constexpr std::string_view kChanged = "changed: ";
  std::string_view text = event.reason;
  if (text.empty() || text == "new") return {"new", {}};
  if (text == "evicted") return {"evicted", {}};
  if (text.starts_with("audit: ")) return {"audit", {}};
  if (!text.starts_with(kChanged)) return {"another reason", std::string(text)};
  text.remove_prefix(kChanged.size());
  struct Form {
    std::string_view begin, kind;
  };
  constexpr Form kForms[] = {{"file ", "a file changed"},
                             {"variable ", "a variable changed"},
                             {"directory ", "made in another directory"},
                             {"names in directory ", "the names in a directory changed"},
                             {"symlink ", "a symlink changed"}};
  const std::size_t comma = text.find(", which ");
  const std::string_view subject = text.substr(0, comma);
  for (const Form& form : kForms)
    if (subject.starts_with(form.begin))
      return {form.kind, absolute(subject.substr(form.begin.size()), event)};
  if (text.ends_with(", which was not there")) return {"a file appeared", absolute(subject, event)};
  return {"another change", absolute(subject, event)};
}

void Collector::count(Ranks& ranks, std::string_view name, std::uint64_t cost_us) {
  auto found = ranks.find(name);
  if (found == ranks.end()) {
    const std::string_view kept = ranks.size() < kRanksMax ? name : "(others)";
    found = ranks.try_emplace(std::string(kept), Ranked{std::string(kept), 0, 0}).first;
  }
  ++found->second.count;
  found->second.cost_us += cost_us;
}

void Totals::add(const journal::Event& event) {
  using journal::Outcome;
  not_stored += event.not_stored.empty() ? 0 : 1;
  switch (event.outcome) {
    case Outcome::hit:
      ++hits;
      saved_us += event.cost_us;
      served_bytes += event.bytes;
      served_cloned_bytes += event.cloned_bytes;
      remote_hits += event.remote ? 1 : 0;
      remote_bytes += event.remote ? event.bytes : 0;
      break;
    case Outcome::miss:
      ++misses;
      dups += event.dup ? 1 : 0;
      spent_us += event.cost_us;
      stored_bytes += event.bytes;
      stored_cloned_bytes += event.cloned_bytes;
      break;
    case Outcome::bypass:
      ++bypasses;
      break;
    case Outcome::failure:
      ++failures;
      break;
    case Outcome::running:
      break;
  }
}

void Collector::add_miss(const journal::Event& event) {
  const ReasonParts reason = parts_of(event);
  count(miss_reasons_, reason.kind, event.cost_us);
  if (!reason.subject.empty()) count(inputs_, reason.subject, event.cost_us);
  count(tools_, base_name(event.tool), event.cost_us);
  const std::string& what = event.what.empty() ? event.output : event.what;
  if (!what.empty()) count(sources_, what, event.cost_us);
  if (!event.not_stored.empty()) count(not_stored_, event.not_stored, event.cost_us);
  const bool is_full = slowest_.size() >= top_;
  if (top_ == 0 || (is_full && event.cost_us <= slowest_.front().cost_us)) return;
  if (is_full) {
    std::ranges::pop_heap(slowest_, is_slower);
    slowest_.pop_back();
  }
  slowest_.push_back({what, std::string(base_name(event.tool)), event.cwd, event.reason,
                      event.not_stored, event.cost_us, event.time_ns});
  std::ranges::push_heap(slowest_, is_slower);
}

void Collector::add(const journal::Event& event) {
  using journal::Outcome;
  const bool is_first = points_.empty();
  begin_ns_ = is_first ? begin_of(event) : std::min(begin_ns_, begin_of(event));
  end_ns_ = std::max(end_ns_, event.time_ns);
  if (is_first) {
    directory_ = event.cwd;
  } else if (!directory_.empty() && !is_within(event.cwd, directory_)) {
    directory_ = common_ancestor(directory_, event.cwd);
  }
  points_.push_back(
      {event.time_ns, event.outcome == Outcome::miss ? event.bytes : 0, event.outcome});
  totals_.add(event);
  for (const journal::Phase& phase : event.phases) count(phases_, phase.name, phase.us);
  if (event.outcome == Outcome::miss) add_miss(event);
  if (event.outcome == Outcome::bypass) count(bypass_reasons_, event.reason, event.cost_us);
}

std::vector<Ranked> Collector::best(const Ranks& ranks) const {
  std::vector<Ranked> out;
  for (const auto& [name, ranked] : ranks) out.push_back(ranked);
  std::ranges::sort(out, [](const Ranked& a, const Ranked& b) {
    if (a.cost_us != b.cost_us) return a.cost_us > b.cost_us;
    return a.count != b.count ? a.count > b.count : a.name < b.name;
  });
  if (out.size() > top_) out.resize(top_);
  return out;
}

void Collector::fill_slices(Summary& summary) const {
  const std::int64_t span = summary.end_ns - summary.begin_ns;
  const auto most = static_cast<std::int64_t>(kSlicesMax);
  summary.slice_ns = std::max((span + most) / most, kSliceMinNs);
  summary.slices.resize(
      std::min(static_cast<std::size_t>(span / summary.slice_ns) + 1, kSlicesMax));
  for (const Point& point : points_) {
    const auto at = static_cast<std::size_t>((point.time_ns - summary.begin_ns) / summary.slice_ns);
    Slice& slice = summary.slices[std::min(at, summary.slices.size() - 1)];
    slice.stored_bytes += point.stored_bytes;
    if (point.outcome == journal::Outcome::hit) {
      ++slice.hits;
    } else if (point.outcome == journal::Outcome::miss) {
      ++slice.misses;
    } else {
      ++slice.others;
    }
  }
}

Summary Collector::finish() const {
  Summary summary;
  if (points_.empty()) return summary;
  summary.begin_ns = begin_ns_;
  summary.end_ns = end_ns_;
  summary.directory = directory_ == "/" ? "" : directory_;
  summary.totals = totals_;
  fill_slices(summary);
  summary.miss_reasons = best(miss_reasons_);
  summary.inputs = best(inputs_);
  summary.tools = best(tools_);
  summary.sources = best(sources_);
  summary.phases = best(phases_);
  summary.bypass_reasons = best(bypass_reasons_);
  summary.not_stored = best(not_stored_);
  summary.slowest = slowest_;
  std::ranges::sort(summary.slowest, is_slower);
  return summary;
}

}  // namespace deja::report
