// SPDX-License-Identifier: Apache-2.0
// The report as text and as Markdown. Tested by report_test.cc.

#include <fmt/format.h>

#include "report/format.h"
#include "report/render.h"
#include "report/rows.h"

namespace deja::report {
namespace {

// One block for each slice: its height is the share of hits.
std::string rate_line(const Summary& summary) {
  constexpr const char* kBlocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  std::string out;
  for (const Slice& slice : summary.slices) {
    const std::uint64_t lookups = slice.hits + slice.misses;
    out += lookups == 0 ? " " : kBlocks[slice.hits * 7 / lookups];
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string section(const char* title, const Rows& rows) {
  if (rows.lines.empty()) return "";
  Table table;
  for (const auto& line : rows.lines) {
    auto cells = line;
    if (cells.size() > 1) cells.back() = shortened(cells.back(), kTextWidth);
    table.row(std::move(cells));
  }
  return std::string("\n") + title + "\n" + table.text("  ");
}

// Text of a table's cell: no pipe may end it.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '<' || c == '[')
      out += '\\';
    out += c;
  }
  return out;
}

std::string markdown_table(const std::vector<std::string>& heads, const Rows& rows) {
  if (rows.lines.empty()) return "";
  std::string out, line;
  for (const std::string& head : heads) {
    out += "| " + head + " ";
    line += "|---";
  }
  out += "|\n" + line + "|\n";
  for (const auto& row : rows.lines) {
    for (const std::string& text : row) out += "| " + cell(text) + " ";
    out += "|\n";
  }
  return out;
}

}  // namespace

std::string as_text(const Summary& summary, const State& state, const std::string& title) {
  std::string out = title + "\n";
  if (summary.totals.commands() == 0) return out + "no commands\n";
  Table table;
  for (const auto& row : overview(summary, state)) table.row(row);
  out += table.text("  ");
  if (summary.slices.size() > 1)
    out += "\nhit rate over time (a column is " +
           human_elapsed(static_cast<std::uint64_t>(summary.slice_ns / 1000)) + ")\n  " +
           rate_line(summary) + "\n";
  out += section("why commands missed", ranked_rows(summary.miss_reasons));
  out += section("changes that cost the most", ranked_rows(summary.inputs));
  out += section("slowest misses", slow_rows(summary));
  out += section("sources and crates that ran the longest", ranked_rows(repeated(summary.sources)));
  out += section("tools that ran", ranked_rows(summary.tools));
  out += section("where the time went (commands, time, phase)", ranked_rows(summary.phases));
  out += section("not looked up (docs/bypass.md)", counted_rows(summary.bypass_reasons));
  out += section("not stored (docs/not-stored.md)", counted_rows(summary.not_stored));
  return out;
}

std::string as_markdown(const Summary& summary, const State& state, const std::string& title) {
  std::string out = "### deja: " + cell(title) + "\n\n";
  if (summary.totals.commands() == 0) return out + "No commands.\n";
  Rows rows;
  for (const auto& row : overview(summary, state)) rows.lines.push_back(row);
  out += markdown_table({"", "", ""}, rows);
  const auto add = [&](const char* name, const std::vector<std::string>& heads, const Rows& list) {
    if (list.lines.empty()) return;
    out += std::string("\n<details><summary>") + name + "</summary>\n\n" +
           markdown_table(heads, list) + "\n</details>\n";
  };
  add("Why commands missed", {"misses", "time", "reason"}, ranked_rows(summary.miss_reasons));
  add("Changes that cost the most", {"misses", "time", "what"}, ranked_rows(summary.inputs));
  add("Slowest misses", {"time", "what", "tool", "reason"}, slow_rows(summary));
  add("Sources and crates that ran the longest", {"misses", "time", "what"},
      ranked_rows(repeated(summary.sources)));
  add("Where the time went", {"commands", "time", "phase"}, ranked_rows(summary.phases));
  add("Not looked up", {"commands", "reason"}, counted_rows(summary.bypass_reasons));
  add("Not stored", {"runs", "reason"}, counted_rows(summary.not_stored));
  return out;
}

}  // namespace deja::report
