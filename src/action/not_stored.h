// SPDX-License-Identifier: Apache-2.0
// Why a run of the tool was not stored: one table, like that of the bypasses (tool/tool.h). Each reason has
// a row in not_stored.cc. The table makes docs/not-stored.md, the codes in events and the names in
// `deja stats`; tools/tidy.py wants a test that expects each code.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace deja::action {

enum class NotStored : std::uint8_t {
  // The run.
  read_only,          // the store, or --read-only
  tool_failed,        // and its failure is not to be stored
  tool_killed,        // by a signal
  timed_out,          // deja exec --timeout
  text_not_captured,  // or a process was left behind that may still write
  stdin_read,
  // The observation.
  not_observed,
  log_incomplete,
  program_not_observed,
  too_many_records,
  // What the tool read and looked at.
  input_changed,
  input_too_new,  // the clock of the file system is too coarse to tell
  input_gone,
  input_appeared,  // what was looked for in vain
  path_unreadable,
  too_many_symlinks,
  access_refused,
  changed_after_refusal,
  call_failed,
  link_replaced,
  device_read,
  descriptor_used,
  random_build_id,
  random_read,
  shared_cache,
  foreign_commands,
  connected,
  machine_asked,
  // The clock.
  clock_read,
  local_time,
  day_changed,
  time_written,
  // What the tool wrote.
  changed_in_place,
  input_rewritten,
  file_deleted,
  file_renamed,
  renamed_in_listing,
  hard_link,
  attributes_changed,
  special_file_left,
  symlink_written_through,
  lock_left,
  random_name,
  output_changed,
  output_contended,
  output_unreadable,
  output_looked_for,
  times_stored,
  temporary_name_printed,
  escapes_in_input,
  // Modules that clang makes on demand.
  module_unclear,
  module_messages,
  module_failure,
  module_cache_named,
  // Only deja exec.
  not_declared,
  output_not_written,
  depfile_unusable,
  include_unknown,
  output_name_filtered,
  // The cache itself.
  too_cheap,  // the setting min_cost
  store_failed,
};

struct NotStoredRow {
  NotStored reason;
  const char* code;      // stable: events, stats, docs
  const char* sentence;  // for people
  const char* remedy;    // what the user can do; empty: nothing
};
// All rows in the order of the enum.
std::span<const NotStoredRow> not_stored_rows();
const NotStoredRow& row_of(NotStored reason);
const NotStoredRow* find_not_stored(std::string_view code);  // null: no such code

// Why one run was not stored.
struct Problem {
  NotStored reason;
  std::string detail = {};  // the path or the name; one line, may be empty

  std::string_view code() const { return row_of(reason).code; }
  // "a file that the tool used changed during the run: /src/a.h": the sentence as the end of another one.
  std::string in_words() const;
  bool operator==(const Problem&) const = default;
};

}  // namespace deja::action
