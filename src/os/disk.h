// SPDX-License-Identifier: Apache-2.0
// What a store needs of files beyond os/file.h: appending, overwriting in place, making a whole
// file system durable, and installing a finished file under its final name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/fd.h"
#include "os/file.h"

namespace deja::os {

// Creates the file (mode 0600) if it is missing. Every write goes to the end, also with several writers. A symlink is
// an error unless it is to be followed: one in the cache directory could lead to any file of the user.
Result<Fd> open_append(const std::string& path, Links links = Links::keep);
Result<Fd> open_directory(const std::string& path);
// A symlink is an error.
Result<Fd> open_read_write(const std::string& path);
// Creates the file (mode 0600) when missing. Follows no symlink. Async-signal-safe.
void create_empty_file(const char* path);
// Replaces the bytes at the start of the file; the rest stays.
Status overwrite_start(const Fd& fd, std::string_view bytes);
// All bytes from the file's start, independent of the file offset. Empty: more than the limit.
Result<std::optional<std::string>> read_from_start(const Fd& fd, std::uint64_t limit_bytes);
// Up to size bytes from that offset; fewer at the end of the file.
Result<std::string> read_range(const Fd& fd, std::uint64_t offset, std::size_t size);
// Makes everything written so far to the file system that holds fd durable.
Status sync_file_system(const Fd& fd);
// Sets mtime and atime.
Status set_mtime(const Fd& fd, std::int64_t ns);
// Renames unless `to` exists: then false, and `from` stays. A file system without RENAME_NOREPLACE
// replaces.
Result<bool> rename_new(const std::string& from, const std::string& to);

}  // namespace deja::os
