// SPDX-License-Identifier: Apache-2.0
// Man pages (roff with the man macros, man(7)) from the table of subcommands. The build writes them with
// `deja help --man DIRECTORY`. Tested by completions_test.cc.

#include <algorithm>

#include "cli/command_info.h"
#include "wire/messages.h"

namespace deja::cli {
namespace {

// Hyphens stay hyphens that can be searched for, and no line begins with a request by accident.
std::string roff(const std::string& text) {
  std::string out;
  bool at_start = true;
  for (const char c : text) {
    if (at_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
    at_start = c == '\n';
  }
  return out;
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return text;
}

std::string header(const std::string& name, const std::string& summary) {
  return ".\\\" SPDX-License-Identifier: Apache-2.0\n.TH " + upper(name) + " 1 \"\" \"deja " +
         std::string(wire::kVersion) + "\" \"deja\"\n.SH NAME\n" + roff(name) + " \\- " +
         roff(summary) + "\n";
}

std::string option_head(const OptionInfo& option) {
  std::string out;
  for (const std::string& name : option.names)
    out += (out.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
  return option.value.empty() ? out : out + " \\fI" + roff(option.value) + "\\fR";
}

std::string verbatim(const std::string& text) {
  return text.empty() ? "" : ".nf\n" + roff(text) + "\n.fi\n";
}

ManPage command_page(const CommandInfo& command) {
  std::string text = header("deja-" + command.name, command.summary);
  text += ".SH SYNOPSIS\n\\fBdeja " + roff(command.name) + "\\fR [\\fIOPTIONS\\fR]";
  for (const ArgumentInfo& argument : command.arguments)
    text += " \\fI" + roff(argument.name) + "\\fR";
  text += command.takes_command ? " \\-\\- \\fICOMMAND\\fR...\n" : "\n";
  text += ".SH DESCRIPTION\n" + roff(command.summary) + "\n";
  for (const ArgumentInfo& argument : command.arguments)
    text += ".TP\n\\fI" + roff(argument.name) + "\\fR\n" + roff(argument.doc) + "\n";
  if (!command.options.empty()) text += ".SH OPTIONS\n";
  for (const OptionInfo& option : command.options)
    text += ".TP\n" + option_head(option) + "\n" + roff(option.doc) + "\n";
  if (!command.details.empty()) text += ".SH NOTES\n" + verbatim(command.details);
  text +=
      ".SH EXIT STATUS\n0: done. 1: problems were found. 2: wrong usage.\n"
      ".SH SEE ALSO\n.BR deja (1)\n";
  return {"deja-" + command.name, std::move(text)};
}

ManPage overview_page(const std::vector<CommandInfo>& commands) {
  std::string text = header("deja", "a build cache that remembers what tools did");
  text +=
      ".SH SYNOPSIS\n\\fBdeja\\fR \\fITOOL\\fR [\\fIARGUMENTS\\fR...]\n.br\n\\fBdeja\\fR "
      "\\fISUBCOMMAND\\fR [\\fIOPTIONS\\fR]\n"
      ".SH DESCRIPTION\nIn front of a command, deja runs the tool, or puts back what the tool "
      "wrote in an earlier run if nothing that the tool looked at has changed.\n"
      ".SH SUBCOMMANDS\n";
  for (const CommandInfo& command : commands)
    text += ".TP\n\\fB" + roff(command.name) + "\\fR\n" + roff(command.summary) + "\n";
  text += ".SH ENVIRONMENT\n" + verbatim(environment_help());
  std::string list;
  for (const CommandInfo& command : commands)
    if (command.name != "help")
      list += (list.empty() ? ".BR " : ",\n.BR ") + roff("deja-" + command.name) + " (1)";
  return {"deja", text + ".SH SEE ALSO\n" + list + "\n"};
}

}  // namespace

std::vector<ManPage> man_pages(const std::vector<CommandInfo>& commands) {
  std::vector<ManPage> pages = {overview_page(commands)};
  for (const CommandInfo& command : commands)
    if (command.name != "help") pages.push_back(command_page(command));
  return pages;
}

}  // namespace deja::cli
