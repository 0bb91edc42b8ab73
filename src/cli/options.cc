// SPDX-License-Identifier: Apache-2.0
// OptionTable on top of CLI11, which no other file includes. Tested by cli_test.cc.
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace deja::cli {
namespace {

std::string alternatives(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : "|") + word;
  return out;
}

CLI::Validator one_of(const std::vector<std::string>& words) {
  const auto check = [words](const std::string& word) {
    return std::ranges::find(words, word) != words.end()
               ? std::string()
               : "'" + word + "' is not one of " + alternatives(words);
  };
  return {check, ""};
}

CommandInfo* collecting = nullptr;

}  // namespace

struct OptionTable::Impl {
  explicit Impl(const std::string& command, const std::string& summary)
      : name(command), app(summary, "deja " + command) {}
  std::string name;
  CLI::App app;
  CommandInfo info;  // what was declared
  std::string rest_name;
  std::vector<std::string>* rest = nullptr;
};

OptionTable::OptionTable(const std::string& name, const std::string& summary,
                         const std::string& details)
    : impl_(std::make_unique<Impl>(name, summary)) {
  impl_->info.name = name;
  impl_->info.summary = summary;
  impl_->info.details = details;
  impl_->app.footer(details);
  impl_->app.get_formatter()->column_width(34);
}

OptionTable::~OptionTable() = default;

OptionTable::Collecting::Collecting(CommandInfo& into) { collecting = &into; }
OptionTable::Collecting::~Collecting() { collecting = nullptr; }

void OptionTable::note(const char* names, const char* value, const char* doc,
                       const std::vector<std::string>& values) {
  OptionInfo option;
  for (std::string_view rest = names; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    option.names.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  option.value = values.empty() ? value : alternatives(values);
  option.values = values;
  option.doc = doc;
  impl_->info.options.push_back(std::move(option));
}

void OptionTable::flag(const char* names, const char* doc, bool& target) {
  note(names, "", doc);
  impl_->app.add_flag(names, target, doc);
}

void OptionTable::number(const char* names, const char* doc, std::optional<std::uint64_t>& target) {
  note(names, "N", doc);
  impl_->app.add_option(names, target, doc)
      ->check(CLI::Validator(
          [](const std::string& text) {
            const bool good = !text.empty() && text.size() < 19 &&
                              text.find_first_not_of("0123456789") == std::string::npos;
            return good ? std::string() : "'" + text + "' is not a number";
          },
          ""))
      ->type_name("N")
      ->take_last();
}

void OptionTable::text(const char* names, const char* doc, std::string& target) {
  note(names, "TEXT", doc);
  impl_->app.add_option(names, target, doc)->type_name("TEXT")->take_last();
}

void OptionTable::choice(const char* names, const char* doc,
                         const std::vector<std::string>& allowed, std::string& target) {
  note(names, "", doc, allowed);
  impl_->app.add_option(names, target, doc)
      ->check(one_of(allowed))
      ->type_name(alternatives(allowed))
      ->take_last();
}

void OptionTable::argument(const char* name, const char* doc, std::string& target) {
  impl_->info.arguments.push_back({.name = name, .values = {}, .doc = doc});
  impl_->app.add_option(name, target, doc)->required()->type_name("");
}

void OptionTable::optional(const char* name, const char* doc, std::string& target) {
  impl_->info.arguments.push_back(
      {.name = "[" + std::string(name) + "]", .values = {}, .doc = doc});
  impl_->app.add_option(name, target, doc)->type_name("");
}

void OptionTable::choices(const char* name, const char* doc,
                          const std::vector<std::string>& words) {
  impl_->info.arguments.push_back({.name = name, .values = words, .doc = doc});
}

void OptionTable::word(const char* name, const char* doc, const std::vector<std::string>& allowed,
                       std::string& target) {
  impl_->info.arguments.push_back({.name = name, .values = allowed, .doc = doc});
  impl_->app.add_option(name, target, doc)
      ->required()
      ->check(one_of(allowed))
      ->type_name(alternatives(allowed));
}

void OptionTable::rest(const char* name, const char* doc, std::vector<std::string>& target) {
  impl_->info.takes_command = true;
  impl_->app.prefix_command();
  impl_->app.footer(std::string(name) + ": " + doc + "\n" + impl_->app.get_footer());
  impl_->rest_name = name;
  impl_->rest = &target;
}

void OptionTable::format(Format& target) {
  const std::vector<std::string> words = {"text", "json"};
  const auto set = [&target](const std::string& word) {
    target = word == "json" ? Format::json : Format::text;
  };
  note("--format", "", "How to print: for people (default) or for programs", words);
  impl_->app
      .add_option_function<std::string>("--format", set,
                                        "How to print: for people (default) or for programs")
      ->check(one_of(words))
      ->type_name(alternatives(words))
      ->take_last();
}

std::optional<int> OptionTable::parse(Args args) {
  if (collecting != nullptr) {
    *collecting = impl_->info;
    return kDone;
  }
  std::vector<std::string> reversed(args.rbegin(), args.rend());  // the order that CLI11 expects
  try {
    impl_->app.parse(std::move(reversed));
    if (impl_->rest != nullptr) {
      *impl_->rest = impl_->app.remaining();
      if (!impl_->rest->empty() && impl_->rest->front() == "--")
        impl_->rest->erase(impl_->rest->begin());
      if (impl_->rest->empty()) throw CLI::RequiredError(impl_->rest_name);
    }
  } catch (const CLI::CallForHelp&) {
    print(impl_->app.help());
    return kDone;
  } catch (const CLI::ParseError& error) {
    std::string message = error.what();
    std::ranges::replace(message, '\n', ' ');
    print_error(impl_->name + ": " + message + "; see 'deja help " +
                impl_->name.substr(0, impl_->name.find(' ')) + "'");
    return kUsage;
  }
  return std::nullopt;
}

}  // namespace deja::cli
