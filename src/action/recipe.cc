// SPDX-License-Identifier: Apache-2.0
// The key recipe. Each field has the wrong hit that it prevents; what is left out has the reason why that
// is safe. A field that is missing here is a wrong hit, one too many is a lost hit.
//
// Tested by recipe_test.cc (every field changes the key, what is left out does not) and format_test.cc.
#include "action/recipe.h"

#include <algorithm>

#include "base/path.h"
#include "base/secrets.h"
#include "digest/hasher.h"

namespace deja::action {
namespace {

// Grows when the meaning of any field, trace claim or result changes.
constexpr std::string_view kRecipeVersion = "deja action 4, BLAKE3-256";

struct KeyedVariable {
  std::string_view name;
  bool prefix;
};
// Read inside libc or ld.so, where no call passes the interposer, so they are not observed.
constexpr KeyedVariable kAlwaysKeyed[] = {
    {"LD_", true},  // which libraries the tool runs with
    {"GLIBC_TUNABLES", false},
    {"LANG", false},  // language of diagnostics, read by setlocale
    {"LANGUAGE", false},
    {"LC_", true},
    {"LOCPATH", false},
    {"NLSPATH", false},
    {"GCONV_PATH", false},
    {"CHARSET", false},
    {"OUTPUT_CHARSET", false},   // gettext
    {"POSIXLY_CORRECT", false},  // getopt
    {"TZ", false},               // localtime
};

std::string tagged_argument(const tool::KeyArgument& argument, std::string_view cwd,
                            const Roots& roots) {
  if (!argument.has_path()) return argument.text;
  if (argument.output != tool::KeyArgument::Output::none) {
    // Its name may be another one the next time. A result that depends on the name is bound to it after
    // the run.
    const auto name = argument.output == tool::KeyArgument::Output::main ? OutputName::output
                                                                         : OutputName::depfile;
    if (!roots.path(name).empty()) {
      std::string out = argument.text.substr(0, argument.path_at);
      out.push_back(static_cast<char>(name));
      return out.append(argument.text.substr(argument.path_at + argument.path().size()));
    }
  }
  const std::string_view path = argument.path();
  std::string out = argument.text.substr(0, argument.path_at);
  // Named after the output, so its name must not be in the key. Twice the tag: it was spelled relative.
  const std::string& objects = roots.path(Root::objects);
  if (!objects.empty() && !path.starts_with('/')) {
    const std::string whole = join_path(cwd, path);
    if (is_within(whole, objects))
      return out.append(2, static_cast<char>(Root::objects)).append(whole.substr(objects.size()));
  }
  // A relative path that begins like a tag must not read as one.
  if (!path.empty() && static_cast<unsigned char>(path[0]) < 0x20) out.append("./");
  out.append(roots.tag(path));
  return out.append(argument.text.substr(argument.path_at + path.size()));
}

// A compiler that is called by a path with a slash looks for its files along that path; its own path
// is in the key already.
std::string_view called_name(const Action& a) {
  if (a.invocation.run.argv.empty()) return {};
  const std::string_view name = a.invocation.run.argv.front();
  return name == a.command.tool ? base_name(name) : name;
}

}  // namespace

void HashSink::field(std::string_view name, std::string_view value) {
  char lengths[16];
  for (unsigned i = 0; i < 8; ++i) {
    lengths[i] = static_cast<char>(name.size() >> (8 * i));
    lengths[8 + i] = static_cast<char>(value.size() >> (8 * i));
  }
  hasher_.add({lengths, sizeof(lengths)});
  hasher_.add(name);
  hasher_.add(value);
}

namespace {

// A digest in place of a value: enough to see that two values differ.
std::string stand_in(std::string_view value) {
  return "#" + digest::digest_bytes(value).hex().substr(0, 12);
}

std::string readable(std::string_view value) {
  std::string out;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (static_cast<unsigned char>(value[i]) >= 0x20) {
      out.push_back(value[i]);
    } else {
      out.append(Roots::describe(value.substr(i, 1)));
    }
  }
  return out;
}

}  // namespace

void TextSink::field(std::string_view name, std::string_view value) {
  text_.append(name).append(": ").append(readable(value)).append("\n");
}

void FieldsSink::field(std::string_view name, std::string_view value) {
  if (name == "variable" || name == "given variable") {
    fields_.push_back({"variable " + std::string(value), ""});
  } else if (name == "unset variable") {
    fields_.push_back({"variable " + std::string(value), "unset"});
  } else if (name == "value" && !fields_.empty()) {
    fields_.back().value = stand_in(value);
  } else if (name == "content" && !fields_.empty()) {  // of the file that the field before names
    fields_.push_back({"content of " + fields_.back().value, std::string(value)});
  } else if (name == "salt" || name == "extra") {  // free text of the user's
    fields_.push_back({std::string(name), value.empty() ? "" : stand_in(value)});
  } else if (name == "argument") {
    add_argument(without_passwords(readable(value)));
  } else {
    fields_.push_back({std::string(name), readable(value)});
  }
}

void FieldsSink::add_argument(const std::string& text) {
  const bool is_secret = after_announcement_;
  after_announcement_ = announces_secret(text);
  const std::size_t at = is_secret ? 0 : std::min(secret_at(text), text.size());
  fields_.push_back(
      {"argument", text.substr(0, at) + (at < text.size() ? stand_in(text.substr(at)) : "")});
}

bool is_always_keyed(std::string_view variable) {
  for (const KeyedVariable& v : kAlwaysKeyed) {
    if (v.prefix ? variable.starts_with(v.name) : variable == v.name) return true;
  }
  return false;
}

void describe_action(const Action& a, Sink& sink) {
  sink.field("recipe", kRecipeVersion);  // an older deja's entries mean something else
  sink.field("salt", a.salt);            // the user wants entries apart
  sink.field("adapter",
             a.invocation.identity.adapter);  // two adapters may read one command line differently
  sink.field("tool", a.invocation.key.tool.empty()
                         ? a.command.tool
                         : a.invocation.key.tool);  // a tool looks for its own files next to itself
  sink.field("tool digest", a.tool_digest.hex());   // the tool replaced behind an equal name
  sink.field("name", called_name(a));               // g++ or gcc
  // The command line was read as that of another program, which may read it otherwise.
  if (!a.command.known_as.empty()) sink.field("known as", a.command.known_as);
  for (const tool::KeyArgument& argument : a.invocation.key.arguments)
    sink.field("argument", tagged_argument(argument, a.command.cwd, a.roots));
  for (const tool::KeyField& field : a.invocation.key.fields) sink.field(field.name, field.value);
  // Not the working directory itself: what was found from there is in the trace, and after the run the
  // outputs are searched for its name. Whether it is a root changes what the tags mean.
  sink.field("cwd is a root", a.roots.has(Root::cwd) ? "yes" : "no");
  sink.field("workspace is a root", a.roots.has(Root::workspace) ? "yes" : "no");
  // Only cargo has one.
  if (a.roots.has(Root::target)) sink.field("target is a root", "yes");
  sink.field("umask", std::to_string(a.umask));  // modes of the outputs
  for (const tool::EnvironmentVariable& v : a.command.environment) {
    if (!is_always_keyed(v.name)) continue;
    // What the loader finds along it is in the trace.
    if (v.name == "LD_LIBRARY_PATH" && a.invocation.run.is_observed) continue;
    sink.field("variable", v.name);
    sink.field("value", v.value);
  }
}

ProbeKey probe_key(const Action& action) {
  HashSink sink;
  describe_action(action, sink);
  return ProbeKey{sink.finish()};
}

std::string explain(const Action& action) {
  TextSink sink;
  describe_action(action, sink);
  return sink.text();
}

std::vector<tool::KeyField> key_fields(const Action& action) {
  FieldsSink sink;
  describe_action(action, sink);
  return sink.take();
}

}  // namespace deja::action
