// SPDX-License-Identifier: Apache-2.0
// `deja list`: the results in the store. The store knows sizes and times; which command a result came from is
// known as long as the journal holds an event of it.

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

#include "action/result.h"
#include "cli/context.h"
#include "cli/event_text.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/store_access.h"
#include "journal/reader.h"
#include "os/clock.h"

namespace deja::cli {
namespace {

constexpr std::size_t kResultsShown = 50;

struct Row {
  std::string key, tool, what, cwd;
  std::uint64_t bytes = 0, cost_us = 0;
  std::int64_t made_ns = 0, last_use_ns = 0;
};

// What the result's first output is called, when the journal has forgotten its command.
std::string main_output(const action::ActionResult& result) {
  for (const action::Artifact& artifact : result.artifacts)
    if (artifact.role == action::Role::output) return action::Roots::describe(artifact.path);
  return result.artifacts.empty() ? "" : action::Roots::describe(result.artifacts.front().path);
}

Result<std::vector<Row>> rows_of(const Context& context) {
  std::vector<Row> rows;
  const auto store = TRY(open_store(context, Access::read));
  if (!store) return rows;
  for (const store::LocalStore::ListedUse& use : TRY(store->list_uses())) {
    const auto result = action::decode_result(use.record);
    if (!result) continue;
    Row row;
    row.key = use.key.hex();
    row.what = main_output(*result);
    row.bytes = use.bytes;
    row.cwd = result->made_in.path(action::Root::cwd);
    row.cost_us = result->cost_ns / 1000;
    row.made_ns = result->made_at_ns;
    row.last_use_ns = use.last_use_ns;
    rows.push_back(std::move(row));
  }
  std::unordered_map<std::string, Row*> by_key;
  for (Row& row : rows) by_key[row.key] = &row;
  // The newest event of each result says what it is.
  TRY(journal::visit_events(context.journal(), [&](const journal::Event& event) {
    const auto found = by_key.find(event.action_key);
    if (found == by_key.end()) return true;
    found->second->tool = tool_text(event);
    if (!event.what.empty()) found->second->what = event.what;
    found->second->cwd = event.cwd;
    by_key.erase(found);
    return !by_key.empty();
  }));
  return rows;
}

void sort_rows(std::vector<Row>& rows, const std::string& order) {
  std::ranges::sort(rows, {}, &Row::key);
  if (order == "size") std::ranges::stable_sort(rows, std::ranges::greater(), &Row::bytes);
  if (order == "time") std::ranges::stable_sort(rows, std::ranges::greater(), &Row::cost_us);
  if (order == "age") std::ranges::stable_sort(rows, std::ranges::greater(), &Row::made_ns);
  if (order == "use") std::ranges::stable_sort(rows, std::ranges::greater(), &Row::last_use_ns);
  if (order == "name") std::ranges::stable_sort(rows, {}, &Row::what);
}

std::string as_text(const std::vector<Row>& rows, std::size_t all) {
  if (all == 0) return "no results\n";
  const std::int64_t now_ns = os::wall_ns();
  Table table;
  table.row({"key", "size", "saves", "made", "last used", "tool", "what"});
  for (const Row& row : rows)
    table.row({row.key.substr(0, 12), human_size(row.bytes), human_elapsed(row.cost_us),
               human_age(now_ns - row.made_ns), human_age(now_ns - row.last_use_ns),
               row.tool.empty() ? "-" : row.tool, printable(shortened(row.what, 60))});
  std::string out = table.text();
  if (rows.size() < all) out += fmt::format("{} of {} results; -n 0 lists all\n", rows.size(), all);
  return out;
}

Json as_json(const std::vector<Row>& rows) {
  Json list = Json::array();
  for (const Row& row : rows)
    list.push_back({{"action_key", row.key},
                    {"bytes", row.bytes},
                    {"cost_us", row.cost_us},
                    {"made", seconds(row.made_ns)},
                    {"last_use", seconds(row.last_use_ns)},
                    {"tool", row.tool},
                    {"what", row.what},
                    {"cwd", row.cwd}});
  return list;
}

}  // namespace

int run_list(const Context& context, Args args) {
  Format format = Format::text;
  std::string order = "use", match;
  std::optional<std::uint64_t> limit;
  OptionTable options(
      "list", "The results in the store: size, time that each saves, age, last use, command.",
      "Sizes are those on disk, with blobs that results share counted for each. The tool is known\n"
      "as long as the journal holds an event of the result. 'deja why KEY' tells more.");
  options.format(format);
  options.choice("--sort", "The order (default: use, the last used first)",
                 {"use", "age", "size", "time", "name"}, order);
  options.text("--match", "Only results whose tool, source or directory contains this", match);
  options.number("-n,--limit", "At most N results (default: 50; as JSON all; 0: all)", limit);
  if (const auto code = options.parse(args)) return *code;
  auto rows = rows_of(context);
  if (!rows) {
    print_error("list: " + rows.error().message);
    return kProblems;
  }
  std::erase_if(*rows, [&](const Row& row) {
    return (row.tool + "\n" + row.what + "\n" + row.cwd).find(match) == std::string::npos;
  });
  sort_rows(*rows, order);
  const std::size_t all = rows->size();
  const std::size_t most = limit.value_or(format == Format::json ? 0 : kResultsShown);
  if (most != 0 && all > most) rows->resize(most);
  print(format == Format::json ? pretty(as_json(*rows)) : as_text(*rows, all));
  return kDone;
}

}  // namespace deja::cli
