// SPDX-License-Identifier: Apache-2.0
// The reasons come from describe_change() in action/claim_text.cc. Tested by change_text_test.cc.
#include "explain/change_text.h"

#include <string_view>

namespace deja::explain {

std::string change_text(const journal::Event& event) {
  constexpr std::string_view kChanged = "changed: ";
  if (!event.reason.starts_with(kChanged)) return {};
  const std::string text = journal::with_paths(event.reason.substr(kChanged.size()), event);
  // ", which was not there": what it was before.
  constexpr std::string_view kWhich = ", which ", kAnd = " and which ";
  const std::size_t which = text.find(kWhich);
  if (which == std::string::npos) return text + " changed";
  const std::string subject = text.substr(0, which) + " ";
  const std::string before = text.substr(which + kWhich.size());
  const std::size_t both = before.find(kAnd);
  if (both == std::string::npos) return subject + before + " before";
  // "which an output names and which was at /x"
  return subject + before.substr(both + kAnd.size()) + " before, and " + before.substr(0, both) +
         " it";
}

}  // namespace deja::explain
