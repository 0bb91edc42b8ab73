// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace deja::cli {
namespace {

using Library = nlohmann::ordered_json;

std::string scalar_text(const Library& value) {
  return value.dump(-1, ' ', false, Library::error_handler_t::replace);
}

}  // namespace

Json::Json(std::initializer_list<Member> members) : kind_(Kind::object), members_(members) {}

Json::Json(std::string_view text) : text_(scalar_text(Library(text))) {}

Json::Json(const std::vector<std::string>& texts) : kind_(Kind::array) {
  for (const std::string& text : texts) push_back(text);
}

Json::Json(double number) : text_(scalar_text(Library(number))) {}

Json Json::array() { return {Kind::array, ""}; }
Json Json::object() { return {Kind::object, ""}; }

Json Json::parse(std::string_view text) {
  const auto copy = [](const Library& value, const auto& self) -> Json {
    Json out = value.is_array() ? array() : object();
    if (!value.is_structured()) return {Kind::scalar, scalar_text(value)};
    for (const auto& [name, member] : value.items())
      out.members_.push_back({value.is_array() ? "" : name, self(member, self)});
    return out;
  };
  const Library value = Library::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? Json() : copy(value, copy);
}

void Json::push_back(Json element) { members_.push_back({"", std::move(element)}); }

Json& Json::operator[](std::string_view member) {
  kind_ = Kind::object;
  const auto found = std::ranges::find(members_, member, &Member::name);
  if (found != members_.end()) return found->value;
  members_.push_back({std::string(member), Json()});
  return members_.back().value;
}

void Json::add_missing(const Json& other) {
  if (other.kind_ != Kind::object) return;
  for (const Member& member : other.members_)
    if (std::ranges::find(members_, member.name, &Member::name) == members_.end())
      members_.push_back(member);
}

void Json::write(std::string& out, const std::string& indent) const {
  if (kind_ == Kind::scalar) {
    out += text_;
    return;
  }
  const bool is_array = kind_ == Kind::array;
  const std::string inner = "\n" + indent + "  ";
  out += is_array ? '[' : '{';
  const char* separator = "";
  for (const Member& member : members_) {
    out += separator + inner;
    if (!is_array) out += Json(member.name).text_ + ": ";
    member.value.write(out, indent + "  ");
    separator = ",";
  }
  if (!members_.empty()) out += "\n" + indent;
  out += is_array ? ']' : '}';
}

std::string pretty(const Json& value) {
  std::string out;
  value.write(out, "");
  return out + "\n";
}

}  // namespace deja::cli
