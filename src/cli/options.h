// SPDX-License-Identifier: Apache-2.0
// The options of one subcommand. One declaration of each option makes both its parser and its help.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/command_info.h"
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
  void word(const char* name, const char* doc, const std::vector<std::string>& allowed,
            std::string& target);
  // Words that the subcommand reads by itself, before it calls parse(): for help and completions only.
  void choices(const char* name, const char* doc, const std::vector<std::string>& words);
  // Required and last: this word and everything that follows, including its options.
  // Positional, may be left out.
  void optional(const char* name, const char* doc, std::string& target);
  void rest(const char* name, const char* doc, std::vector<std::string>& target);
  void format(Format& target);  // --format text|json

  // As long as one exists, parse() only writes down what was declared, and reports kDone. Not for threads.
  class Collecting {
   public:
    explicit Collecting(CommandInfo& into);
    ~Collecting();
    Collecting(const Collecting&) = delete;
    Collecting& operator=(const Collecting&) = delete;
  };

  // Empty: continue. Else the exit code: help was printed, or one line on stderr has reported wrong
  // usage.
  std::optional<int> parse(Args args);

 private:
  void note(const char* names, const char* value, const char* doc,
            const std::vector<std::string>& values = {});
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deja::cli
