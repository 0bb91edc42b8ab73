// SPDX-License-Identifier: Apache-2.0
// The options of one subcommand. One declaration of each option makes both its parser and its help.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"

namespace deja::cli {

enum class Format { text, json };

class OptionTable {
 public:
  // details: text below the options in the help; may be empty.
  OptionTable(const std::string& name, const std::string& summary, const std::string& details = "");
  ~OptionTable();
  OptionTable(const OptionTable&) = delete;
  OptionTable& operator=(const OptionTable&) = delete;

  // Names are like "-n,--limit". Targets keep their value when the option is not given, and must
  // outlive parse().
  void flag(const char* names, const char* doc, bool& target);
  void number(const char* names, const char* doc, std::optional<std::uint64_t>& target);
  void text(const char* names, const char* doc, std::string& target);
  void choice(const char* names, const char* doc, const std::vector<std::string>& allowed,
              std::string& target);
  // Required and positional: any text, or one of some words.
  void argument(const char* name, const char* doc, std::string& target);
  // Positional, and empty when it is not given.
  void optional_argument(const char* name, const char* doc, std::string& target);
  void word(const char* name, const char* doc, const std::vector<std::string>& allowed,
            std::string& target);
  // Required and last: this word and everything that follows, including its options.
  void rest(const char* name, const char* doc, std::vector<std::string>& target);
  void format(Format& target);  // --format text|json

  // Empty: continue. Else the exit code: help was printed, or one line on stderr has reported wrong
  // usage.
  std::optional<int> parse(Args args);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deja::cli
