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

Json::Json(std::initializer_list<Member> members) : kind_(Kind::object) {
  for (const Member& member : members) add(member.name, member.value);
}

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
    for (const auto& [name, member] : value.items()) {
      if (value.is_object()) out.names_.push_back(name);
      out.values_.push_back(self(member, self));
    }
    return out;
  };
  const Library value = Library::parse(text, nullptr, /*allow_exceptions=*/false);
  return value.is_discarded() ? Json() : copy(value, copy);
}

void Json::push_back(Json element) { values_.push_back(std::move(element)); }

void Json::add(std::string_view name, Json value) {
  names_.emplace_back(name);
  values_.push_back(std::move(value));
}

Json& Json::operator[](std::string_view name) {
  kind_ = Kind::object;
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return values_[static_cast<std::size_t>(found - names_.begin())];
  add(name, Json());
  return values_.back();
}

void Json::add_missing(const Json& other) {
  for (std::size_t i = 0; i < other.names_.size(); ++i)
    if (std::ranges::find(names_, other.names_[i]) == names_.end())
      add(other.names_[i], other.values_[i]);
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
  for (std::size_t i = 0; i < values_.size(); ++i) {
    out.append(separator).append(inner);
    if (!is_array) out.append(Json(names_[i]).text_).append(": ");
    values_[i].write(out, indent + "  ");
    separator = ",";
  }
  if (!values_.empty()) out += "\n" + indent;
  out += is_array ? ']' : '}';
}

std::string pretty(const Json& value) {
  std::string out;
  value.write(out, "");
  return out + "\n";
}

}  // namespace deja::cli
