// SPDX-License-Identifier: Apache-2.0
// One handler per role of the option table. A handler marks the path in its argument and records
// what the option says; classify.cc decides. Tested by classify_test.cc.
#include "tool/cc/parse.h"

#include <algorithm>

#include "tool/cc/emscripten.h"
#include "tool/link_time.h"

namespace deja::tool::cc {
namespace {

// Names of open descriptors: what they refer to is not a file that could be read again.
bool names_descriptor(std::string_view path) {
  return path == "/dev/stdin" || path == "/dev/stdout" || path == "/dev/stderr" ||
         path == "/dev/tty" || path.starts_with("/dev/fd/") || path.starts_with("/proc/self/") ||
         path.starts_with("/proc/thread-self/");
}

class Walk {
 public:
  Walk(const std::vector<std::string>& arguments, const Program& program)
      : arguments_(arguments), program_(program) {}

  Parsed run() && {
    parsed_.stops_before_link = parsed_.preprocess = program_.preprocesses;
    while (at_ < arguments_.size()) {
      const std::string& argument = arguments_[at_++];
      if (only_inputs_ || argument == "-" || !argument.starts_with('-'))
        input(argument);
      else
        option(argument);
    }
    if (program_.preprocesses) read_as_cpp();
    if (parsed_.thin_index) read_objects_as_bitcode();
    return std::move(parsed_);
  }

 private:
  // gcc's cpp takes a second file name as the output, reads a file of unknown language as C, and
  // reads standard input when no file is named.
  void read_as_cpp() {
    if ((program_.dialect & kClang) != 0) return;
    if (parsed_.inputs.size() == 2 && !parsed_.output) {
      parsed_.output = parsed_.inputs.back().text;
      parsed_.inputs.pop_back();
    }
    for (Input& one : parsed_.inputs)
      if (one.language == nullptr) one.language = language_named("c");
    if (!parsed_.inputs.empty() || parsed_.query) return;
    parsed_.reads_stdin = true;
    parsed_.inputs.push_back({"-", language_named("c")});
  }

  void read_objects_as_bitcode() {
    for (Input& one : parsed_.inputs)
      if (one.language == nullptr) one.language = language_named("ir");
  }

  void bypass(BypassReason reason, std::string detail) {
    if (!parsed_.bypass) parsed_.bypass = Bypass{reason, std::move(detail)};
  }

  void input(const std::string& text) {
    parsed_.key_arguments.push_back({text, 0});
    parsed_.key_arguments.back().is_input = true;
    if (names_descriptor(text)) bypass(BypassReason::stdin_source, text);
    const bool is_stdin = text == "-";
    parsed_.reads_stdin |= is_stdin;
    const Language* language = language_ != nullptr ? language_
                               : is_stdin           ? language_named(program_.plus ? "c++" : "c")
                                          : language_of_file(text, program_.dialect, program_.plus);
    parsed_.inputs.push_back({text, language});
  }

  void option(const std::string& argument) {
    parsed_.native |= asks_for_own_processor(argument);
    const Option* found = is_emcc() ? find_emscripten_option(argument) : nullptr;
    if (found == nullptr || (found->role == Role::setting && !is_setting(argument)))
      found = find_option(argument);
    if (found == nullptr) {
      parsed_.key_arguments.push_back({argument});
      return;
    }
    const Option& option = *found;
    if ((option.dialects & program_.dialect) != 0) effects(option, argument);
    const std::size_t spelled = std::string_view(option.spelling).size();
    const bool has_rest = argument.size() > spelled;
    const bool takes_next = option.arity == Arity::separate ||
                            option.arity == Arity::joined_and_separate ||
                            (option.arity == Arity::joined_or_separate && !has_rest);
    if (!takes_next) {
      value(option, argument, spelled);
      return;
    }
    if (at_ == arguments_.size()) {
      bypass(BypassReason::argument_error, argument);
      return;
    }
    parsed_.key_arguments.push_back({argument});
    value(option, arguments_[at_++], 0);
  }

  bool is_emcc() const { return (program_.dialect & kEmcc) != 0; }

  // "-s" strips symbols when it is alone or when the next argument is not a setting.
  bool is_setting(std::string_view argument) const {
    argument.remove_prefix(2);
    if (!argument.empty()) return is_emscripten_setting(argument);
    return at_ < arguments_.size() && is_emscripten_setting(arguments_[at_]);
  }

  void effects(const Option& option, const std::string& argument) {
    parsed_.effects |= option.effects;
    if (option.has(kQuery) && !parsed_.query) parsed_.query = argument;
    parsed_.has_no_answer |= option.has(kNoAnswer);
    if (option.has(kBypass)) bypass(BypassReason::unsupported_option, argument + ": " + option.why);
  }

  // The option's value is the text from value_at on.
  void value(const Option& option, const std::string& text, std::size_t value_at) {
    const std::string_view value = std::string_view(text).substr(value_at);
    KeyArgument key{text};
    // "-I=x" and "-isystem =x" are relative to the sysroot, so they are not paths themselves.
    if (option.has(kPath) && !value.empty() && value.front() != '=') {
      key.path_at = value_at;
      if (names_descriptor(value))
        bypass(BypassReason::unsupported_option, text + ": an open descriptor");
    }
    if (option.role == Role::none) parsed_.argument_facts |= scan_source(value);
    act(option, value, value_at, key);
    parsed_.key_arguments.push_back(std::move(key));
  }

  void act(const Option& option, std::string_view value, std::size_t value_at, KeyArgument& key) {
    switch (option.role) {
      case Role::none:
        break;
      case Role::compile:
        parsed_.stops_before_link = true;
        break;
      case Role::preprocess:
        parsed_.stops_before_link = parsed_.preprocess = true;
        break;
      case Role::syntax_only:
        parsed_.stops_before_link = parsed_.syntax_only = true;
        break;
      case Role::depend_only:
        parsed_.stops_before_link = parsed_.depend_only = true;
        break;
      case Role::writes_depfile:
        parsed_.writes_depfile = true;
        break;
      case Role::depfile_name:
      case Role::depfile_target:
      case Role::output:
        output(option.role, value, key);
        break;
      case Role::language:
        language(value);
        break;
      case Role::maps_files:
      case Role::maps_debug:
      case Role::maps_macros:
      case Role::maps_other:
        map(value, value_at, key, maps_of(option.role));
        break;
      case Role::preprocessor:
      case Role::assembler:
      case Role::linker:
        for_another_program(option.role, value, value_at, key);
        break;
      case Role::frontend:
        frontend(value, key);
        break;
      case Role::precompile:
      case Role::module_header:
      case Role::module_output:
      case Role::module_file:
      case Role::module_mapper:
      case Role::module_directory:
      case Role::modules:
      case Role::module_cache:
        module(option.role, value, value_at, key);
        break;
      case Role::thin_index:
        parsed_.thin_index = (program_.dialect & kClang) != 0;
        break;
      case Role::verbose:
        parsed_.verbose = true;
        break;
      case Role::message_length:
        parsed_.wraps_messages |= value != "0";
        break;
      case Role::setting:
        setting(value);
        break;
      case Role::end_of_options:
        only_inputs_ = (program_.dialect & kClang) != 0;
        break;
    }
  }

  void output(Role role, std::string_view value, KeyArgument& key) {
    if (role == Role::depfile_target) {
      target(value);
      key.is_target = true;
      return;
    }
    const bool is_main = role == Role::output;
    (is_main ? parsed_.output : parsed_.depfile) = value;
    key.output = is_main ? KeyArgument::Output::main : KeyArgument::Output::depfile;
  }

  std::vector<std::string>* maps_of(Role role) {
    if (role == Role::maps_files) return &parsed_.maps.files;
    if (role == Role::maps_debug) return &parsed_.maps.debug;
    return role == Role::maps_macros ? &parsed_.maps.macros : nullptr;
  }

  void language(std::string_view name) {
    language_ = language_named(name);
    if (language_ == nullptr && name != "none")
      bypass(BypassReason::unsupported_option, "-x " + std::string(name));
  }

  void target(std::string_view text) {
    parsed_.loose_target |= text.find_first_of(" \t\n\\$#") != std::string_view::npos;
  }

  // "OLD=NEW". Drivers disagree about a second '='; then nothing is marked.
  void map(std::string_view value, std::size_t value_at, KeyArgument& key,
           std::vector<std::string>* maps) {
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos || value.find('=', equals + 1) != std::string_view::npos)
      return;
    const std::string_view old = value.substr(0, equals);
    if (!old.starts_with('/')) return;
    key.path_at = value_at;
    key.path_end = value_at + equals;
    // "/a/" does not map "/a" itself, the name of a compilation directory.
    if (maps != nullptr && !old.ends_with('/')) maps->emplace_back(old);
  }

  void module(Role role, std::string_view value, std::size_t value_at, KeyArgument& key) {
    parsed_.stops_before_link |= role == Role::precompile;
    parsed_.precompile |= role == Role::precompile || role == Role::module_header;
    parsed_.module_output |= role == Role::module_output;
    parsed_.modules |= role == Role::modules && (program_.dialect & kClang) != 0;
    if (role == Role::module_directory) parsed_.module_directory = value;
    if (role == Role::module_cache) parsed_.module_cache = value;
    if (role == Role::module_file) module_file(value, value_at, key);
    if (role == Role::module_mapper) module_mapper(value, value_at, key);
  }

  // "NAME=FILE", or only "FILE".
  static void module_file(std::string_view value, std::size_t value_at, KeyArgument& key) {
    const std::size_t equals = value.find('=');
    key.path_at = value_at + (equals == std::string_view::npos ? 0 : equals + 1);
  }

  // "FILE" or "FILE?PREFIX".
  void module_mapper(std::string_view value, std::size_t value_at, KeyArgument& key) {
    if ((program_.dialect & kGcc) == 0) return;
    if (asks_module_mapper(value))
      bypass(BypassReason::unsupported_option, key.text + ": another process is asked for modules");
    key.path_at = value_at;
    if (const std::size_t at = value.find('?'); at != std::string_view::npos)
      key.path_end = value_at + at;
  }

  void for_another_program(Role role, std::string_view list, std::size_t list_at,
                           KeyArgument& key) {
    if (role == Role::preprocessor) preprocessor(list, list_at, key);
    if (role == Role::assembler) assembler(list);
    if (role == Role::linker) linker(list, list_at, key);
  }

  // -Wp,-MD,x -Wp,-MMD,x -Wp,-MF,x; other values are literal text.
  void preprocessor(std::string_view list, std::size_t list_at, KeyArgument& key) {
    parsed_.argument_facts |= scan_source(list);
    std::string_view before;
    for (std::size_t at = 0; at <= list.size();) {
      const std::size_t end = std::min(list.find(',', at), list.size());
      const std::string_view item = list.substr(at, end - at);
      if (before == "-MD" || before == "-MMD" || before == "-MF") {
        parsed_.preprocessor_depfiles.emplace_back(item);
        key.path_at = list_at + at;
        key.path_end = list_at + end;
      }
      before = item;
      at = end + 1;
    }
  }

  void assembler(std::string_view list) {
    if (list.find("compress") != std::string_view::npos) parsed_.effects |= kOpaque;
  }

  // The first absolute path: "-rpath-link,/x", "--version-script=/x", "-L/x". Others stay literal text.
  static void linker(std::string_view list, std::size_t list_at, KeyArgument& key) {
    for (std::size_t at = 0; at < list.size() && !key.has_path();) {
      const std::size_t end = std::min(list.find(',', at), list.size());
      const std::string_view item = list.substr(at, end - at);
      const std::size_t path = item.starts_with("-L/") ? 2 : item.find('/');
      const bool is_absolute = path != std::string_view::npos &&
                               (path == 0 || item[path - 1] == '=' || item.starts_with("-L/"));
      if (is_absolute) {
        key.path_at = list_at + at + path;
        key.path_end = list_at + end;
      }
      at = end + 1;
    }
  }

  void setting(std::string_view text) {
    if (auto why = bypass_by_setting(text)) bypass(why->reason, std::move(why->detail));
  }

  // The value of a front-end option follows a second -Xclang.
  void frontend(std::string_view value, KeyArgument& key) {
    if ((program_.dialect & kClang) == 0) return;
    if (pending_frontend_ != nullptr) {
      if (pending_frontend_->has(kPath)) key.path_at = 0;
      pending_frontend_ = nullptr;
      return;
    }
    const Option* option = find_frontend_option(value);
    if (option == nullptr) {
      bypass(BypassReason::unsupported_option, "-Xclang " + std::string(value));
      return;
    }
    parsed_.effects |= option->effects;
    parsed_.emits_pch |= value == "-emit-pch";
    if (option->arity == Arity::separate || option->arity == Arity::joined_and_separate)
      pending_frontend_ = option;
  }

  const std::vector<std::string>& arguments_;
  const Program& program_;
  Parsed parsed_;
  std::size_t at_ = 0;
  const Language* language_ = nullptr;        // by -x
  const Option* pending_frontend_ = nullptr;  // still lacks its value
  bool only_inputs_ = false;                  // after "--"
};

}  // namespace

bool asks_module_mapper(std::string_view mapper) {
  return mapper.find_first_of("<=|") == 0 || mapper.find(':') != std::string_view::npos;
}

Parsed parse_arguments(const std::vector<std::string>& arguments, const Program& program) {
  return Walk(arguments, program).run();
}

}  // namespace deja::tool::cc
