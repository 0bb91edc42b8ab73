// The options of one subcommand: states them, reads them, and writes their help from the same
// statement.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"

namespace deja::cli {

enum class Format { text, json };

class Options {
 public:
  // details: what help says below the options; may be empty.
  Options(const std::string& name, const std::string& summary, const std::string& details = "");
  ~Options();
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;

  // Names are as in "-n,--limit". Targets keep their value when the option is not given, and must
  // outlive parse().
  void flag(const char* names, const char* doc, bool& target);
  void number(const char* names, const char* doc, std::optional<std::uint64_t>& target);
  void text(const char* names, const char* doc, std::string& target);
  void choice(const char* names, const char* doc, const std::vector<std::string>& allowed,
              std::string& target);
  // Required and positional: any text, or one of a few words.
  void argument(const char* name, const char* doc, std::string& target);
  void word(const char* name, const char* doc, const std::vector<std::string>& allowed,
            std::string& target);
  // Required and last: this word and all that follow, options of its own included.
  void rest(const char* name, const char* doc, std::vector<std::string>& target);
  void format(Format& target);  // --format text|json

  // Empty: go on. Else the exit code: help was asked for and printed, or the usage was wrong, which
  // one line on stderr has said.
  std::optional<int> parse(Args args);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace deja::cli
