// SPDX-License-Identifier: Apache-2.0
// Arguments are compared as a multiset, and what is left over on both sides is paired by its stem: -O1 with -O2,
// -DV=1 with -DV=2. Other fields are compared by name. Tested by key_difference_test.cc.
#include "explain/key_difference.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "base/path.h"

namespace deja::explain {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;
using Texts = std::vector<std::string>;

constexpr std::string_view kArgument = "argument";
constexpr std::string_view kVariable = "variable ", kContentField = "content of ";
constexpr std::string_view kSourceText = "source text";
constexpr unsigned kOtherTool = 40, kOtherSource = 12, kOtherDirectory = 1;

Texts arguments_of(const Fields& fields) {
  Texts out;
  for (const auto& [name, value] : fields)
    if (name == kArgument) out.push_back(value);
  return out;
}

// What two forms of one option have in common.
std::string stem(std::string_view argument) {
  if (const std::size_t equals = argument.find('='); equals != std::string_view::npos)
    return std::string(argument.substr(0, equals));
  if (argument.size() > 2 && argument[0] == '-' && (argument[1] == 'O' || argument[1] == 'g'))
    return std::string(argument.substr(0, 2));
  if (argument.starts_with("-fno-") || argument.starts_with("-mno-") ||
      argument.starts_with("-Wno-"))
    return std::string(argument.substr(0, 2)).append(argument.substr(5));
  return std::string(argument);
}

// Takes out of both lists what is in both.
void drop_common(Texts& a, Texts& b) {
  Texts only_a;
  for (std::string& text : a) {
    const auto at = std::ranges::find(b, text);
    if (at == b.end()) {
      only_a.push_back(std::move(text));
    } else {
      b.erase(at);
    }
  }
  a = std::move(only_a);
}

void compare_arguments(const Fields& then, const Fields& now, std::vector<Difference>& out) {
  const Texts all_then = arguments_of(then), all_now = arguments_of(now);
  Texts removed = all_then, added = all_now;
  drop_common(removed, added);
  if (removed.empty() && added.empty()) {
    if (all_then != all_now) out.push_back({"the order of the arguments", 2});
    return;
  }
  for (const std::string& text : added) {
    const auto pair =
        std::ranges::find_if(removed, [&](const std::string& r) { return stem(r) == stem(text); });
    if (pair == removed.end()) {
      out.push_back({"argument " + text + " is new", 2});
    } else {
      out.push_back({"argument " + text + " instead of " + *pair, 2});
      removed.erase(pair);
    }
  }
  for (const std::string& text : removed)
    out.push_back({"argument " + text + " is no longer given", 2});
}

using ByName = std::map<std::string, Texts>;

ByName by_name(const Fields& fields) {
  ByName out;
  for (const auto& [name, value] : fields)
    if (name != kArgument) out[name].push_back(value);
  return out;
}

bool is_digest(std::string_view value) {
  return value.size() == 64 &&
         value.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Fields that need words of their own. Null: none.
const Difference* known(std::string_view name) {
  static const std::map<std::string_view, Difference> kKnown = {
      {"recipe", {"another version of deja, which makes other keys", 6}},
      {"salt", {"another salt (key.salt)", 6}},
      {"adapter", {"another kind of tool", kOtherTool}},
      {"tool digest", {"the content of the tool's own file", 3}},
      {"source", {std::string(kSourceText), 1}},
      {"cwd is a root", {"whether the working directory belongs to the project", 2}},
      {"workspace is a root", {"whether the working directory is in a project (a checkout)", 2}},
      {"target is a root", {"whether cargo's target directory is known", 2}},
      {"umask", {"the umask", 1}},
      {"no temporary directory", {"whether the directory for temporary files can be used", 2}},
  };
  const auto at = kKnown.find(name);
  return at == kKnown.end() ? nullptr : &at->second;
}

Difference changed(const std::string& name, const Texts& then, const Texts& now) {
  if (const Difference* row = known(name)) {
    Difference out = *row;
    if (name == "umask" && !then.empty() && !now.empty())
      out.text += " (" + now.front() + " instead of " + then.front() + ", decimal)";
    return out;
  }
  const std::string& old_value = then.front();
  const std::string& new_value = now.front();
  if (name == "tool") {
    // Two compilers, or one in another place.
    const bool is_far = base_name(old_value) != base_name(new_value);
    return {"tool " + new_value + " instead of " + old_value, is_far ? kOtherTool : 6};
  }
  if (name.starts_with(kVariable)) return {name + " has another value", 2};
  if (name.starts_with(kContentField)) return {"the " + name, 1};
  if (is_digest(old_value) || is_digest(new_value)) return {"the content of the " + name, 2};
  const auto shown = [](const std::string& value) { return value.empty() ? "none" : value; };
  return {name + " " + shown(new_value) + " instead of " + shown(old_value), 2};
}

void compare_others(const ByName& then, const ByName& now, std::vector<Difference>& out) {
  for (const auto& [name, values] : now) {
    const auto old = then.find(name);
    if (old == then.end()) {
      const bool is_variable = name.starts_with(kVariable);
      const Difference* row = known(name);
      out.push_back({row != nullptr
                         ? row->text
                         : name + (is_variable ? " is set now" : " " + values.front() + " is new"),
                     2});
    } else if (old->second != values) {
      out.push_back(changed(name, old->second, values));
    }
  }
  for (const auto& [name, values] : then) {
    if (now.contains(name)) continue;
    const Difference* row = known(name);
    out.push_back({row != nullptr ? row->text
                                  : name + (name.starts_with(kVariable)
                                                ? " is no longer set"
                                                : " " + values.front() + " is no longer given"),
                   2});
  }
}

}  // namespace

namespace {

// The source as the command line names it: Event::what, or for a link of sources the one argument that is a file.
std::string source_name(const journal::KeyRecord& record) {
  std::string found;
  for (const std::string& argument : arguments_of(record.fields)) {
    if (!record.what.empty() && argument.ends_with(record.what)) return record.what;
    if (argument.starts_with('-') || argument.find('.') == std::string::npos) continue;
    if (!found.empty()) return "the source";
    found = argument;
  }
  return found.empty() ? "the source" : found;
}

// Without what only says which source it is.
Fields without_source(const journal::KeyRecord& record) {
  Fields out;
  for (const auto& field : record.fields) {
    const bool names_it = field.first == kArgument && field.second.ends_with(record.what);
    if (!names_it && field.first != "source") out.push_back(field);
  }
  return out;
}

}  // namespace

std::vector<Difference> differences(const journal::KeyRecord& then, const journal::KeyRecord& now) {
  const bool is_other_source = base_name(then.what) != base_name(now.what);
  const Fields then_fields = is_other_source ? without_source(then) : then.fields;
  const Fields now_fields = is_other_source ? without_source(now) : now.fields;
  std::vector<Difference> out;
  compare_arguments(then_fields, now_fields, out);
  compare_others(by_name(then_fields), by_name(now_fields), out);
  for (Difference& d : out)
    if (d.text == kSourceText) d.text = "the text of " + source_name(now);
  // What makes the difference comes first.
  std::ranges::stable_sort(
      out, [](const Difference& a, const Difference& b) { return a.weight > b.weight; });
  return out;
}

unsigned distance(const journal::KeyRecord& then, const journal::KeyRecord& now) {
  unsigned sum = 0;
  for (const Difference& d : differences(then, now)) sum += d.weight;
  if (then.what != now.what)
    sum += base_name(then.what) == base_name(now.what) ? kOtherDirectory : kOtherSource;
  if (then.cwd != now.cwd) sum += kOtherDirectory;
  return sum;
}

}  // namespace deja::explain
