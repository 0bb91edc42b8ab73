// Dependency files as gcc and clang write them for make.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace deja::tool::cc {

struct Depfile {
  std::vector<std::string> targets;       // as written: the user may have quoted them himself (-MT)
  std::vector<std::string> dependencies;  // paths, unquoted
  // Dependencies that have an empty rule of their own (-MP), in order; empty without -MP.
  std::vector<std::string> phony;
  bool has_rule = false;
};

// The layout of a text: whose line breaks and quoting it follows.
enum class DepfileStyle { gcc, clang };

std::optional<Depfile> parse_depfile(std::string_view text, DepfileStyle style);
std::string format_depfile(const Depfile& depfile, DepfileStyle style);

// See Adapter::move_depfile.
std::optional<std::string> move_depfile(std::string_view text, std::string_view from,
                                        std::string_view to);

}  // namespace deja::tool::cc
