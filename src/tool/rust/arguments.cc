// SPDX-License-Identifier: Apache-2.0
// The tables of rustc's options and one pass over the words. A word with a path gets a KeyArgument
// that marks it; all others are literal text. Tested by arguments_test.cc.
#include "tool/rust/arguments.h"

#include <algorithm>
#include <array>

#include "base/path.h"

namespace deja::tool::rust {
namespace {

// The kind of an option's value.
enum class Value : unsigned char {
  none,
  text,
  path,         // all of it
  kind_path,    // [kind=]path: -L
  extern_path,  // [options:]name[=path]: --extern
  from_path,    // path=other: --remap-path-prefix
  emit,         // kind[=path],…
  codegen,      // -C, by its own table
  unstable,     // -Z
  question,     // asks a question instead of compiling
};

struct Option {
  std::string_view name;
  Value value;
};

// Options that take a value, and questions. All other options are single words.
constexpr Option kLong[] = {
    {"--cfg", Value::text},
    {"--check-cfg", Value::text},
    {"--crate-type", Value::text},
    {"--crate-name", Value::text},
    {"--edition", Value::text},
    {"--emit", Value::emit},
    {"--print", Value::question},
    {"--out-dir", Value::path},
    {"--explain", Value::question},
    {"--target", Value::text},
    {"--allow", Value::text},
    {"--warn", Value::text},
    {"--force-warn", Value::text},
    {"--deny", Value::text},
    {"--forbid", Value::text},
    {"--cap-lints", Value::text},
    {"--codegen", Value::codegen},
    {"--extern", Value::extern_path},
    {"--sysroot", Value::path},
    {"--error-format", Value::text},
    {"--json", Value::text},
    {"--color", Value::text},
    {"--diagnostic-width", Value::text},
    {"--remap-path-prefix", Value::from_path},
    {"--remap-path-scope", Value::text},
    {"--env-set", Value::text},
    {"--version", Value::none},
    {"--help", Value::none},
    {"--test", Value::none},
    {"--verbose", Value::none},
};
constexpr Option kShort[] = {
    {"-L", Value::kind_path}, {"-l", Value::text}, {"-o", Value::path}, {"-A", Value::text},
    {"-W", Value::text},      {"-D", Value::text}, {"-F", Value::text}, {"-C", Value::codegen},
    {"-Z", Value::unstable},  {"-O", Value::none}, {"-g", Value::none}, {"-v", Value::none},
    {"-V", Value::none},      {"-h", Value::none},
};
constexpr std::string_view kQuestions[] = {"--version", "--help", "-V", "-h", "-vV", "-Vv"};
// Help texts: not worth storing.
constexpr std::string_view kHelpOptions[] = {"--help", "-h", "--explain"};

// These write times or process ids into their output.
constexpr std::string_view kUnsupported[] = {
    "self-profile", "time-passes", "time-llvm-passes", "time-passes-format", "llvm-time-trace",
    "unpretty",     "ls"};

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(at), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

const Option* find(std::string_view name) {
  const auto in = [&](const auto& table) -> const Option* {
    const auto it = std::find_if(std::begin(table), std::end(table),
                                 [&](const Option& o) { return o.name == name; });
    return it == std::end(table) ? nullptr : &*it;
  };
  const Option* option = in(kLong);
  return option != nullptr ? option : in(kShort);
}

class Reading {
 public:
  Arguments read(const std::vector<std::string_view>& words) {
    bool is_end_of_options = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string_view word = words[i];
      if (word == "--" && !is_end_of_options) {
        is_end_of_options = true;
        add(word);
        continue;
      }
      if (is_end_of_options || word.size() < 2 || word[0] != '-') {
        out_.source = word;
        add(word, 0);
        continue;
      }
      const Split parts = split_word(word);
      if (parts.option == nullptr || parts.option->value == Value::none) {
        take_flag(word);
        continue;
      }
      if (parts.has_value) {
        take(*parts.option, word.substr(parts.value_at), word, parts.value_at);
      } else if (i + 1 < words.size()) {
        take_apart(*parts.option, word, words[++i]);
      } else {
        out_.missing_value = word;
        add(word);
      }
    }
    return std::move(out_);
  }

 private:
  struct Split {
    const Option* option = nullptr;
    bool has_value = false;
    std::size_t value_at = 0;
  };
  static Split split_word(std::string_view word) {
    if (word.starts_with("--")) {
      const std::size_t equals = word.find('=');
      return {find(word.substr(0, equals)), equals != word.npos, equals + 1};
    }
    return {find(word.substr(0, 2)), word.size() > 2, 2};
  }

  void add(std::string_view word, std::size_t path_at = KeyArgument::kNoPath,
           std::size_t path_end = KeyArgument::kNoPath) {
    out_.run.emplace_back(word);
    out_.key.push_back({std::string(word), path_at, path_end});
  }

  void take_flag(std::string_view word) {
    if (std::find(std::begin(kQuestions), std::end(kQuestions), word) != std::end(kQuestions))
      ask(word);
    out_.is_test = out_.is_test || word == "--test";
    add(word);
  }

  void ask(std::string_view word) {
    out_.question = word;
    if (std::find(std::begin(kHelpOptions), std::end(kHelpOptions), word) != std::end(kHelpOptions))
      out_.can_be_answered = false;
  }

  // The value is a word of its own.
  void take_apart(const Option& option, std::string_view word, std::string_view value) {
    if (option.value == Value::codegen && value.starts_with("incremental=")) {
      out_.is_incremental = true;
      return;
    }
    add(word);
    take(option, value, value, 0);
  }

  // The value is the part of word from value_at on.
  void take(const Option& option, std::string_view value, std::string_view word,
            std::size_t value_at) {
    const auto whole = [&](std::size_t skipped) { add(word, value_at + skipped); };
    switch (option.value) {
      case Value::path:
        if (option.name == "--out-dir") out_.out_dir = value;
        if (option.name == "-o") out_.output = value;
        return whole(0);
      case Value::kind_path:
        return whole(take_directory(value));
      case Value::extern_path:
        return take_extern(value, word, value_at);
      case Value::from_path: {
        const std::size_t equals = value.rfind('=');
        return add(word, value_at, equals == value.npos ? equals : value_at + equals);
      }
      case Value::codegen:
        return take_codegen(value, word, value_at);
      case Value::unstable:
        if (std::find(std::begin(kUnsupported), std::end(kUnsupported),
                      value.substr(0, value.find('='))) != std::end(kUnsupported))
          out_.unsupported = "-Z " + std::string(value);
        return add(word);
      case Value::question:
        ask(option.name);
        return add(word);
      default:
        take_text(option.name, value);
        // A target may be the name of a file.
        return option.name == "--target" && value.ends_with(".json") ? whole(0) : add(word);
    }
  }

  void take_text(std::string_view name, std::string_view value) {
    if (name == "--crate-name") out_.crate_name = value;
    if (name == "--error-format") out_.error_format = value;
    if (name == "--color") out_.has_colour = true;
    if (name == "--target") out_.target = value;
    if (name == "--crate-type")
      for (std::string& type : split(value, ',')) out_.crate_types.push_back(std::move(type));
    if (name != "--emit") return;
    for (const std::string& emit : split(value, ',')) {
      const std::size_t equals = emit.find('=');
      out_.emits.push_back(emit.substr(0, equals));
      if (equals != std::string::npos && out_.emits.back() == "dep-info")
        out_.dep_info_files.push_back(emit.substr(equals + 1));
    }
  }

  // Returns where the directory's name begins.
  std::size_t take_directory(std::string_view value) {
    static constexpr std::string_view kKinds[] = {
        "dependency=", "crate=", "native=", "framework=", "all="};
    std::size_t at = 0;
    for (const std::string_view kind : kKinds)
      if (value.starts_with(kind)) at = kind.size();
    const std::string directory(value.substr(at));
    if (value.starts_with("native=") || value.starts_with("framework=")) return at;
    out_.crate_directories.push_back(directory);
    (value.starts_with("dependency=") ? out_.dependency_directories : out_.searched_by_name)
        .push_back(directory);
    return at;
  }

  void take_extern(std::string_view value, std::string_view word, std::size_t value_at) {
    const std::size_t equals = value.find('=');
    if (equals == std::string_view::npos) return add(word);
    out_.crate_directories.emplace_back(parent_path(value.substr(equals + 1)));
    add(word, value_at + equals + 1);
  }

  void take_codegen(std::string_view value, std::string_view word, std::size_t value_at) {
    const std::size_t equals = value.find('=');
    const std::string_view name = value.substr(0, equals);
    const std::string_view setting = equals == value.npos ? "" : value.substr(equals + 1);
    if (name == "incremental") {
      out_.is_incremental = true;
      return;
    }
    if (name == "save-temps")
      out_.unsupported = "-C save-temps: new names of directories in every run";
    if (name == "extra-filename") out_.extra_filename = setting;
    if (name == "embed-bitcode" && (setting == "no" || setting == "off" || setting == "n"))
      out_.embeds_bitcode = false;
    if (name == "lto" || name == "linker-plugin-lto") out_.has_lto = true;
    static constexpr std::array<std::string_view, 3> kPaths = {"linker", "profile-use",
                                                               "profile-generate"};
    const bool is_path = std::find(kPaths.begin(), kPaths.end(), name) != kPaths.end();
    add(word, is_path && !setting.empty() ? value_at + equals + 1 : KeyArgument::kNoPath);
  }

  Arguments out_;
};

}  // namespace

Arguments read_arguments(const std::vector<std::string_view>& words) {
  return Reading().read(words);
}

}  // namespace deja::tool::rust
