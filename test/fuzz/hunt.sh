#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a libFuzzer target over a copy of its corpus for DEJA_HUNT_SECONDS (default 10). What it finds
# is left where it says, in the current folder.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/found"
"$1" -max_total_time="${DEJA_HUNT_SECONDS:-10}" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
  "$work/found" "$2"
