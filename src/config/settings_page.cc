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
everybody may write to it. A setting that deja does not know, or a wrong value, is never an error:
`deja config`, `deja doctor` and once the journal (`deja stats`) name the file, the line and the key. The rest of the
file counts; for that key the next source is used, at last the default.

    # .deja.toml
    [paths]
    base_dirs = ["."]          # relative to this file

    [tools]
    acmecc = "gcc"             # reads its arguments as gcc does
    mygen = "any"              # one job; nothing else is known

    # ~/.config/deja/config.toml
    min_cost = "5ms"

    [store]
    limit = "50G"

    [daemon]
    idle_exit = "8h"

## Rules

    # .deja.toml
    exclude = ["third_party/", "*.gen.c"]
    fallback = "ccache"

    [bypass]
    tools = ["gcc-9*", "/opt/old/bin/*"]
    arguments = ["-fplugin=*"]
    variables = ["TRACE_*", "MODE=experiment"]

Each is a list of patterns. A command that one of them matches is a bypass: it runs as if deja were not there, and its
event names the rule.

- `?` is one byte, `*` any number of bytes, `[a-z]` and `[!a-z]` one byte of a set; a backslash takes the next byte as
  it is.
- `exclude`: paths of sources. `?`, `*` and sets stop at a `/`; `**` does not; `third_party/` is all below that
  directory. A pattern without a `/` is a file's name in any directory. A pattern with a `/` is relative to the
  directory of `.deja.toml`; in the user's own file it counts below any directory; in the environment it is absolute or
  begins with `**/`.
- `bypass.tools`: the name of the command or of the program that it leads to; the program's path, where the pattern
  holds a `/`.
- `bypass.arguments`: each argument by itself, also those in response files.
- `bypass.variables`: `NAME` or `NAME=VALUE`, both patterns, of the variables that the tool gets.
- `min_cost`: a run that took less time is not stored. What was stored before is still served.
- `fallback`: runs C, C++ and Rust compilers whose commands are not looked up
  ([decision 14](decisions/0014-fallback.md)). If there is no such program, the tool runs by itself.

## Rules of `deja run`

`run.never`, `run.driver` and `run.always` are lists of patterns, in which `?` is one byte and `*` any number of bytes.
A pattern with a space is compared with the program's name and its arguments (`"python3 *gen.py*"`), one with a `/`
with the program's path as it is started (`"*/tools/*"`), any other with the program's name. They come before what deja
knows of programs, in this order ([run.md](run.md)).

A list replaces the list of a source further down: the lists of a project and of its user are not added up.

## Changes

A setting can change what a request is answered, so every setting that can is part of the name under which the request
is remembered. Changing one never needs `deja purge`.

## Variables that are not settings

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
