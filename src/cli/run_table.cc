// SPDX-License-Identifier: Apache-2.0
// Tested by run_table_test.cc.
#include "cli/run_table.h"

#include <cstring>
#include <string_view>

#include "observe/preload/route_layout.h"
#include "tool/routes.h"

namespace deja::cli {
namespace {

class TableBuilder {
 public:
  TableBuilder() : bytes_(sizeof(deja_route_table), '\0') {}

  std::uint32_t add_text(const std::string& text) {
    if (text.empty()) return 0;
    const auto at = static_cast<std::uint32_t>(bytes_.size());
    bytes_.append(text).push_back('\0');
    return at;
  }
  void add_rule(deja_route route, deja_route_kind kind, std::string_view text) {
    if (head_.rules == 0) head_.rules = static_cast<std::uint32_t>(bytes_.size());
    bytes_.push_back(static_cast<char>(route));
    bytes_.push_back(static_cast<char>(kind));
    bytes_.append(text).push_back('\0');
    ++head_.rule_count;
  }
  deja_route_table& head() { return head_; }
  std::string take() {
    head_.magic = DEJA_ROUTE_MAGIC;
    head_.version = DEJA_ROUTE_VERSION;
    head_.size = static_cast<std::uint32_t>(bytes_.size());
    std::memcpy(bytes_.data(), &head_, sizeof(head_));
    return std::move(bytes_);
  }

 private:
  deja_route_table head_ = {};
  std::string bytes_;
};

deja_route_kind kind_of(std::string_view pattern) {
  if (pattern.find(' ') != std::string_view::npos) return DEJA_RULE_LINE;
  return pattern.find('/') != std::string_view::npos ? DEJA_RULE_PATH : DEJA_RULE_GLOB;
}

deja_route_kind kind_of(tool::RouteRow::Match match) {
  switch (match) {
    case tool::RouteRow::Match::name:
      return DEJA_RULE_NAME;
    case tool::RouteRow::Match::decorated:
      return DEJA_RULE_DECORATED;
    case tool::RouteRow::Match::pattern:
      break;
  }
  return DEJA_RULE_GLOB;
}

deja_route route_of(tool::ProgramRole role) {
  switch (role) {
    case tool::ProgramRole::left_alone:
      return DEJA_ROUTE_ALONE;
    case tool::ProgramRole::short_lived:
      return DEJA_ROUTE_SHORT;
    case tool::ProgramRole::driver:
      return DEJA_ROUTE_DRIVER;
    case tool::ProgramRole::tool:
      return DEJA_ROUTE_ACTION;
    case tool::ProgramRole::shell:
      return DEJA_ROUTE_SHELL;
    case tool::ProgramRole::interpreter:
      break;
  }
  return DEJA_ROUTE_INTERPRETER;
}

}  // namespace

std::string encode_run_table(const RunRules& rules) {
  TableBuilder table;
  deja_route_table& head = table.head();
  head.flags =
      (rules.is_dry ? DEJA_ROUTE_DRY : 0) | (rules.with_commands ? DEJA_ROUTE_COMMANDS : 0);
  head.client_device = rules.client_file.device;
  head.client_inode = rules.client_file.inode;
  head.client = table.add_text(rules.client);
  head.report = table.add_text(rules.report);
  head.shapes = table.add_text(rules.shapes);
  for (const std::string& p : rules.never) table.add_rule(DEJA_ROUTE_ALONE, kind_of(p), p);
  for (const std::string& p : rules.driver) table.add_rule(DEJA_ROUTE_DRIVER, kind_of(p), p);
  for (const std::string& p : rules.always) table.add_rule(DEJA_ROUTE_COMMAND, kind_of(p), p);
  for (const tool::RouteRow& row : tool::route_rows(rules.with_tests))
    table.add_rule(route_of(row.role), kind_of(row.match), row.name);
  return table.take();
}

std::string empty_shapes() {
  const deja_shapes_head head = {DEJA_SHAPES_MAGIC, DEJA_SHAPES_VERSION};
  std::string bytes(DEJA_SHAPES_SIZE, '\0');
  std::memcpy(bytes.data(), &head, sizeof(head));
  return bytes;
}

}  // namespace deja::cli
