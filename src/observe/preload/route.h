// SPDX-License-Identifier: Apache-2.0
/* Decides what becomes of a program that a process of `deja run` starts. Only reads its arguments, apart
 * from the function that reads a script. For the interposer, `deja run` and tests.
 *
 * The decision may be wrong in one direction only: a program that runs as it is costs time, never a result.
 * Whether a run may be stored is decided later, by what was observed of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "route_layout.h"

#ifndef DEJA_AS
#ifdef __cplusplus
#define DEJA_AS(type, value) static_cast<type>(value)
#else
#define DEJA_AS(type, value) ((type)(value))
#endif
#endif

/* Reads the first bytes of a file; 0: it cannot be read. */
typedef size_t (*deja_read_text)(const char *path, char *out, size_t room);

#define DEJA_SCRIPT_MAX (64u << 10)

struct deja_start {
  const char *path; /* as it would be given to execve */
  char *const *argv;
  deja_read_text read_text;
  char *room; /* for a script: DEJA_SCRIPT_MAX bytes */
};

struct deja_decision {
  enum deja_route route;
  const char *why; /* for the report */
  bool is_command; /* no adapter may know it: it is stored by proof alone */
  bool is_asked;   /* a rule of the user's says so */
};

static inline struct deja_decision deja_decided(enum deja_route route, const char *why) {
  const struct deja_decision decision = {route, why, false, false};
  return decision;
}

static inline const char *deja_base_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

static inline const char *deja_bytes_of(const struct deja_route_table *table) {
  return DEJA_AS(const char *, DEJA_AS(const void *, table));
}

static inline const char *deja_route_text(const struct deja_route_table *table, uint32_t offset) {
  return offset ? deja_bytes_of(table) + offset : NULL;
}

/* Is this the head of a whole table? size: of the memory. */
static inline bool deja_is_route_table(const struct deja_route_table *table, size_t size) {
  return size >= sizeof *table && table->magic == DEJA_ROUTE_MAGIC &&
         table->version == DEJA_ROUTE_VERSION && table->size == size &&
         table->rules >= sizeof *table && table->rules <= size && table->client < size &&
         table->report < size && table->shapes < size && deja_bytes_of(table)[size - 1] == '\0';
}

/* --- rules --------------------------------------------------------------------------------------------- */

/* '*' is any number of bytes, '?' is one. */
static inline bool deja_matches(const char *pattern, const char *text) {
  const char *star = NULL, *from = NULL;
  for (;;) {
    if (*pattern == '*') {
      star = ++pattern;
      from = text;
    } else if (*text == '\0') {
      return *pattern == '\0';
    } else if (*pattern == '?' || *pattern == *text) {
      ++pattern;
      ++text;
    } else if (star) {
      pattern = star;
      text = ++from;
    } else {
      return false;
    }
  }
}

/* "", "-12", "-12.2", "12" */
static inline bool deja_is_version_suffix(const char *text, size_t size) {
  if (size == 0) return true;
  if (text[0] == '-' && size > 1) ++text, --size;
  for (size_t i = 0; i < size; ++i)
    if (!(text[i] >= '0' && text[i] <= '9') && (text[i] != '.' || i == 0)) return false;
  return true;
}

/* "x86_64-linux-gnu-gcc-12" is gcc. */
static inline bool deja_is_decorated(const char *word, const char *name, size_t size) {
  const size_t length = strlen(word);
  for (size_t at = 0; at + length <= size; ++at) {
    if (at > 0 && (name[at - 1] != '-' || at == 1)) continue;
    if (memcmp(name + at, word, length) != 0) continue;
    if (deja_is_version_suffix(name + at + length, size - at - length)) return true;
  }
  return false;
}

/* path NULL: the name is a word in a text, for which patterns mean nothing. Rules of the route `but` do not
 * count. */
static inline enum deja_route deja_rule_but(const struct deja_route_table *table, const char *name,
                                            size_t size, const char *path, const char *line,
                                            enum deja_route but) {
  const char *rule = deja_bytes_of(table) + table->rules;
  const char *const end = deja_bytes_of(table) + table->size;
  for (uint32_t i = 0; i < table->rule_count && rule + 2 < end; ++i) {
    const char *const text = rule + 2;
    const size_t length = strlen(text);
    bool is_it = false;
    switch (rule[1]) {
      case DEJA_RULE_NAME: is_it = length == size && memcmp(text, name, size) == 0; break;
      case DEJA_RULE_DECORATED: is_it = deja_is_decorated(text, name, size); break;
      case DEJA_RULE_GLOB: is_it = path && deja_matches(text, name); break;
      case DEJA_RULE_PATH: is_it = path && deja_matches(text, path); break;
      case DEJA_RULE_LINE: is_it = line && deja_matches(text, line); break;
      default: break;
    }
    if (is_it && rule[0] != DEJA_AS(char, but)) return DEJA_AS(enum deja_route, rule[0]);
    rule = text + length + 1;
  }
  return DEJA_ROUTE_NONE;
}

static inline enum deja_route deja_rule_for(const struct deja_route_table *table, const char *name,
                                            size_t size, const char *path, const char *line) {
  return deja_rule_but(table, name, size, path, line, DEJA_ROUTE_NONE);
}

/* --- texts --------------------------------------------------------------------------------------------- */

static inline bool deja_is_word_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '.' || c == '/' || c == '+' || c == '-';
}

static inline bool deja_is_one_of(const char *list, const char *word, size_t size) {
  for (; *list; list += strlen(list) + 1)
    if (strlen(list) == size && memcmp(list, word, size) == 0) return true;
  return false;
}

/* Does a shell that runs this text start programs that are looked at for themselves, or do something that
 * no stored result can repeat (signals, waiting, background processes)? */
static inline bool deja_shell_text_drives(const struct deja_route_table *table, const char *text,
                                          size_t size) {
  static const char variables[] =
      "CC\0CXX\0CPP\0LD\0AR\0AS\0FC\0RUSTC\0CARGO\0MAKE\0CMAKE\0NINJA\0LIBTOOL\0PYTHON\0SHELL\0RAND"
      "OM\0"
      "SRANDOM\0PPID\0";
  static const char builtins[] =
      "kill\0wait\0trap\0read\0ulimit\0eval\0source\0coproc\0times\0urandom\0";
  for (size_t at = 0; at < size;) {
    const char c = text[at];
    if (c == '&') {
      if (at + 1 < size && text[at + 1] == '&') {
        at += 2;
        continue;
      }
      const bool is_redirection = (at > 0 && (text[at - 1] == '>' || text[at - 1] == '<')) ||
                                  (at + 1 < size && text[at + 1] == '>');
      if (!is_redirection) return true;
    }
    if (c == '$' && at + 1 < size && (text[at + 1] == '@' || text[at + 1] == '*')) return true;
    if (!deja_is_word_byte(c)) {
      ++at;
      continue;
    }
    const size_t from = at;
    size_t name = at;
    for (; at < size && deja_is_word_byte(text[at]); ++at)
      if (text[at] == '/') name = at + 1;
    const bool is_variable =
        from > 0 &&
        (text[from - 1] == '$' || (text[from - 1] == '{' && from > 1 && text[from - 2] == '$'));
    if (is_variable && deja_is_one_of(variables, text + from, at - from)) return true;
    if (is_variable || name == at) continue;
    if (deja_is_one_of(builtins, text + name, at - name)) return true;
    const enum deja_route route = deja_rule_for(table, text + name, at - name, NULL, NULL);
    if (route == DEJA_ROUTE_ACTION || route == DEJA_ROUTE_DRIVER || route == DEJA_ROUTE_ALONE)
      return true;
  }
  return false;
}

/* The same for the text of another language: does it start programs at all? */
static inline bool deja_script_text_drives(const char *text, size_t size) {
  static const char words[] =
      "subprocess\0system\0popen\0Popen\0popen2\0popen3\0exec\0execv\0execl\0execvp\0execlp\0execve"
      "\0spawn\0spawnv\0spawnl\0spawnvp\0spawnlp\0qx\0child_process\0kill\0fork\0socket\0Command\0";
  for (size_t at = 0; at < size;) {
    if (text[at] == '`') return true;
    if (!deja_is_word_byte(text[at]) || text[at] == '.') {
      ++at;
      continue;
    }
    const size_t from = at;
    while (at < size && deja_is_word_byte(text[at]) && text[at] != '.' && text[at] != '/') ++at;
    if (at == from) {
      ++at;
      continue;
    }
    if (deja_is_one_of(words, text + from, at - from)) return true;
  }
  return false;
}

/* Do the arguments name a tool or a driver (a wrapper: "sh ./missing bison …")? */
static inline bool deja_arguments_drive(const struct deja_route_table *table, char *const *from) {
  for (; *from; ++from) {
    const char *const name = deja_base_of(*from);
    const enum deja_route route = deja_rule_for(table, name, strlen(name), NULL, NULL);
    if (route == DEJA_ROUTE_ACTION || route == DEJA_ROUTE_DRIVER || route == DEJA_ROUTE_ALONE)
      return true;
  }
  return false;
}

/* --- the decision -------------------------------------------------------------------------------------- */

static inline struct deja_decision deja_command(const struct deja_route_table *table) {
  if (!(table->flags & DEJA_ROUTE_COMMANDS))
    return deja_decided(DEJA_ROUTE_DRIVER, "deja has no rule for it");
  struct deja_decision decision = deja_decided(DEJA_ROUTE_ACTION, "a command");
  decision.is_command = true;
  return decision;
}

/* A shell with options that take a value, or that make it interactive, is left alone. */
static inline struct deja_decision deja_route_of_script(const struct deja_route_table *table,
                                                        const struct deja_start *start,
                                                        const char *path, char *const *arguments,
                                                        bool is_shell) {
  const size_t size = start->read_text(path, start->room, DEJA_SCRIPT_MAX);
  if (size == 0) return deja_decided(DEJA_ROUTE_DRIVER, "its script cannot be read");
  if (size == DEJA_SCRIPT_MAX) return deja_decided(DEJA_ROUTE_DRIVER, "its script is too large");
  const bool drives = is_shell ? deja_shell_text_drives(table, start->room, size)
                               : deja_script_text_drives(start->room, size);
  if (drives || deja_arguments_drive(table, arguments))
    return deja_decided(DEJA_ROUTE_DRIVER, "its script starts programs");
  return deja_command(table);
}

/* words: the script, then its arguments. */
static inline struct deja_decision deja_route_of_named_script(const struct deja_route_table *table,
                                                              const struct deja_start *start,
                                                              char *const *words, bool is_shell) {
  const char *const name = deja_base_of(*words);
  const enum deja_route route = deja_rule_for(table, name, strlen(name), *words, NULL);
  if (route == DEJA_ROUTE_ALONE || route == DEJA_ROUTE_DRIVER)
    return deja_decided(route, "a rule names its script");
  return deja_route_of_script(table, start, *words, words + 1, is_shell);
}

static inline struct deja_decision deja_route_of_shell(const struct deja_route_table *table,
                                                       const struct deja_start *start) {
  char *const *word = start->argv + 1;
  for (; *word && (**word == '-' || **word == '+'); ++word) {
    const char *letters = *word + 1;
    if (strspn(letters, "ceuxfpnC") != strlen(letters) || *letters == '\0')
      return deja_decided(DEJA_ROUTE_DRIVER, "a shell with unusual options");
    if (**word == '-' && strchr(letters, 'c')) {
      char *const *text = word + 1;
      if (*text && strcmp(*text, "--") == 0) ++text;
      if (*text == NULL) return deja_decided(DEJA_ROUTE_DRIVER, "a shell without a command");
      if (deja_shell_text_drives(table, *text, strlen(*text)) ||
          deja_arguments_drive(table, text + 1))
        return deja_decided(DEJA_ROUTE_DRIVER, "its text starts programs");
      return deja_command(table);
    }
  }
  if (*word == NULL) return deja_decided(DEJA_ROUTE_DRIVER, "an interactive shell");
  return deja_route_of_named_script(table, start, word, true);
}

static inline struct deja_decision deja_route_of_interpreter(const struct deja_route_table *table,
                                                             const struct deja_start *start) {
  char *const *word = start->argv + 1;
  for (; *word && **word == '-'; ++word)
    if (strcmp(*word, "-B") != 0 && strcmp(*word, "-u") != 0 && strcmp(*word, "-E") != 0 &&
        strcmp(*word, "-s") != 0 && strcmp(*word, "-w") != 0)
      return deja_decided(DEJA_ROUTE_DRIVER, "an interpreter with unusual options");
  if (*word == NULL) return deja_decided(DEJA_ROUTE_DRIVER, "an interactive interpreter");
  return deja_route_of_named_script(table, start, word, false);
}

/* A program that no rule names: a script by its interpreter, or a program of the project. */
static inline struct deja_decision deja_route_of_unknown(const struct deja_route_table *table,
                                                         const struct deja_start *start) {
  char interpreter[256];
  char *const head = start->room;
  const size_t size = start->read_text(start->path, head, 512);
  if (size > 4 && memcmp(head, "\177ELF", 4) == 0) return deja_command(table);
  if (size < 4 || head[0] != '#' || head[1] != '!')
    return deja_decided(DEJA_ROUTE_DRIVER, "it has an unknown format");
  size_t from = 2, to = 0;
  while (from < size && (head[from] == ' ' || head[from] == '\t')) ++from;
  while (from < size && to + 1 < sizeof interpreter && head[from] != '\n' && head[from] != ' ' &&
         head[from] != '\t') {
    interpreter[to++] = head[from++];
    /* "#!/usr/bin/env python3" */
    if (from + 1 < size && head[from] == ' ' && to >= 4 &&
        memcmp(interpreter + to - 4, "/env", 4) == 0) {
      to = 0;
      ++from;
    }
  }
  interpreter[to] = '\0';
  const char *const name = deja_base_of(interpreter);
  const enum deja_route route = deja_rule_for(table, name, strlen(name), NULL, NULL);
  if (route != DEJA_ROUTE_SHELL && route != DEJA_ROUTE_INTERPRETER)
    return deja_decided(DEJA_ROUTE_DRIVER, "a script of an unknown language");
  return deja_route_of_script(table, start, start->path, start->argv + 1,
                              route == DEJA_ROUTE_SHELL);
}

/* "name argument argument"; cut where the room ends. */
static inline void deja_line_of(const char *name, char *const *arguments, char *out, size_t room) {
  size_t at = 0;
  for (const char *word = name; word; word = *arguments ? *arguments++ : NULL) {
    if (at > 0 && at + 1 < room) out[at++] = ' ';
    for (; *word && at + 1 < room; ++word) out[at++] = *word;
  }
  out[at] = '\0';
}

static inline struct deja_decision deja_asked(const struct deja_route_table *table,
                                              const char *name, const char *path,
                                              const char *line) {
  struct deja_decision decision = deja_decided(DEJA_ROUTE_ACTION, "a rule says so");
  decision.is_asked = true;
  decision.is_command =
      deja_rule_but(table, name, strlen(name), path, line, DEJA_ROUTE_COMMAND) != DEJA_ROUTE_ACTION;
  return decision;
}

static inline struct deja_decision deja_decide(const struct deja_route_table *table,
                                               const struct deja_start *start) {
  char line[1024];
  const char *const name = deja_base_of(start->path);
  if (start->argv == NULL || start->argv[0] == NULL)
    return deja_decided(DEJA_ROUTE_DRIVER, "it has no name");
  /* Which tool it is depends on both: "-sh" is a login shell, and rustup's programs go by argv[0]. */
  const char *const called = deja_base_of(start->argv[0]);
  if (strcmp(called, name) != 0) {
    const bool is_tool =
        deja_rule_for(table, name, strlen(name), NULL, NULL) == DEJA_ROUTE_ACTION ||
        deja_rule_for(table, called, strlen(called), NULL, NULL) == DEJA_ROUTE_ACTION;
    return deja_decided(is_tool ? DEJA_ROUTE_ALONE : DEJA_ROUTE_DRIVER,
                        "it is called by another name");
  }
  deja_line_of(name, start->argv + 1, line, sizeof line);
  switch (deja_rule_for(table, name, strlen(name), start->path, line)) {
    case DEJA_ROUTE_ALONE: return deja_decided(DEJA_ROUTE_ALONE, "a rule leaves it alone");
    case DEJA_ROUTE_SHORT: return deja_decided(DEJA_ROUTE_ALONE, "it takes little time");
    case DEJA_ROUTE_DRIVER: return deja_decided(DEJA_ROUTE_DRIVER, "it starts other programs");
    case DEJA_ROUTE_ACTION: return deja_decided(DEJA_ROUTE_ACTION, "a tool that deja knows");
    case DEJA_ROUTE_COMMAND: return deja_asked(table, name, start->path, line);
    case DEJA_ROUTE_SHELL: return deja_route_of_shell(table, start);
    case DEJA_ROUTE_INTERPRETER: return deja_route_of_interpreter(table, start);
    default: return deja_route_of_unknown(table, start);
  }
}

/* --- shapes -------------------------------------------------------------------------------------------- */

static inline uint64_t deja_mix(uint64_t hash, const char *text, size_t size) {
  for (size_t i = 0; i < size; ++i)
    hash = (hash ^ DEJA_AS(unsigned char, text[i])) * UINT64_C(1099511628211);
  return (hash ^ 0xff) * UINT64_C(1099511628211);
}

/* A file's name says little of how long the command takes, but a script's does: of "src/a.in" only ".in"
 * counts, of "tools/gen.py" and "./gen" the name. Digits never count. */
static inline uint64_t deja_mix_word(uint64_t hash, const char *word, size_t size) {
  static const char scripts[] = ".py\0.pl\0.sh\0.rb\0.js\0.lua\0.awk\0.sed\0.tcl\0";
  const char *const end = word + size;
  const char *name = word, *dot = NULL;
  for (const char *p = word; p < end; ++p) {
    if (*p == '/') name = p + 1, dot = NULL;
    if (*p == '.') dot = p;
  }
  if (dot == NULL || dot == name || deja_is_one_of(scripts, dot, DEJA_AS(size_t, end - dot)))
    dot = name;
  for (; dot < end; ++dot)
    if (!(*dot >= '0' && *dot <= '9')) hash = deja_mix(hash, dot, 1);
  return deja_mix(hash, "", 0);
}

/* Commands of one shape take about the same time, and can be stored or cannot. */
static inline uint64_t deja_shape_of(const char *name, char *const *arguments) {
  uint64_t hash = deja_mix(UINT64_C(14695981039346656037), name, strlen(name));
  for (; *arguments; ++arguments) {
    const char *text = *arguments;
    while (*text) {
      size_t size = 0;
      while (deja_is_word_byte(text[size])) ++size;
      hash = size ? deja_mix_word(hash, text, size) : deja_mix(hash, text, 1);
      text += size ? size : 1;
    }
    hash = deja_mix(hash, "", 0);
  }
  return hash & ~UINT64_C(3);
}

static inline uint64_t deja_shape_offset(uint64_t shape) {
  return DEJA_SHAPES_HEAD + 8 * ((shape >> 20) % DEJA_SHAPE_SLOTS);
}

/* slots: the DEJA_SHAPE_PROBES numbers at that offset. */
static inline enum deja_shape deja_find_shape(const uint64_t *slots, uint64_t shape) {
  for (unsigned i = 0; i < DEJA_SHAPE_PROBES; ++i)
    if (slots[i] != 0 && (slots[i] & ~UINT64_C(3)) == shape)
      return DEJA_AS(enum deja_shape, slots[i] & 3);
  return DEJA_SHAPE_UNKNOWN;
}
