// SPDX-License-Identifier: Apache-2.0
// Expands response files with limits on their depth, number and size, because a file can name
// itself. Tested by arguments_test.cc and test/fuzz/response_file.cc.
#include "tool/cc/arguments.h"

#include <deque>

#include "base/path.h"
#include "os/file.h"

namespace deja::tool::cc {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Reads one argument at a time, by the rules that all compilers share: white space separates; a
// quote ends at the next one of its kind and may be part of a longer argument; a backslash takes
// the next character as it is. Inside quotes, gcc up to 13 and clang follow these rules too, but
// later versions of libiberty follow them only before some characters. So between double quotes we
// accept `\"` and `\\` and give up on the rest.
class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  bool next(std::string& argument) {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    if (at_ == text_.size()) return false;
    argument.clear();
    while (at_ < text_.size() && !is_space(text_[at_]) && !doubtful_) take(argument);
    if (argument.empty()) doubtful_ = true;
    return !doubtful_;
  }
  bool doubtful() const { return doubtful_; }

 private:
  void take(std::string& argument) {
    const char c = text_[at_++];
    if (c == '\'' || c == '"') {
      take_quoted(c, argument);
    } else if (c == '\\') {
      if (at_ == text_.size() || text_[at_] == '\n')
        doubtful_ = true;
      else
        argument.push_back(text_[at_++]);
    } else {
      if (c == '\v' || c == '\f') doubtful_ = true;  // only gcc takes these for white space
      argument.push_back(c);
    }
  }

  void take_quoted(char quote, std::string& argument) {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == quote) return;
      if (c != '\\') {
        argument.push_back(c);
        continue;
      }
      if (quote == '\'' || at_ == text_.size() || (text_[at_] != '"' && text_[at_] != '\\')) break;
      argument.push_back(text_[at_++]);
    }
    doubtful_ = true;  // no closing quote, or a backslash that compilers read differently
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool doubtful_ = false;
};

}  // namespace

Result<std::optional<std::string>> read_response(std::string_view cwd, std::string_view name) {
  constexpr std::uint64_t kLimit = 8u << 20;
  const std::string path = join_path(cwd, name);
  const auto identity = TRY(os::stat_file(path));
  if (!identity) return std::optional<std::string>();
  if (!identity->is_regular() || identity->size > kLimit)
    return Error{Code::invalid, 0, "@" + std::string(name)};
  return os::read_file_if_exists(path, kLimit);
}

std::optional<std::vector<std::string>> split_response(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  if (text.starts_with("\xef\xbb\xbf") || text.starts_with("\xff\xfe") ||
      text.starts_with("\xfe\xff"))
    return std::nullopt;
  std::vector<std::string> arguments;
  Splitter splitter(text);
  std::string argument;
  while (splitter.next(argument)) arguments.push_back(argument);
  if (splitter.doubtful()) return std::nullopt;
  return arguments;
}

std::variant<std::vector<std::string>, Bypass> expand_arguments(
    const std::vector<std::string_view>& arguments, const ReadText& read,
    const ResponseLimits& limits) {
  std::deque<std::string> waiting(arguments.begin(), arguments.end());
  std::vector<std::string> expanded;
  expanded.reserve(arguments.size());
  std::size_t files = 0;
  std::size_t bytes = 0;
  while (!waiting.empty()) {
    std::string argument = std::move(waiting.front());
    waiting.pop_front();
    if (argument.size() < 2 || argument[0] != '@') {
      expanded.push_back(std::move(argument));
      continue;
    }
    const auto text = read(std::string_view(argument).substr(1));
    if (!text) return Bypass{BypassReason::response_file, text.error().message};
    if (!*text) {
      expanded.push_back(std::move(argument));
      continue;
    }
    bytes += (*text)->size();
    if (++files > limits.files || bytes > limits.bytes)
      return Bypass{BypassReason::response_file, argument};
    const auto inner = split_response(**text);
    if (!inner) return Bypass{BypassReason::response_file, argument};
    waiting.insert(waiting.begin(), inner->begin(), inner->end());
  }
  return expanded;
}

}  // namespace deja::tool::cc
