#include "sharing/root_search.h"

#include <string.h>

#include <algorithm>
#include <memory>
#include <set>

#include "formats/file_pieces.h"
#include "formats/hidden_text.h"
#include "os/file.h"

namespace deja::sharing {
namespace {

// gcc names a file's constructors after the file with all but letters and digits made '_'
// ("_GLOBAL__sub_I__w_src_a_cc", gcc/tree.cc get_file_function_name).
std::string as_symbol(std::string_view path) {
  std::string out(path);
  for (char& c : out) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!alnum) c = '_';
  }
  return out;
}

// In a dependency list; as gcc and clang quote there.
std::string as_make(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (c == ' ' || c == '#') out.push_back('\\');
    if (c == '$') out.push_back('$');
    out.push_back(c);
  }
  return out;
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7f; }

// In a C string: line markers, assembly, JSON (but for what is not ASCII there).
std::string as_c(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (!is_plain(c)) {
      for (const int shift : {6, 3, 0}) {
        if (shift == 6) out.push_back('\\');
        out.push_back(static_cast<char>('0' + (byte >> shift & 7)));
      }
      continue;
    }
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out;
}

// In a link.
std::string as_url(std::string_view path) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  static constexpr std::string_view kKept = "/-_.~";
  std::string out;
  for (const char c : path) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum || kKept.find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
    }
  }
  return out;
}

// Does the path at `at` say where a message belongs, and is it all that the length of its line
// could depend on?
bool begins_message(std::string_view text, std::size_t at) {
  const std::size_t newline = text.rfind('\n', at);
  std::string_view before = text.substr(0, at);
  if (newline != std::string_view::npos) before.remove_prefix(newline + 1);
  // rustc's notices of what it has written (--json=artifacts).
  if (before.ends_with("\"artifact\":\"")) return true;
  if (!before.empty() && before != "In file included from " && before != "                 from ")
    return false;
  const std::string_view line = text.substr(at, text.find('\n', at) - at);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view after = line.substr(colon + 1);
  static constexpr std::string_view kWords[] = {" In ", " At ",
                                                " Assembler messages:", " warning: ", " note: "};
  return (!after.empty() && after[0] >= '0' && after[0] <= '9') ||
         std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view w) { return after.starts_with(w); });
}

std::set<std::string> forms_of(const std::string& path) {
  return {path, as_symbol(path), as_make(path), as_c(path), as_url(path)};
}

}  // namespace

RootSearch::RootSearch(const action::Roots& roots) {
  for (const action::Root root : action::kRoots) {
    if (!roots.has(root)) continue;
    const std::string& path = roots.path(root);
    for (const std::string& form : forms_of(path)) needles_.push_back({root, form, false});
  }
  for (const Needle& n : needles_) longest_ = std::max(longest_, n.bytes.size());
}

void RootSearch::find_all() {
  for (const Needle& n : needles_)
    (n.is_rest ? found_rest_ : found_)[static_cast<std::size_t>(n.root) - 1] = true;
  for (Text& text : texts_) text.found = true;
}

void RootSearch::search_messages(std::string_view text) {
  for (const Needle& n : needles_) {
    if (n.is_rest) continue;
    bool& found = found_[static_cast<std::size_t>(n.root) - 1];
    for (std::size_t at = text.find(n.bytes); !found && at != std::string_view::npos;
         at = text.find(n.bytes, at + 1))
      found = !begins_message(text, at);
  }
  for (Text& t : texts_) t.found = t.found || t.is_in(text);
}

bool RootSearch::Text::is_in(std::string_view bytes) const {
  return std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
    return ::memmem(bytes.data(), bytes.size(), form.data(), form.size()) != nullptr;
  });
}

std::size_t RootSearch::add_text(const std::string& text) {
  texts_.push_back({{text}});
  longest_ = std::max(longest_, text.size());
  return texts_.size() - 1;
}

std::size_t RootSearch::add_name(const std::string& name) {
  texts_.push_back({forms_of(name)});
  for (const std::string& form : texts_.back().forms) longest_ = std::max(longest_, form.size());
  return texts_.size() - 1;
}

void RootSearch::add_rest(action::Root root, const std::string& rest) {
  needles_.push_back({root, rest, true});
  longest_ = std::max(longest_, rest.size());
}

void RootSearch::search(std::string_view bytes) {
  for (const Needle& n : needles_) {
    bool& found = (n.is_rest ? found_rest_ : found_)[static_cast<std::size_t>(n.root) - 1];
    found =
        found || ::memmem(bytes.data(), bytes.size(), n.bytes.data(), n.bytes.size()) != nullptr;
  }
  for (Text& text : texts_) text.found = text.found || text.is_in(bytes);
}

Status RootSearch::search(const os::Fd& fd) {
  const formats::HiddenText hidden = TRY(formats::hidden_text(fd));
  if (hidden.is_more) find_all();
  search(hidden.unpacked);
  // A needle may lie across two pieces.
  return formats::for_each_piece(fd, longest_, [this](std::string_view piece) {
    search(piece);
    return true;
  });
}

}  // namespace deja::sharing
