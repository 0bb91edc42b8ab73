// SPDX-License-Identifier: Apache-2.0
/* What `deja run` hands to the interposer: a table of rules in a file of the cache directory, and the table
 * of command shapes that earlier builds have measured. This header is the whole contract; the table is
 * written by cli/run_table.cc, the shapes by pipeline/shapes.cc.
 *
 * A file, because nothing that a build step does to its descriptors or its environment reaches it. Its name
 * holds the hash of its content, so it never changes while a build reads it. */
#pragma once

#include <stdint.h>

/* The variable with the path of the table, "<cache directory>/run/<name>", then for each descriptor above 9
 * that the build was given ",<number>:<device>:<inode>". It is hidden from programs like DEJA_LOG_VARIABLE.
 * A client that has it runs what it does not store under the same routing. */
#define DEJA_ROUTE_VARIABLE "DEJA_ROUTE_TABLE"
#define DEJA_ROUTE_DIRECTORY "/run/"

/* The client's first argument: the program's path and its argv follow. The second one is for a program
 * that no rule names. */
#define DEJA_ROUTED_OPTION "--routed"
#define DEJA_COMMAND_OPTION "--routed-command"

#define DEJA_ROUTE_MAGIC 0x54524a44u /* "DJRT" */
#define DEJA_ROUTE_VERSION 1u
#define DEJA_ROUTE_SIZE_MAX (256u << 10)

enum deja_route_kind {
  DEJA_RULE_NAME = 1,  /* the program's name is this */
  DEJA_RULE_DECORATED, /* the same, with a target before it and a version behind it */
  DEJA_RULE_GLOB,      /* the name matches this pattern */
  DEJA_RULE_PATH,      /* the path matches this pattern */
  DEJA_RULE_LINE /* the name and the arguments, with spaces between them, match this pattern */
};

enum deja_route {
  DEJA_ROUTE_NONE, /* no rule says anything */
  /* What is decided. */
  DEJA_ROUTE_ALONE,  /* runs as it is, and what it starts, too */
  DEJA_ROUTE_DRIVER, /* runs as it is; what it starts is looked at */
  DEJA_ROUTE_OWN,    /* deja's own client */
  DEJA_ROUTE_ACTION, /* the client runs in its place */
  /* What a rule says of a program before its arguments are looked at. */
  DEJA_ROUTE_SHORT,       /* takes less time than a look-up */
  DEJA_ROUTE_SHELL,       /* its script decides */
  DEJA_ROUTE_INTERPRETER, /* the same, for other languages than the shell's */
  DEJA_ROUTE_COMMAND      /* any program that may be stored by proof */
};

#define DEJA_ROUTE_DRY 1u      /* nothing is routed; the report says what would be */
#define DEJA_ROUTE_COMMANDS 2u /* programs that no rule names are commands; else they are drivers */

/* Then the texts and rules. Offsets are from the start; 0: there is none. A rule is a byte of enum
 * deja_route, a byte of enum deja_route_kind, and a text with its NUL. The first rule that matches counts. */
struct deja_route_table {
  uint32_t magic, version;
  uint32_t size, flags;
  uint64_t client_device, client_inode;
  uint32_t client; /* the path of deja's client */
  uint32_t report; /* the path of the file to which each decision is appended */
  uint32_t shapes; /* the path of the file of shapes */
  uint32_t rules, rule_count;
  uint32_t reserved;
};

/* The shapes: a header, then DEJA_SHAPE_SLOTS numbers, each the hash of a shape with its lowest two bits
 * replaced by enum deja_shape. A shape has DEJA_SHAPE_PROBES slots, from its hash on. */
#define DEJA_SHAPES_MAGIC 0x50534a44u /* "DJSP" */
#define DEJA_SHAPES_VERSION 1u
#define DEJA_SHAPE_SLOTS 8192u
#define DEJA_SHAPE_PROBES 8u
#define DEJA_SHAPES_HEAD 64u
#define DEJA_SHAPES_SIZE (DEJA_SHAPES_HEAD + 8 * (DEJA_SHAPE_SLOTS + DEJA_SHAPE_PROBES))

enum deja_shape {
  DEJA_SHAPE_UNKNOWN,
  DEJA_SHAPE_SHORT, /* takes less time than it costs to store it */
  DEJA_SHAPE_UNFIT  /* was not closed: it can never be stored */
};

struct deja_shapes_head {
  uint32_t magic, version;
};
