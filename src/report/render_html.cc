// SPDX-License-Identifier: Apache-2.0
// The report as one page: text is HTML, so that it can be read on a phone, and only shapes are SVG. All texts come
// from journals and are escaped. Tested by report_test.cc.

#include <fmt/format.h>

#include <algorithm>

#include "report/format.h"
#include "report/render.h"
#include "report/rows.h"

namespace deja::report {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --ground: #fff; --text: #1c1e21; --soft: #5c6370; --line: #dfe2e6;
  --hit: #2b74b8; --miss: #d9711c; --other: #8d939c; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #16181c; --text: #e4e6ea; --soft: #9aa1ac; --line: #33373e;
    --hit: #62aeea; --miss: #f2a154; --other: #7d838d; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.45 system-ui, sans-serif; }
h1 { font-size: 1.3rem; margin: 0 0 .2rem; }
h2 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; }
p { margin: .2rem 0; color: var(--soft); overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .6rem;
  margin: 1rem 0; }
.tiles div { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .7rem; color: var(--soft);
  font-size: .9rem; }
.tiles b { display: block; font-size: 1.4rem; color: var(--text); }
svg { display: block; width: 100%; }
.chart { height: 9rem; border-bottom: 1px solid var(--line); }
.ends { display: flex; justify-content: space-between; font-size: .85rem; color: var(--soft); }
.hit { fill: var(--hit); } .miss { fill: var(--miss); } .other { fill: var(--other); }
.grown { fill: none; stroke: var(--miss); stroke-width: 2; vector-effect: non-scaling-stroke; }
.key i { display: inline-block; width: .7rem; height: .7rem; margin: 0 .3rem 0 .8rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
td, th { text-align: left; vertical-align: top; padding: .25rem .8rem .25rem 0;
  border-bottom: 1px solid var(--line); overflow-wrap: break-word; }
td:last-child { overflow-wrap: anywhere; }
th { color: var(--soft); font-weight: normal; }
th { white-space: nowrap; overflow-wrap: normal; }
.n { text-align: right; white-space: nowrap; overflow-wrap: normal; width: 1%; }
td.bar { width: 22%; min-width: 3rem; padding-top: .6rem; }
)css";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

// Text of a table's cell: a path may continue on the next line after each slash.
std::string cell_text(std::string_view text) {
  std::string out;
  for (const char c : escaped(text)) {
    out += c;
    if (c == '/') out += "<wbr>";
  }
  return out;
}

std::string tile(const std::string& value, const std::string& name) {
  return "<div><b>" + escaped(value) + "</b>" + escaped(name) + "</div>\n";
}

std::string tiles(const Summary& summary) {
  const Totals& t = summary.totals;
  std::string rate = percent(t.hits, t.lookups());
  return "<div class=\"tiles\">\n" + tile(rate.empty() ? "–" : rate, "hit rate") +
         tile(human_elapsed(t.saved_us), "saved by " + counted(t.hits, "hit")) +
         tile(human_elapsed(t.spent_us), "in the tools of " + std::to_string(t.misses) +
                                             (t.misses == 1 ? " miss" : " misses")) +
         tile(std::to_string(t.bypasses), t.bypasses == 1 ? "bypass" : "bypasses") +
         tile(human_size(t.stored_bytes), "stored") + "</div>\n";
}

std::string rect(const char* kind, double x, double y, double width, double height) {
  if (height <= 0) return "";
  return fmt::format(R"(<rect class="{}" x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}"/>)",
                     kind, x, y, width, height);
}

std::string ends(const Summary& summary) {
  return "<div class=\"ends\"><span>" + local_time(summary.begin_ns) + "</span><span>" +
         local_time(summary.end_ns) + "</span></div>\n";
}

// Stacked columns: hits at the bottom, misses on them, the rest on top.
std::string commands_chart(const Summary& summary) {
  std::uint64_t most = 1;
  for (const Slice& s : summary.slices) most = std::max(most, s.hits + s.misses + s.others);
  const double width = 600.0 / static_cast<double>(summary.slices.size());
  std::string out =
      "<h2>Commands over time</h2>\n<p class=\"key\"><i style=\"background:var(--hit)\"></i>hits"
      "<i style=\"background:var(--miss)\"></i>misses<i style=\"background:var(--other)\"></i>"
      "others; the highest column: " +
      std::to_string(most) +
      "</p>\n<svg class=\"chart\" viewBox=\"0 0 600 100\" preserveAspectRatio=\"none\" "
      "role=\"img\" "
      "aria-label=\"hits and misses over time\">\n";
  for (std::size_t i = 0; i < summary.slices.size(); ++i) {
    const Slice& s = summary.slices[i];
    const double x = static_cast<double>(i) * width;
    double y = 100;
    std::string columns;
    for (const auto& [kind, count] :
         {std::pair("hit", s.hits), std::pair("miss", s.misses), std::pair("other", s.others)}) {
      const double height = 100.0 * static_cast<double>(count) / static_cast<double>(most);
      y -= height;
      columns += rect(kind, x + width * 0.05, y, width * 0.9, height);
    }
    if (columns.empty()) continue;
    const std::int64_t at = summary.begin_ns + static_cast<std::int64_t>(i) * summary.slice_ns;
    out += fmt::format("<g><title>{}: {} hits, {} misses, {} others</title>{}</g>\n",
                       local_time(at), s.hits, s.misses, s.others, columns);
  }
  return out + "</svg>\n" + ends(summary);
}

std::string growth_chart(const Summary& summary) {
  const std::uint64_t all = summary.totals.stored_bytes;
  if (all == 0) return "";
  std::string points = "0,100";
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < summary.slices.size(); ++i) {
    sum += summary.slices[i].stored_bytes;
    points +=
        fmt::format(" {:.2f},{:.2f}",
                    600.0 * static_cast<double>(i + 1) / static_cast<double>(summary.slices.size()),
                    100.0 - 98.0 * static_cast<double>(sum) / static_cast<double>(all));
  }
  return "<h2>Stored over time</h2>\n<p>" + human_size(all) +
         " in all</p>\n<svg class=\"chart\" viewBox=\"0 0 600 100\" preserveAspectRatio=\"none\" "
         "role=\"img\" aria-label=\"bytes stored over time\"><polyline class=\"grown\" points=\"" +
         points + "\"/></svg>\n" + ends(summary);
}

std::string bar(const char* kind, std::uint64_t part, std::uint64_t most) {
  const double width =
      most == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(most);
  return fmt::format(
      "<td class=\"bar\"><svg height=\"10\" viewBox=\"0 0 100 10\" "
      "preserveAspectRatio=\"none\"><rect class=\"{}\" width=\"{:.2f}\" "
      "height=\"10\"/></svg></td>",
      kind, width);
}

// A row for each, with a bar of its time.
std::string ranked_table(const char* title, const std::vector<Ranked>& ranked,
                         const char* counted_things = "misses") {
  if (ranked.empty()) return "";
  std::uint64_t most = 1;
  for (const Ranked& r : ranked) most = std::max(most, r.cost_us);
  std::string out = std::string("<h2>") + title + "</h2>\n<table>\n<tr><th></th><th class=\"n\">" +
                    counted_things + "</th><th class=\"n\">time</th><th></th></tr>\n";
  for (const Ranked& r : ranked)
    out += "<tr>" + bar("miss", r.cost_us, most) + fmt::format("<td class=\"n\">{}</td>", r.count) +
           "<td class=\"n\">" + human_elapsed(r.cost_us) + "</td><td>" + cell_text(r.name) +
           "</td></tr>\n";
  return out + "</table>\n";
}

std::string plain_table(const char* title, const std::vector<std::string>& heads,
                        const Rows& rows) {
  if (rows.lines.empty()) return "";
  std::string out = std::string("<h2>") + title + "</h2>\n<table>\n<tr>";
  for (std::size_t i = 0; i < heads.size(); ++i)
    out += (i == 0 ? "<th class=\"n\">" : "<th>") + escaped(heads[i]) + "</th>";
  out += "</tr>\n";
  for (const auto& row : rows.lines) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i)
      out += (i == 0 ? "<td class=\"n\">" : "<td>") + cell_text(row[i]) + "</td>";
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

std::string overview_table(const Summary& summary, const State& state) {
  std::string out = "<h2>In numbers</h2>\n<table>\n";
  for (const auto& row : overview(summary, state)) {
    out += "<tr>";
    for (const std::string& text : row) out += "<td>" + cell_text(text) + "</td>";
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

}  // namespace

std::string as_html(const Summary& summary, const State& state, const std::string& title) {
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>deja: " +
      escaped(title) + "</title>\n<style>" + std::string(kStyle) +
      "</style>\n</head>\n<body>\n<h1>deja: " + escaped(title) + "</h1>\n";
  if (summary.totals.commands() == 0) return out + "<p>No commands.</p>\n</body>\n</html>\n";
  const auto span_us = static_cast<std::uint64_t>((summary.end_ns - summary.begin_ns) / 1000);
  out += "<p>" + local_time(summary.begin_ns) + ", for " + human_elapsed(span_us) + ", " +
         counted(summary.totals.commands(), "command") +
         (summary.directory.empty() ? "" : ", in " + escaped(summary.directory)) + "</p>\n";
  out += tiles(summary) + commands_chart(summary);
  out += ranked_table("Why commands missed", summary.miss_reasons);
  out += ranked_table("Changes that cost the most", summary.inputs);
  out += plain_table("Slowest misses", {"time", "what", "tool", "reason"}, slow_rows(summary));
  out += ranked_table("Sources and crates that ran the longest", repeated(summary.sources));
  out += ranked_table("Tools that ran", summary.tools);
  out += ranked_table("Where the time went", summary.phases, "commands");
  out += plain_table("Not looked up", {"commands", "reason"}, counted_rows(summary.bypass_reasons));
  out += plain_table("Not stored", {"runs", "reason"}, counted_rows(summary.not_stored));
  out += growth_chart(summary) + overview_table(summary, state);
  return out + "</body>\n</html>\n";
}

}  // namespace deja::report
