// SPDX-License-Identifier: Apache-2.0
#include "report/trace_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <queue>
#include <utility>

#include "base/path.h"
#include "report/summary.h"

namespace deja::report {
namespace {

// Names of colours that the viewers know.
const char* colour(journal::Outcome outcome) {
  switch (outcome) {
    case journal::Outcome::hit:
      return "good";
    case journal::Outcome::miss:
      return "bad";
    case journal::Outcome::bypass:
      return "grey";
    case journal::Outcome::failure:
      return "terrible";
    case journal::Outcome::running:
      break;
  }
  return "grey";
}

std::string json_text(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void TraceFile::add(const journal::Event& event) {
  if (pieces_.size() >= max_) return;
  const std::string tool(base_name(event.tool));
  const std::string& what = event.what.empty() ? event.output : event.what;
  const char* outcome = journal::outcome_name(event.outcome);
  std::string body =
      fmt::format(R"("name":{},"cat":"{}","cname":"{}","args":{{"outcome":"{}","tool":{},"cwd":{})",
                  json_text(what.empty() ? tool : std::string(base_name(what))), outcome,
                  colour(event.outcome), outcome, json_text(tool), json_text(event.cwd));
  body += ",\"what\":" + json_text(what);
  if (!event.reason.empty()) body += ",\"reason\":" + json_text(event.reason);
  if (event.cost_us != 0) body += ",\"tool_us\":" + std::to_string(event.cost_us);
  for (const journal::Phase& phase : event.phases)
    body += "," + json_text(phase.name + "_us") + ":" + std::to_string(phase.us);
  pieces_.push_back({begin_of(event), event.time_ns, body + "}"});
}

std::string TraceFile::text() const {
  std::vector<const Piece*> order;
  order.reserve(pieces_.size());
  for (const Piece& piece : pieces_) order.push_back(&piece);
  std::ranges::sort(order, {}, [](const Piece* p) { return std::pair(p->begin_ns, p->end_ns); });

  // Lanes that are free again, and those in use with the time at which they become free.
  std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> free;
  using Busy = std::pair<std::int64_t, std::size_t>;
  std::priority_queue<Busy, std::vector<Busy>, std::greater<>> busy;
  std::size_t lanes = 0;
  std::string out =
      "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n"
      "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":1,\"args\":{\"name\":\"deja\"}}";
  for (const Piece* piece : order) {
    for (; !busy.empty() && busy.top().first <= piece->begin_ns; busy.pop())
      free.push(busy.top().second);
    if (free.empty()) free.push(++lanes);
    const std::size_t lane = free.top();
    free.pop();
    busy.emplace(piece->end_ns, lane);
    out += fmt::format(",\n{{\"ph\":\"X\",\"pid\":1,\"tid\":{},\"ts\":{},\"dur\":{},", lane,
                       (piece->begin_ns - order.front()->begin_ns) / 1000,
                       (piece->end_ns - piece->begin_ns) / 1000);
    out += piece->body + "}";
  }
  return out + "\n]}\n";
}

}  // namespace deja::report
