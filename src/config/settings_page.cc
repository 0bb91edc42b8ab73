// SPDX-License-Identifier: Apache-2.0
#include "config/settings_page.h"

#include "config/config.h"

namespace deja::config {
namespace {

constexpr char kHead[] = R"page(# Settings

This page is generated from the table in `src/config/settings.cc`. To write it again:
`DEJA_WRITE_DOCS=1 config_test --gtest_filter='SettingsPage.*'`. `deja config` prints every setting with its value and
the file or variable that the value comes from.

| setting | variable | default | value | meaning |
|---|---|---|---|---|
)page";

constexpr char kRest[] = R"page(
(user): counts only in the user's own file, because all projects share one store and one engine.

## Where a setting may stand

The first of these that gives a value is used:

1. the environment variable of the command;
2. the nearest `.deja.toml` at or above the working directory;
3. `$XDG_CONFIG_HOME/deja/config.toml`, else `~/.config/deja/config.toml`.

An empty variable counts as unset. A file that deja finds by itself is used only if it belongs to you or to root and not
everybody may write to it. A setting that deja does not know, or a value that makes no sense, is never an error:
`deja config` and `deja doctor` show the problem, and the next source is used, at last the default.

    # .deja.toml
    [paths]
    base_dirs = ["."]          # relative to this file

    [tools]
    acmecc = "gcc"             # reads its arguments as gcc does
    mygen = "any"              # one job of which nothing is known

    # ~/.config/deja/config.toml
    [store]
    limit = "50G"

    [daemon]
    idle_exit = "8h"

A setting can change what a request is answered, so every setting that can is part of the name under which the request
is remembered. Changing one never needs `deja purge`.

## Variables that are no settings

| variable | meaning |
|---|---|
| `DEJA_DIR` | the cache directory; default `$XDG_CACHE_HOME/deja`, else `~/.cache/deja` |
| `DEJA_CONFIG` | the only configuration file to read; `/dev/null`: none |
)page";

std::string code(std::string_view text) {
  return text.empty() ? std::string() : "`" + std::string(text) + "`";
}

}  // namespace

std::string settings_page() {
  std::string page = kHead;
  for (const SettingInfo& info : settings())
    page += "| " + code(info.key) + (info.is_users_only ? " (user)" : "") + " | " +
            code(info.environment) + " | " + code(info.preset) + " | " + info.type + " | " +
            info.doc + " |\n";
  return page + kRest;
}

}  // namespace deja::config
