// SPDX-License-Identifier: Apache-2.0
#include "cli/event_text.h"

#include <cctype>

#include "base/path.h"
#include "cli/format.h"
#include "explain/change_text.h"
#include "tool/tool.h"

namespace deja::cli {
namespace {

std::string bypass_sentence(const journal::Event& event) {
  for (const tool::BypassRow& row : tool::bypass_rows()) {
    if (event.reason != row.name) continue;
    std::string sentence = row.sentence;
    if (sentence.ends_with('.')) sentence.pop_back();
    return sentence;
  }
  return event.reason;
}

bool is_part_of_path(char c) {
  return c == '/' || c == '.' || c == '_' || c == '-' ||
         std::isalnum(static_cast<unsigned char>(c));
}

std::string miss_sentence(const journal::Event& event) {
  if (event.reason.empty() || event.reason == "new")
    return "the tool ran: the cache has no result for this command";
  if (event.reason == "evicted") return "the tool ran: its result had been evicted";
  const std::string change = explain::change_text(event);
  return "the tool ran: " + (change.empty() ? event.reason : change);
}

}  // namespace

std::string outcome_text(const journal::Event& event) {
  std::string text = journal::outcome_name(event.outcome);
  if (event.dup) text += " (dup)";
  if (event.remote) text += " (remote)";
  return text;
}

std::string explanation(const journal::Event& event) {
  std::string text;
  switch (event.outcome) {
    case journal::Outcome::hit:
      text = event.remote ? "served by a remote: everything that the tool read was the same"
                          : "served from the cache: everything that the tool read was the same";
      if (event.remote || event.prefetched) text += "; " + event.detail;
      break;
    case journal::Outcome::miss:
      text = miss_sentence(event);
      if (!event.detail.empty()) text += "; nothing was stored: " + event.detail;
      break;
    case journal::Outcome::bypass:
      text = "not looked up (" + event.reason + "): " + bypass_sentence(event);
      if (!event.detail.empty()) text += " [" + event.detail + "]";
      break;
    case journal::Outcome::running:
      text = "the tool still runs";
      break;
    case journal::Outcome::failure:
      text = "the tool itself failed";
      if (!event.reason.empty()) text += ": " + event.reason;
      break;
  }
  return printable(text);
}

std::string seen_from(std::string_view directory, std::string_view text) {
  if (directory.size() < 2) return std::string(text);
  const std::string below = std::string(directory) + "/";
  std::string out;
  for (std::size_t at; (at = text.find(below)) != std::string_view::npos;) {
    out.append(text.substr(0, at));
    text.remove_prefix(at + below.size());
    // "/home/me/a/b" is not below "/me/a", and "-I/me/a/b" is a path.
    if (!out.empty() && is_part_of_path(out.back())) out.append(below);
  }
  return out.append(text);
}

std::string tool_text(const journal::Event& event) { return printable(base_name(event.tool)); }

}  // namespace deja::cli
