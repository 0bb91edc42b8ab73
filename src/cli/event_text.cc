// SPDX-License-Identifier: Apache-2.0
#include "cli/event_text.h"

#include <string_view>

#include "base/path.h"
#include "cli/format.h"
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

// "changed: file <cwd>/a.h" becomes "changed: file /work/a.h".
std::string plain_reason(const journal::Event& event) {
  std::string text = event.reason;
  constexpr std::string_view kCwd = "<cwd>";
  if (const std::size_t at = text.find(kCwd); at != std::string::npos)
    text.replace(at, kCwd.size(), event.cwd);
  constexpr std::string_view kVariable = "changed: variable ";
  constexpr std::string_view kUnset = ", which was not set";
  if (!text.starts_with(kVariable)) return text;
  if (text.ends_with(kUnset))
    return text.substr(std::string_view("changed: ").size()) + " when the result was stored";
  if (text.find(',') != std::string::npos) return text;
  return text.substr(std::string_view("changed: ").size()) +
         " has another value than when the result was stored";
}

std::string miss_sentence(const journal::Event& event) {
  if (event.reason.empty() || event.reason == "new")
    return "the tool ran: the cache has no result for this command";
  if (event.reason == "evicted") return "the tool ran: its result had been evicted";
  return "the tool ran: " + plain_reason(event);
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
    case journal::Outcome::failure:
      text = "the tool itself failed";
      if (!event.reason.empty()) text += ": " + event.reason;
      break;
  }
  return printable(text);
}

std::string tool_text(const journal::Event& event) { return printable(base_name(event.tool)); }

}  // namespace deja::cli
