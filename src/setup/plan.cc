// SPDX-License-Identifier: Apache-2.0
#include "setup/plan.h"

#include <algorithm>

#include "base/path.h"
#include "base/secrets.h"
#include "os/file.h"

namespace deja::setup {
namespace {

constexpr std::uint64_t kFileMax = 4 << 20;

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// The lines that differ, with what is equal at both ends left out.
std::string changed_lines(std::string_view before, std::string_view after) {
  auto old_lines = lines_of(before), new_lines = lines_of(after);
  std::size_t head = 0;
  while (head < std::min(old_lines.size(), new_lines.size()) && old_lines[head] == new_lines[head])
    ++head;
  std::size_t old_end = old_lines.size(), new_end = new_lines.size();
  while (old_end > head && new_end > head && old_lines[old_end - 1] == new_lines[new_end - 1])
    --old_end, --new_end;
  std::string out;
  const auto add = [&](const char* sign, std::string_view line) {
    out.append("  ").append(sign).append(line.empty() ? "" : " ").append(line).append("\n");
  };
  for (std::size_t i = head; i < old_end; ++i) add("-", old_lines[i]);
  for (std::size_t i = head; i < new_end; ++i) add("+", new_lines[i]);
  return out;
}

Status write(const Step& step) {
  TRY(os::make_directories(std::string(parent_path(step.path)), 0755));
  const auto there = TRY(os::stat_file(step.path));
  const auto real = os::real_path(step.path);  // the user may have made it a link
  return os::write_file_atomic(real ? *real : step.path, step.text,
                               there ? there->mode & 07777 : step.new_mode);
}

void remove_empty_parents(const std::string& path, const std::vector<std::string>& bases) {
  const auto is_below = [](const std::string& directory, const std::string& base) {
    return directory != base && is_within(directory, base);
  };
  for (std::string directory(parent_path(path));
       std::ranges::any_of(bases, [&](const auto& base) { return is_below(directory, base); });
       directory = parent_path(directory))
    if (!os::remove_empty_directory(directory)) return;
}

}  // namespace

Result<std::string> text_of(const std::string& path) {
  return TRY(os::read_file_if_exists(path, kFileMax)).value_or("");
}

Result<std::vector<Step>> change_file(const std::string& path, const std::string& text) {
  const auto before = TRY(os::read_file_if_exists(path, kFileMax));
  if (before.value_or("") == text) return std::vector<Step>();
  const auto link = TRY(os::stat_file(path, os::Links::keep));
  Step step{.kind = Step::Kind::write, .path = path, .text = text};
  if (text.empty() && link && link->is_regular()) step.kind = Step::Kind::remove;
  step.before = before.value_or("");
  step.is_new = !before;
  return std::vector<Step>{step};
}

std::string describe(const Plan& plan) {
  std::string out;
  for (const Step& step : plan.steps) {
    switch (step.kind) {
      case Step::Kind::write:
        out += step.path + (step.is_new ? " (new file)" : "") + "\n" +
               changed_lines(step.before, step.text);
        break;
      case Step::Kind::remove:
        out += step.path + " (removed)\n";
        break;
      case Step::Kind::link:
        out += step.path + " -> " + step.text + " (new link)\n";
        break;
    }
  }
  return without_passwords(out);
}

Status apply(const Plan& plan, const std::vector<std::string>& bases) {
  for (const Step& step : plan.steps) {
    if (step.kind == Step::Kind::write) {
      TRY(write(step));
    } else if (step.kind == Step::Kind::remove) {
      TRY(os::remove_file(step.path));
      remove_empty_parents(step.path, bases);
    } else {
      TRY(os::make_directories(std::string(parent_path(step.path)), 0755));
      TRY(os::make_symlink(step.text, step.path));
    }
  }
  return {};
}

}  // namespace deja::setup
