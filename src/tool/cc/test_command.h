// SPDX-License-Identifier: Apache-2.0
// For tests: turns a command line given as text into a Command, and the classification into text.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "tool/tool.h"

namespace deja::tool::cc {

// "NAME=value gcc -c a.c", run in /ws/build, words separated by single spaces. The tool is
// /usr/bin/ARGV0 unless ARGV0 has a slash. The words live as long as the TestCommand.
class TestCommand {
 public:
  explicit TestCommand(std::string text);
  const Command& command() const { return command_; }

 private:
  std::string text_;
  Command command_;
};

// Classifies with response files from `files` and a fixed processor.
Classified classify_text(const std::string& text,
                         const std::map<std::string, std::string>& files = {},
                         const Options& options = {});

// The same for a command that is looked up.
Invocation invocation_of(const std::string& text, const Options& options = {});

// "bypass link", or "a.c c" followed by properties: colour, opaque, names-intermediates, clock, dep=PATH, map=PATH,
// facts=N.
std::string summary(const Classified& classified);
struct ClassifyCase {
  const char* command;
  const char* expected;  // its summary
};
// The arguments in the key, each path between "<" and ">".
std::string keys(const Invocation& invocation);

}  // namespace deja::tool::cc
