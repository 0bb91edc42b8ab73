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
      text = event.remote ? "served by a remote: all that the tool looked at was the same"
                          : "served from the cache: all that the tool looked at was the same";
      break;
    case journal::Outcome::miss:
      text = event.reason.empty() || event.reason == "new"
                 ? "the tool ran, because nothing like it was known"
                 : "the tool ran, because of " + event.reason;
      break;
    case journal::Outcome::bypass:
      text = "not looked up (" + event.reason + "): " + bypass_sentence(event);
      break;
    case journal::Outcome::failure:
      text = "the tool itself failed";
      if (!event.reason.empty()) text += ": " + event.reason;
      break;
  }
  if (!event.detail.empty()) text += " [" + event.detail + "]";
  return printable(text);
}

std::string tool_text(const journal::Event& event) { return printable(base_name(event.tool)); }

}  // namespace deja::cli
