// SPDX-License-Identifier: Apache-2.0
#include "sharing/root_search.h"

#include <string.h>

#include <algorithm>
#include <set>

#include "base/path.h"
#include "formats/file_pieces.h"
#include "formats/hidden_text.h"
#include "tool/path_forms.h"

namespace deja::sharing {

RootSearch::RootSearch(const action::Roots& roots) {
  for (const action::Root root : action::kRoots) {
    if (!roots.has(root)) continue;
    const std::string& path = roots.path(root);
    for (const std::string& form : tool::path_forms(path)) needles_.push_back({root, form});
  }
  for (const Needle& n : needles_) longest_ = std::max(longest_, n.bytes.size());
}

void RootSearch::find_all() {
  for (const Needle& n : needles_) found_by(n) = true;
  for (Text& text : texts_) text.found = true;
}

void RootSearch::search_messages(std::string_view text) {
  for (const Needle& n : needles_) {
    if (n.part != Needle::Part::whole) continue;
    bool& found = found_by(n);
    for (std::size_t at = text.find(n.bytes); !found && at != std::string_view::npos;
         at = text.find(n.bytes, at + 1))
      found = !tool::is_message_location(text, at);
  }
  for (Text& t : texts_) t.found = t.found || t.is_in(text);
}

bool RootSearch::Text::is_in(std::string_view bytes) const {
  return std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
    return ::memmem(bytes.data(), bytes.size(), form.data(), form.size()) != nullptr;
  });
}

std::size_t RootSearch::add_text(const std::string& text) {
  texts_.emplace_back();
  if (!text.empty()) texts_.back().forms = {text};
  longest_ = std::max(longest_, text.size());
  return texts_.size() - 1;
}

std::size_t RootSearch::add_name(const std::string& name) {
  texts_.push_back({tool::path_forms(name)});
  for (const std::string& form : texts_.back().forms) longest_ = std::max(longest_, form.size());
  return texts_.size() - 1;
}

void RootSearch::add_rest(action::Root root, const std::string& rest) {
  needles_.push_back({root, rest, Needle::Part::rest});
  longest_ = std::max(longest_, rest.size());
}

void RootSearch::add_end(action::Root root, const std::string& path) {
  std::string end = std::string(base_name(path)) + "/";
  longest_ = std::max(longest_, end.size());
  needles_.push_back({root, std::move(end), Needle::Part::end});
}

bool& RootSearch::found_by(const Needle& needle) {
  auto& found = needle.part == Needle::Part::whole  ? found_
                : needle.part == Needle::Part::rest ? found_rest_
                                                    : found_end_;
  return found[static_cast<std::size_t>(needle.root) - 1];
}

void RootSearch::search(std::string_view bytes) {
  for (const Needle& n : needles_) {
    bool& found = found_by(n);
    found =
        found || ::memmem(bytes.data(), bytes.size(), n.bytes.data(), n.bytes.size()) != nullptr;
  }
  for (Text& text : texts_) text.found = text.found || text.is_in(bytes);
}

Status RootSearch::search(const os::Fd& fd) {
  const formats::HiddenText hidden = TRY(formats::hidden_text(fd));
  if (hidden.is_more) find_all();
  search(hidden.unpacked);
  // A needle may be split over two pieces.
  return formats::for_each_piece(fd, longest_, [this](std::string_view piece) {
    search(piece);
    return true;
  });
}

}  // namespace deja::sharing
