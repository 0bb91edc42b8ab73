// SPDX-License-Identifier: Apache-2.0
// The table of reasons why a run was not stored. The sentences start with what
// did something (the tool, a file, another process), so that they can follow "nothing was stored: ".
//
// Tested by not_stored_test.cc.
#include "action/not_stored.h"

#include <algorithm>
#include <cctype>
#include <iterator>

#include "base/check.h"

namespace deja::action {
namespace {

using enum NotStored;

constexpr const char* kAgain = "Run the command again.";

constexpr NotStoredRow kRows[] = {
    {read_only, "read_only", "The cache is read-only.",
     "Leave out `--read-only`, or make the cache directory writable."},
    {tool_failed, "tool_failed", "The tool failed, and its failure is not stored.",
     "`deja exec --cache-failures` stores failures."},
    {tool_killed, "tool_killed", "A signal ended the tool.", ""},
    {timed_out, "timed_out", "The tool took longer than --timeout allows, and was ended.",
     "Give `--timeout` a longer time."},
    {text_not_captured, "text_not_captured",
     "The tool's text could not be captured completely, or it left a process behind.",
     "Let the tool wait for the processes that it starts."},
    {stdin_read, "stdin_read", "The tool read standard input, which is not part of the key.",
     "Redirect it from `/dev/null`, or use `deja exec --stdin keyed`."},
    {not_observed, "not_observed", "The run was not observed.",
     "`deja doctor` tests whether programs can be observed."},
    {log_incomplete, "log_incomplete", "What the run did was not recorded completely.", kAgain},
    {program_not_observed, "program_not_observed",
     "A program of the run could not be observed completely.",
     "Run the command again: from now on the supervisor observes such a tool, where it can."},
    {too_many_records, "too_many_records", "The run did more than deja can record.",
     "Split the command into several."},
    {input_changed, "input_changed", "A file that the tool used changed during the run.", kAgain},
    {input_too_new, "input_too_new",
     "A file was so new when the tool read it that a later change may not show.", kAgain},
    {input_gone, "input_gone",
     "A file that the tool used was gone or could not be read after the run.", kAgain},
    {input_appeared, "input_appeared",
     "A file that the tool looked for and did not find appeared during the run.", kAgain},
    {path_unreadable, "path_unreadable",
     "The cache cannot look at something that the tool looked at.",
     "Check the permissions of the path."},
    {too_many_symlinks, "too_many_symlinks", "A path of the tool leads through too many symlinks.",
     "Use a path with fewer symlinks."},
    {access_refused, "access_refused", "The tool was refused access that this user has.", ""},
    {changed_after_refusal, "changed_after_refusal",
     "The tool changed a file after it had been refused access to it.", ""},
    {call_failed, "call_failed",
     "The tool could not open or look at something, for a reason that cannot be checked later.",
     ""},
    {link_replaced, "link_replaced",
     "The tool replaced a directory or symlink after it had used a path through it.", ""},
    {device_read, "device_read",
     "The tool read a device or a file of the kernel, whose content cannot be checked later.", ""},
    {descriptor_used, "descriptor_used",
     "The tool used an open descriptor by its name, which hides the file behind it.",
     "Name the file itself."},
    {random_build_id, "random_build_id",
     "The linker read random numbers for a build ID (--build-id=uuid).",
     "Link with `--build-id=sha1`."},
    {random_read, "random_read", "An unknown program read random numbers.",
     "If they do not reach its outputs, run it with `deja exec`."},
    {shared_cache, "shared_cache", "The tool used a cache of its own that several links share.",
     "Link without ThinLTO's cache directory."},
    {foreign_commands, "foreign_commands",
     "A program of the run read commands that this run had not written.", ""},
    {connected, "connected", "The tool connected to another process or to the network.", ""},
    {machine_asked, "machine_asked",
     "The tool asked the machine for something that cannot be checked later.", ""},
    {clock_read, "clock_read", "The tool read the clock.",
     "If the time does not matter, run the tool with `deja exec`, without `--clock-counts`."},
    {local_time, "local_time", "The tool called localtime() for more than today's date.",
     "Set `SOURCE_DATE_EPOCH`, if the tool knows it."},
    {day_changed, "day_changed", "The tool may have output the date, and the day changed.", kAgain},
    {time_written, "time_written", "The tool read the clock, and may have output the time.",
     "Set `SOURCE_DATE_EPOCH`, or avoid `__TIME__`, `__DATE__` and the like."},
    {changed_in_place, "changed_in_place", "The tool changed a file that was there before.",
     "Let the tool write a new file."},
    {input_rewritten, "input_rewritten", "The tool wrote to a file that it had read.",
     "Let the tool write to a file that it does not read."},
    {file_deleted, "file_deleted", "The tool deleted a file that it had not made.", ""},
    {file_renamed, "file_renamed",
     "The tool renamed a file that it had not made, or exchanged two files.", ""},
    {renamed_in_listing, "renamed_in_listing",
     "The tool listed a directory in which it may have replaced something by a rename.", ""},
    {hard_link, "hard_link", "The tool made a hard link, or an output has other hard links.", ""},
    {attributes_changed, "attributes_changed",
     "The tool changed the attributes of a file that it had not made, or in a way that a hit does "
     "not repeat.",
     ""},
    {special_file_left, "special_file_left",
     "The tool left something that is not a file, directory or symlink.", ""},
    {symlink_written_through, "symlink_written_through",
     "The tool wrote through a symlink that may not have been there before.", ""},
    {lock_left, "lock_left", "The tool left a file that it had locked.", ""},
    {random_name, "random_name", "The tool left a file with a random name.", ""},
    {output_changed, "output_changed", "Another process changed an output of the tool.", kAgain},
    {output_contended, "output_contended",
     "Another command was writing one of the same outputs at that time.",
     "Give each command outputs of its own."},
    {output_unreadable, "output_unreadable", "The cache cannot read an output of the tool.",
     "Check the permissions of the output."},
    {output_looked_for, "output_looked_for",
     "The tool looked for an output of its own before it made it.",
     "Declare the output (`deja exec --output-file`)."},
    {times_stored, "times_stored", "An output of the tool holds times and owners of files.",
     "Give `ar` the modifier `D`."},
    {temporary_name_printed, "temporary_name_printed",
     "The tool printed the name of a temporary file, which changes with each run.", ""},
    {escapes_in_input, "escapes_in_input",
     "The tool printed text, and a file that it read has escape sequences, such as those for "
     "colours.",
     ""},
    {module_unclear, "module_unclear",
     "A module of clang's module cache was made or read in a way that cannot be checked.", kAgain},
    {module_messages, "module_messages", "The tool made a module and printed something.",
     "Run the command again: the module is there now."},
    {module_failure, "module_failure", "The tool failed and had used clang's module cache.", ""},
    {module_cache_named, "module_cache_named", "A source names files of clang's module cache.", ""},
    {not_declared, "not_declared", "The tool used something that is not declared (--strict).",
     "Declare it, or leave out `--strict`."},
    {output_not_written, "output_not_written", "The tool did not write an output that is declared.",
     "Use `--optional-output` for an output that may be missing."},
    {depfile_unusable, "depfile_unusable", "The tool's depfile does not name its inputs.",
     "Check what the tool writes into it, or leave out `--depfile`."},
    {include_unknown, "include_unknown",
     "A source includes what a macro names, so its inputs are not known.",
     "Leave out `--declared-only`, or declare the file."},
    {output_name_filtered, "output_name_filtered",
     "An argument that --key-args-filter leaves out of the key names an output.",
     "Make the filter narrower."},
    {too_cheap, "too_cheap", "The tool took less time than `min_cost` says.",
     "Lower `min_cost`; `deja config` says where it is set."},
    {store_failed, "store_failed", "The store could not keep the result.",
     "`deja stats` lists the troubles; `deja verify` checks the store."},
};

}  // namespace

std::span<const NotStoredRow> not_stored_rows() { return kRows; }

const NotStoredRow& row_of(NotStored reason) {
  const auto index = static_cast<std::size_t>(reason);
  CHECK(index < std::size(kRows) && kRows[index].reason == reason);
  return kRows[index];
}

const NotStoredRow* find_not_stored(std::string_view code) {
  const auto* row = std::find_if(std::begin(kRows), std::end(kRows),
                                 [&](const NotStoredRow& r) { return code == r.code; });
  return row == std::end(kRows) ? nullptr : row;
}

std::string Problem::in_words() const {
  std::string words = row_of(reason).sentence;
  words.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(words.front())));
  words.pop_back();
  return detail.empty() ? words : words + ": " + detail;
}

}  // namespace deja::action
