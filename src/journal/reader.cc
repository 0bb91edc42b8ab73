// SPDX-License-Identifier: Apache-2.0
#include "journal/reader.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "journal/journal.h"
#include "os/file.h"
#include "os/mapping.h"

namespace deja::journal {
namespace {

// Writers may exceed kRotateBytes while one of them rotates, but never reach this size.
constexpr std::uint64_t kEventFileMax = 64 << 20;

// Visits events, last line first. False: the visitor has enough.
template <typename Visitor>
bool read_backwards(std::string_view text, const Visitor& visit) {
  while (!text.empty()) {
    if (text.back() == '\n') text.remove_suffix(1);
    const std::size_t before = text.rfind('\n');
    const std::size_t start = before == std::string_view::npos ? 0 : before + 1;
    auto event = parse_line(text.substr(start));
    if (event && !visit(*event)) return false;
    text = text.substr(0, start);
  }
  return true;
}

template <typename Visitor>
Status read_all_backwards(const std::string& dir, const Visitor& visit) {
  for (const char* name : {kEventsFile, kOlderEventsFile}) {
    const auto fd = TRY(os::open_read_if_exists(dir + "/" + name));
    if (!fd) continue;
    const std::uint64_t size = TRY(os::stat_fd(*fd)).size;
    if (size == 0) continue;
    if (size > kEventFileMax)
      return Error{Code::invalid, 0, dir + "/" + name + " is too large for a journal; remove it"};
    // Mapped, because a report reads all of it once. Writers only append.
    const auto mapping = TRY(os::Mapping::read_only(*fd, size));
    if (!read_backwards(mapping.view(), visit)) break;
  }
  return {};
}

struct OpenEventFile {
  os::Fd fd;
  os::FileIdentity identity;
};

std::optional<OpenEventFile> open_events(const std::string& path) {
  auto fd = os::open_read_if_exists(path);
  if (!fd || !*fd) return std::nullopt;
  auto identity = os::stat_fd(**fd);
  if (!identity || !identity->is_regular()) return std::nullopt;
  return OpenEventFile{*std::move(*fd), *identity};
}

// Reads whole lines from offset on; moves offset behind them.
void read_forwards(const OpenEventFile& file, std::uint64_t& offset, std::vector<Event>& events) {
  if (file.identity.size <= offset) return;
  const auto mapping = os::Mapping::read_only(file.fd, file.identity.size);
  if (!mapping) return;
  std::string_view text = mapping->view().substr(offset);
  for (;;) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return;
    if (auto event = parse_line(text.substr(0, end))) events.push_back(*std::move(event));
    offset += end + 1;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

Result<std::vector<Event>> read_events(const std::string& dir, std::size_t limit,
                                       const Filter& filter, Which which) {
  std::vector<Event> events;
  if (limit == 0) return events;
  TRY(read_all_backwards(dir, [&](Event& event) {
    const bool is_asked = which == Which::all || event.outcome != Outcome::running;
    if (is_asked && (!filter || filter(event))) events.push_back(std::move(event));
    return events.size() < limit;
  }));
  std::ranges::reverse(events);
  return events;
}

Status visit_events(const std::string& dir, const Visit& visit) {
  return read_all_backwards(
      dir, [&](const Event& event) { return event.outcome == Outcome::running || visit(event); });
}

Follower::Follower(std::string dir) : dir_(std::move(dir)) {
  if (const auto file = open_events(dir_ + "/" + kEventsFile)) {
    inode_ = file->identity.inode;
    offset_ = file->identity.size;
  }
}

std::vector<Event> Follower::poll() {
  std::vector<Event> events;
  const auto current = open_events(dir_ + "/" + kEventsFile);
  if (!current) return events;
  if (current->identity.inode != inode_) {
    const auto older = open_events(dir_ + "/" + kOlderEventsFile);
    if (older && older->identity.inode == inode_) read_forwards(*older, offset_, events);
    inode_ = current->identity.inode;
    offset_ = 0;
  }
  read_forwards(*current, offset_, events);
  return events;
}

}  // namespace deja::journal
