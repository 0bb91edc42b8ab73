// SPDX-License-Identifier: Apache-2.0
// `deja key`: the keys with which results on a remote are signed, and the list of writers that are trusted.
#include <string>
#include <vector>

#include "base/path.h"
#include "cli/context.h"
#include "cli/format.h"
#include "cli/json.h"
#include "cli/options.h"
#include "remote_loader/plugin.h"

namespace deja::cli {
namespace {

constexpr const char* kKeyDetails =
    "new     makes a private key in --file, readable by you alone, and prints the public one\n"
    "show    prints the public key of the private one in --file\n"
    "list    shows whom this machine trusts\n"
    "trust   adds a public key (and a label for people) to the list\n"
    "remove  takes a public key out of the list\n"
    "\nnew and show: --file is the setting remotes.signing_key unless given.\n"
    "list, trust, remove: --file is the setting remotes.trusted_writers unless given.\n"
    "If there is a list, only results that one of its writers has signed are used.";

struct KeyRequest {
  std::string what, file;
  std::vector<std::string> words;  // key and label
  Format format = Format::text;
};

Result<int> list(const KeyRequest& asked, exchange::Keys& keys) {
  const auto lines = TRY(keys.list(asked.file));
  if (asked.format == Format::json) {
    Json out = Json::array();
    if (lines)
      for (const auto& line : *lines) out.push_back({{"key", line.key}, {"label", line.label}});
    print(pretty({{"file", asked.file}, {"has_list", lines.has_value()}, {"writers", out}}));
    return kDone;
  }
  if (!lines) {
    print("everyone is trusted: there is no list " + printable(asked.file) + "\n");
    return kDone;
  }
  Table table;
  for (const auto& line : *lines) table.row({line.key, printable(line.label)});
  print(lines->empty() ? "nobody is trusted\n" : table.text());
  return kDone;
}

Result<int> run(const Context& context, const KeyRequest& asked) {
  const exchange::Plugin* const plugin =
      TRY(exchange::load_plugin(join_path(context.libexec, exchange::kPluginFile)));
  exchange::Keys& keys = *plugin->keys();
  if (asked.what == "new" || asked.what == "show") {
    print(TRY(asked.what == "new" ? keys.make(asked.file) : keys.read(asked.file)) + "\n");
    return kDone;
  }
  if (asked.what == "list") return list(asked, keys);
  if (asked.words.empty())
    return Error{Code::invalid, 0, "give a public key, as `deja key new` prints it"};
  if (asked.what == "trust") {
    const std::string label = asked.words.size() > 1 ? asked.words[1] : "";
    const bool is_new = TRY(keys.trust(asked.file, asked.words[0], label));
    print(is_new ? "trusted\n" : "is already trusted\n");
  } else {
    print(TRY(keys.remove(asked.file, asked.words[0])) ? "removed\n" : "is not in the list\n");
  }
  return kDone;
}

}  // namespace

int run_key(const Context& context, Args args) {
  KeyRequest asked;
  // Key and label stand behind the word, before the options.
  std::vector<std::string> rest(args.begin(), args.end());
  while (rest.size() >= 2 && !rest[1].starts_with("-") && asked.words.size() < 2) {
    asked.words.push_back(rest[1]);
    rest.erase(rest.begin() + 1);
  }
  OptionTable options("key", "Makes and trusts keys that sign results on remotes.", kKeyDetails);
  options.word("what", "new, show, list, trust <key> [<label>] or remove <key>",
               {"new", "show", "list", "trust", "remove"}, asked.what);
  options.text("--file", "The file of the private key, or of the list", asked.file);
  options.format(asked.format);
  if (const auto code = options.parse(rest)) return *code;
  const bool is_private = asked.what == "new" || asked.what == "show";
  const config::Config& config = context.loaded.config;
  if (asked.file.empty())
    asked.file = is_private ? config.remote_signing_key : config.remote_trusted_writers;
  if (asked.file.empty()) {
    print_error("key " + asked.what + ": no file; give --file or set " +
                (is_private ? "remotes.signing_key" : "remotes.trusted_writers"));
    return kUsage;
  }
  asked.file = join_path(context.cwd, asked.file);
  const auto code = run(context, asked);
  if (code) return *code;
  print_error("key " + asked.what + ": " + code.error().message);
  return code.error().code == Code::invalid ? kUsage : kProblems;
}

}  // namespace deja::cli
