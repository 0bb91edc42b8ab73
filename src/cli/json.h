// SPDX-License-Identifier: Apache-2.0
// The JSON that subcommands print. A value is built and printed, not read: no subcommand needs more, and the library's
// header would cost each of them five seconds of compiling, so json.cc alone includes it.
#pragma once

#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "cli/format.h"

namespace deja::cli {

class Json {
 public:
  struct Member;

  Json() = default;                             // null
  Json(std::initializer_list<Member> members);  // an object, in this order
  Json(std::string_view text);                  // bytes that are not UTF-8 (paths) become U+FFFD
  Json(const std::string& text) : Json(std::string_view(text)) {}
  Json(const char* text) : Json(std::string_view(text)) {}
  Json(const std::vector<std::string>& texts);
  Json(double number);
  template <std::integral T>
  Json(T number) : text_(std::to_string(number)) {
    if constexpr (std::same_as<T, bool>) text_ = number ? "true" : "false";
  }
  static Json array();
  static Json object();
  // The value that the text holds; null if it is not JSON.
  static Json parse(std::string_view text);

  void push_back(Json element);             // to an array
  Json& operator[](std::string_view name);  // of an object, or of null, which becomes one
  // Adds the members of another object whose names are new; nothing, if it is not an object.
  void add_missing(const Json& other);

 private:
  friend std::string pretty(const Json& value);
  enum class Kind { scalar, array, object };
  Json(Kind kind, std::string text) : kind_(kind), text_(std::move(text)) {}
  void add(std::string_view name, Json value);
  void write(std::string& out, const std::string& indent) const;

  Kind kind_ = Kind::scalar;
  std::string text_ = "null";       // of a scalar, as it is printed
  std::vector<std::string> names_;  // of an object's members
  std::vector<Json> values_;        // theirs, or an array's elements
};

struct Json::Member {
  std::string name;
  Json value;
};

// In lines, with a newline at the end.
std::string pretty(const Json& value);

}  // namespace deja::cli
