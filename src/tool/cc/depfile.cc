// SPDX-License-Identifier: Apache-2.0
// Sources: the texts that gcc 12, clang 14 and clang 19 write (depfile_test.cc compares with the
// installed compilers), and GNU make's manual, "Rule Syntax", for quoting. Tested by
// depfile_test.cc and test/fuzz/depfile.cc.
#include "tool/cc/depfile.h"

#include <algorithm>

#include "base/path.h"

namespace deja::tool::cc {
namespace {

// Reads one name or line break at a time. A backslash quotes a following blank or '#'; backslashes
// before a quoted blank are doubled; "$$" is a dollar sign.
class DepfileReader {
 public:
  explicit DepfileReader(std::string_view text) : text_(text) {}

  bool failed() const { return failed_; }
  bool at_end() const { return at_ == text_.size(); }
  bool take_newline() {
    if (at_end() || text_[at_] != '\n') return false;
    ++at_;
    return true;
  }
  void skip_blanks() {
    while (!at_end()) {
      if (text_[at_] == ' ')
        ++at_;
      else if (text_.substr(at_).starts_with("\\\n"))
        at_ += 2;
      else
        return;
    }
  }
  std::string take_name() {
    std::string name;
    while (!at_end() && text_[at_] != ' ' && text_[at_] != '\n') {
      if (text_[at_] == '\\')
        take_backslashes(name);
      else if (text_[at_] == '$')
        take_dollar(name);
      else
        name.push_back(text_[at_++]);
    }
    failed_ |= name.empty();
    return name;
  }

 private:
  void take_backslashes(std::string& name) {
    std::size_t count = 0;
    while (!at_end() && text_[at_] == '\\') ++at_, ++count;
    const char next = at_end() ? '\0' : text_[at_];
    if (next == ' ' || next == '\t') {
      failed_ |= count % 2 == 0;
      name.append(count / 2, '\\').push_back(next);
      ++at_;
    } else if (next == '#') {
      name.append(count - 1, '\\').push_back('#');
      ++at_;
    } else {
      // A name that ends in a backslash looks the same as a line that continues.
      failed_ |= next == '\n' || at_end();
      name.append(count, '\\');
    }
  }
  void take_dollar(std::string& name) {
    failed_ |= !text_.substr(at_).starts_with("$$");
    name.push_back('$');
    at_ += std::min<std::size_t>(2, text_.size() - at_);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

std::string quote(std::string_view name, bool tabs) {
  std::string quoted;
  quoted.reserve(name.size() + 8);
  std::size_t backslashes = 0;
  for (const char c : name) {
    if (c == ' ' || (c == '\t' && tabs))
      quoted.append(backslashes + 1, '\\');
    else if (c == '#')
      quoted.push_back('\\');
    else if (c == '$')
      quoted.push_back('$');
    backslashes = c == '\\' ? backslashes + 1 : 0;
    quoted.push_back(c);
  }
  return quoted;
}

std::string gcc_rule(const Depfile& depfile) {
  constexpr std::size_t kColumns = 72;
  std::string out;
  std::size_t column = 0;
  const auto write = [&](const std::string& name) {
    const std::string quoted = quote(name, true);
    if (column != 0) {
      if (column + quoted.size() > kColumns) {
        out += " \\\n";
        column = 0;
      }
      out += ' ';
      ++column;
    }
    out += quoted;
    column += quoted.size();
  };
  for (const std::string& target : depfile.targets) write(target);
  out += ':';
  ++column;
  for (const std::string& dependency : depfile.dependencies) write(dependency);
  return out + '\n';
}

std::string clang_rule(const Depfile& depfile) {
  constexpr std::size_t kColumns = 75;
  std::string out;
  std::size_t column = 0;
  for (const std::string& target : depfile.targets) {
    const std::string quoted = quote(target, true);
    if (column == 0) {
      column = quoted.size();
    } else if (column + quoted.size() + 2 > kColumns) {
      out += " \\\n  ";
      column = quoted.size() + 2;
    } else {
      out += ' ';
      column += quoted.size() + 1;
    }
    out += quoted;
  }
  out += ':';
  ++column;
  for (const std::string& dependency : depfile.dependencies) {
    const std::size_t size = dependency.size() + 1;
    if (column + size + 2 > kColumns) {
      out += " \\\n ";
      column = 2;
    }
    out += ' ';
    out += quote(dependency, false);
    column += size;
  }
  return out + '\n';
}

// Reads the targets and ":"; the colon ends the last target's name.
bool parse_targets(DepfileReader& reader, std::vector<std::string>& targets) {
  while (!reader.failed()) {
    std::string name = reader.take_name();
    const bool last = name.ends_with(':');
    if (last) name.pop_back();
    if (name.empty()) return false;
    targets.push_back(std::move(name));
    reader.skip_blanks();
    if (last) return true;
  }
  return false;
}

// make would need this root quoted. -MT writes it as it is, -MQ quoted, and the text does not show
// which of them wrote it.
bool needs_quoting(std::string_view root) { return root.find_first_of(" \t\n$#") != root.npos; }

// False when one of them cannot be moved.
bool move_names(std::vector<std::string>& names, const std::vector<TextMoves::Move>& moves) {
  for (std::string& name : names) {
    const auto move = std::find_if(moves.begin(), moves.end(),
                                   [&](const auto& m) { return is_within(name, m.from); });
    if (move == moves.end()) continue;
    if (move->to.empty()) return false;
    name.replace(0, move->from.size(), move->to);
  }
  return true;
}

// As the compiler writes a target: gcc leaves out a leading "./" (libcpp/mkdeps.cc, apply_vpath).
std::string_view as_target(std::string_view name, DepfileStyle style) {
  while (style == DepfileStyle::gcc && name.starts_with("./")) {
    name.remove_prefix(2);
    name.remove_prefix(std::min(name.find_first_not_of('/'), name.size()));
  }
  return name;
}

// Does a target move from or to a name that make would need quoted?
bool moves_quoted_target(const std::vector<std::string>& targets, const TextMoves& moves) {
  return std::any_of(targets.begin(), targets.end(), [&](const std::string& target) {
    if (!moves.old_target.empty() &&
        (target == moves.old_target || target == as_target(moves.old_target, DepfileStyle::gcc)))
      return needs_quoting(moves.old_target) || needs_quoting(moves.new_target);
    return std::any_of(moves.paths.begin(), moves.paths.end(), [&](const auto& m) {
      return is_within(target, m.from) && (needs_quoting(m.from) || needs_quoting(m.to));
    });
  });
}

std::optional<Depfile> moved(const Depfile& original, const TextMoves& moves, DepfileStyle style) {
  Depfile out = original;
  const bool all_moved = move_names(out.targets, moves.paths) &&
                         move_names(out.dependencies, moves.paths) &&
                         move_names(out.phony, moves.paths);
  if (!all_moved) return std::nullopt;
  for (std::size_t i = 0; i < out.targets.size(); ++i)
    if (!moves.old_target.empty() && original.targets[i] == as_target(moves.old_target, style))
      out.targets[i] = as_target(moves.new_target, style);
  return out;
}

}  // namespace

std::optional<Depfile> parse_depfile(std::string_view text) {
  Depfile depfile;
  DepfileReader reader(text);
  if (!parse_targets(reader, depfile.targets)) return std::nullopt;
  while (!reader.failed() && !reader.at_end() && !reader.take_newline()) {
    depfile.dependencies.push_back(reader.take_name());
    reader.skip_blanks();
  }
  while (!reader.failed() && !reader.at_end()) {
    if (reader.take_newline()) continue;
    if (!parse_targets(reader, depfile.phony) || !reader.take_newline()) return std::nullopt;
  }
  if (reader.failed()) return std::nullopt;
  return depfile;
}

std::string format_depfile(const Depfile& depfile, DepfileStyle style) {
  const bool gcc = style == DepfileStyle::gcc;
  std::string out = gcc ? gcc_rule(depfile) : clang_rule(depfile);
  for (const std::string& name : depfile.phony) {
    if (style == DepfileStyle::clang_14) out += '\n';
    out += quote(name, gcc);
    out += ":\n";
  }
  return out;
}

std::optional<std::string> move_depfile(std::string_view text, const TextMoves& moves,
                                        const std::vector<DepfileStyle>& styles) {
  // clang turns backslashes into slashes; a moved root must not depend on how it does so.
  const auto has_backslash = [](std::string_view s) { return s.find('\\') != s.npos; };
  for (const TextMoves::Move& move : moves.paths)
    if (move.from.empty() || has_backslash(move.from) || has_backslash(move.to))
      return std::nullopt;
  if (has_backslash(moves.old_target) || has_backslash(moves.new_target)) return std::nullopt;
  const auto original = parse_depfile(text);
  if (!original) return std::nullopt;
  const bool moves_quoted = moves_quoted_target(original->targets, moves);
  std::optional<std::string> result;
  for (const DepfileStyle style : styles) {
    const auto changed = moved(*original, moves, style);
    if (!changed) return std::nullopt;
    const bool is_same = *changed == *original;
    if (!is_same && (moves_quoted || format_depfile(*original, style) != text)) continue;
    std::string candidate = is_same ? std::string(text) : format_depfile(*changed, style);
    if (result && *result != candidate) return std::nullopt;
    result = std::move(candidate);
  }
  return result;
}

}  // namespace deja::tool::cc
