// SPDX-License-Identifier: Apache-2.0
// The reader: a pack may come from anywhere, so every number in it is checked before it is used, once for the whole
// table when it is opened and again for each row that is read, because the file may have changed. The table is
// searched in the file: twenty short reads find one of a million names.
//
// Tested by pack_file_test.cc and test/fuzz/pack.cc.
#include "remote/pack_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/bytes.h"
#include "os/clock.h"
#include "os/disk.h"
#include "os/file.h"
#include "remote/source.h"

namespace deja::remote {
namespace {

constexpr std::string_view kPackMagic = "dejapack";
constexpr std::uint32_t kPackVersion = 1;
constexpr std::uint64_t kPackHeadBytes = 40;
constexpr std::uint64_t kRowBytes = 1 + 32 + 8 + 8;
constexpr std::size_t kPackPieceBytes = 64 << 10;
constexpr std::uint64_t kRowsAtOnce = 1024;

std::string_view view(const std::array<std::uint8_t, 32>& id) {
  return {reinterpret_cast<const char*>(id.data()), id.size()};
}

}  // namespace

Result<std::unique_ptr<PackFile>> PackFile::open(const std::string& path) {
  os::Fd file = TRY(os::open_read(path));
  std::unique_ptr<PackFile> pack(new PackFile(path, std::move(file)));
  TRY(pack->read_head());
  return pack;
}

Error PackFile::error(Code code, std::string_view what) const {
  return {code, 0, name() + ": " + std::string(what)};
}

Status PackFile::read_head() {
  const os::FileIdentity identity = TRY(os::stat_fd(file_));
  if (!identity.is_regular()) return error(Code::invalid, "it is not a regular file");
  std::string head(kPackHeadBytes, '\0');
  if (TRY(os::read_at(file_, 0, head.data(), head.size())) != head.size())
    return error(Code::corrupt, "it is too short for a pack");
  Decoder d(head);
  if (d.raw(8) != kPackMagic) return error(Code::corrupt, "it is not a pack of deja");
  if (const std::uint32_t version = d.u32(); version != kPackVersion)
    return error(Code::protocol, "it is a pack of version " + std::to_string(version) +
                                     "; this version of deja reads version 1");
  if (d.u32() != 0) return error(Code::corrupt, "its head is damaged");
  count_ = d.u64();
  table_offset_ = d.u64();
  const std::uint64_t size = d.u64();
  if (size != identity.size) return error(Code::corrupt, "it is incomplete");
  if (table_offset_ < kPackHeadBytes || table_offset_ > size || count_ > size / kRowBytes ||
      size - table_offset_ != count_ * kRowBytes)
    return error(Code::corrupt, "its table is not where its head says");
  std::optional<Name> before;
  bool is_sorted = true;
  const auto compare = [&](const Row& row) {
    is_sorted = !before || *before < row.name;
    before = row.name;
    return is_sorted;
  };
  TRY(each_row(compare));
  if (!is_sorted) return error(Code::corrupt, "its table is not sorted");
  return {};
}

// A row that was read again, since it may have changed.
Result<PackFile::Row> PackFile::row_of(std::string_view bytes) const {
  Decoder d(bytes);
  Row row;
  const std::uint8_t kind = d.u8();
  row.name.kind = static_cast<Kind>(kind);
  const std::string_view id = d.raw(32);
  std::copy(id.begin(), id.end(), row.name.id.begin());
  row.offset = d.u64();
  row.size = d.u64();
  if (!d.done() || kind > static_cast<std::uint8_t>(Kind::blob) || row.offset < kPackHeadBytes ||
      row.offset > table_offset_ || row.size > table_offset_ - row.offset)
    return error(Code::corrupt, "a row of its table is damaged");
  return row;
}

Status PackFile::each_row(const std::function<bool(const Row&)>& each) const {
  std::string rows;
  for (std::uint64_t number = 0; number < count_; number += kRowsAtOnce) {
    rows.resize(std::min(kRowsAtOnce, count_ - number) * kRowBytes);
    const std::uint64_t offset = table_offset_ + number * kRowBytes;
    if (TRY(os::read_at(file_, offset, rows.data(), rows.size())) != rows.size())
      return error(Code::corrupt, "it was truncated");
    for (std::size_t at = 0; at < rows.size(); at += kRowBytes) {
      const Row row = TRY(row_of(std::string_view(rows).substr(at, kRowBytes)));
      if (!each(row)) return {};
    }
  }
  return {};
}

Result<PackFile::Row> PackFile::read_row(std::uint64_t number) const {
  std::array<char, kRowBytes> bytes{};
  const std::uint64_t offset = table_offset_ + number * kRowBytes;
  if (TRY(os::read_at(file_, offset, bytes.data(), bytes.size())) != bytes.size())
    return error(Code::corrupt, "it was truncated");
  return row_of({bytes.data(), bytes.size()});
}

Result<std::optional<PackFile::Row>> PackFile::find(const Name& name) const {
  std::uint64_t from = 0, to = count_;
  while (from < to) {
    const std::uint64_t middle = from + (to - from) / 2;
    const Row row = TRY(read_row(middle));
    if (row.name == name) return std::optional(row);
    (row.name < name ? from : to) = row.name < name ? middle + 1 : middle;
  }
  return std::optional<Row>();
}

Status PackFile::start(Deadline deadline) const {
  if (is_stopped_) return error(Code::unavailable, "stopped");
  if (deadline.is_past(os::monotonic_ns())) return error(Code::timeout, "the deadline has passed");
  return {};
}

Status PackFile::check_size(const Row& row, std::uint64_t max_bytes) const {
  if (row.size <= max_bytes) return {};
  return error(Code::protocol, row.name.path() + " has " + std::to_string(row.size) +
                                   " bytes, at most " + std::to_string(max_bytes) +
                                   " were asked for");
}

Result<bool> PackFile::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                              Deadline deadline) {
  TRY(start(deadline));
  const auto row = TRY(find(name));
  if (!row) return false;
  TRY(check_size(*row, max_bytes));
  std::string piece(std::min<std::uint64_t>(row->size, kPackPieceBytes), '\0');
  for (std::uint64_t done = 0; done < row->size; done += piece.size()) {
    TRY(start(deadline));
    piece.resize(std::min<std::uint64_t>(piece.size(), row->size - done));
    if (TRY(os::read_at(file_, row->offset + done, piece.data(), piece.size())) != piece.size())
      return error(Code::corrupt, "it was truncated");
    TRY(sink(piece));
  }
  return true;
}

Result<std::optional<Object>> PackFile::get(const Name& name, std::uint64_t max_bytes,
                                            Deadline deadline) {
  std::string bytes;
  const auto append = [&bytes](std::string_view piece) -> Status {
    bytes.append(piece);
    return {};
  };
  if (!TRY(get_to(name, max_bytes, append, deadline))) return std::optional<Object>();
  return std::optional(Object{std::move(bytes), {}});
}

Result<std::vector<std::optional<Object>>> PackFile::get_many(std::span<const Name> names,
                                                              std::uint64_t max_bytes,
                                                              Deadline deadline) {
  std::vector<std::optional<Object>> objects;
  objects.reserve(names.size());
  TRY(start(deadline));
  for (const Name& name : names) objects.push_back(TRY(get(name, max_bytes, deadline)));
  return objects;
}

Result<std::vector<bool>> PackFile::exists(std::span<const Name> names, Deadline deadline) {
  std::vector<bool> found;
  TRY(start(deadline));
  for (const Name& name : names) found.push_back(TRY(find(name)).has_value());
  return found;
}

Status PackFile::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  TRY(start(deadline));
  return each_row([&](const Row& row) { return each({row.name, row.size}); });
}

Status PackFile::refuse() const {
  return error(Code::denied, "a pack cannot be changed: write a new one with 'deja remote push'");
}
Status PackFile::put(const Name&, const Source&, Deadline) { return refuse(); }
Result<Put> PackFile::replace(const Name&, std::string_view, const std::string&, Deadline) {
  return refuse().error();
}
Result<bool> PackFile::remove(const Name&, Deadline) { return refuse().error(); }

// What one user of the writer sees.
class PackWriter::Client final : public Transport {
 public:
  explicit Client(PackWriter& writer) : writer_(writer) {}

  std::string name() const override { return "new pack " + writer_.path_; }
  Abilities abilities() const override { return {.replaces_by_version = true, .lists = true}; }
  void stop() override { is_stopped_ = true; }

  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override;
  Result<std::vector<bool>> exists(std::span<const Name> names, Deadline deadline) override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;
  Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) override;

 private:
  Error error(Code code, std::string_view what) const {
    return {code, 0, name() + ": " + std::string(what)};
  }
  Status start(Deadline deadline) const {
    if (is_stopped_) return error(Code::unavailable, "stopped");
    if (deadline.is_past(os::monotonic_ns()))
      return error(Code::timeout, "the deadline has passed");
    return {};
  }
  std::optional<Place> find(const Name& name) const {
    const MutexLock lock(writer_.mutex_);
    const auto at = writer_.places_.find(name);
    if (at == writer_.places_.end()) return std::nullopt;
    return at->second;
  }

  PackWriter& writer_;
  std::atomic<bool> is_stopped_{false};
};

// Bytes that were written never change, so they are read without the lock.
Result<bool> PackWriter::Client::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                        Deadline deadline) {
  TRY(start(deadline));
  const auto place = find(name);
  if (!place) return false;
  if (place->size > max_bytes)
    return error(Code::protocol, name.path() + " is longer than was asked for");
  std::string piece(std::min<std::uint64_t>(place->size, kPackPieceBytes), '\0');
  for (std::uint64_t done = 0; done < place->size; done += piece.size()) {
    piece.resize(std::min<std::uint64_t>(piece.size(), place->size - done));
    if (TRY(os::read_at(writer_.file_, place->offset + done, piece.data(), piece.size())) !=
        piece.size())
      return error(Code::corrupt, "it was truncated");
    TRY(sink(piece));
  }
  return true;
}

Result<std::optional<Object>> PackWriter::Client::get(const Name& name, std::uint64_t max_bytes,
                                                      Deadline deadline) {
  TRY(start(deadline));
  // The version first: when the object is replaced meanwhile, a replace() with this version is lost.
  const auto place = find(name);
  Object object;
  const auto append = [&object](std::string_view piece) -> Status {
    object.bytes.append(piece);
    return {};
  };
  if (!place || !TRY(get_to(name, max_bytes, append, deadline))) return std::optional<Object>();
  object.version = std::to_string(place->version);
  return std::optional(std::move(object));
}

Result<std::vector<std::optional<Object>>> PackWriter::Client::get_many(std::span<const Name> names,
                                                                        std::uint64_t max_bytes,
                                                                        Deadline deadline) {
  TRY(start(deadline));
  std::vector<std::optional<Object>> objects;
  objects.reserve(names.size());
  for (const Name& name : names) objects.push_back(TRY(get(name, max_bytes, deadline)));
  return objects;
}

Result<std::vector<bool>> PackWriter::Client::exists(std::span<const Name> names,
                                                     Deadline deadline) {
  TRY(start(deadline));
  std::vector<bool> found;
  for (const Name& name : names) found.push_back(find(name).has_value());
  return found;
}

Status PackWriter::Client::put(const Name& name, const Source& source, Deadline deadline) {
  TRY(start(deadline));
  const MutexLock lock(writer_.mutex_);
  if (name.kind == Kind::blob && writer_.places_.contains(name)) return {};  // the same bytes
  const Place place = TRY(writer_.append(source));
  writer_.places_[name] = place;
  return {};
}

Result<Put> PackWriter::Client::replace(const Name& name, std::string_view bytes,
                                        const std::string& version, Deadline deadline) {
  TRY(start(deadline));
  const MutexLock lock(writer_.mutex_);
  const auto at = writer_.places_.find(name);
  const std::string present = at == writer_.places_.end() ? "" : std::to_string(at->second.version);
  if (present != version) return Put::lost;
  const Place place = TRY(writer_.append({.bytes = bytes}));
  writer_.places_[name] = place;
  return Put::stored;
}

Result<bool> PackWriter::Client::remove(const Name& name, Deadline deadline) {
  TRY(start(deadline));
  const MutexLock lock(writer_.mutex_);
  return writer_.places_.erase(name) != 0;
}

Status PackWriter::Client::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  TRY(start(deadline));
  std::vector<Listed> all;
  {
    const MutexLock lock(writer_.mutex_);
    for (const auto& [name, place] : writer_.places_) all.push_back({name, place.size});
  }
  for (const Listed& listed : all)
    if (!each(listed)) break;
  return {};
}

PackWriter::PackWriter(std::string path, std::string temp, os::Fd file)
    : path_(std::move(path)), temp_(std::move(temp)), file_(std::move(file)) {}

Result<std::unique_ptr<PackWriter>> PackWriter::create(const std::string& path) {
  static std::atomic<unsigned> serial{0};
  const std::string temp =
      path + ".tmp" + std::to_string(::getpid()) + "." + std::to_string(serial++);
  os::Fd file = TRY(os::create_file(temp, 0600));
  std::unique_ptr<PackWriter> writer(new PackWriter(path, temp, std::move(file)));
  const MutexLock lock(writer->mutex_);
  TRY(writer->write(std::string(kPackHeadBytes, '\0')));  // no pack yet
  return writer;
}

PackWriter::~PackWriter() {
  const MutexLock lock(mutex_);
  if (!is_finished_) ignore(os::remove_file(temp_), "nothing else can be done");
}

std::unique_ptr<Transport> PackWriter::client() { return std::make_unique<Client>(*this); }

Status PackWriter::write(std::string_view bytes) {
  if (is_finished_) return Error{Code::invalid, 0, "pack " + path_ + ": it is finished"};
  TRY(os::write_fd(file_, bytes));
  end_ += bytes.size();
  return {};
}

// After an error the place of what was written of it is not known, so nothing more can be written.
Result<PackWriter::Place> PackWriter::append(const Source& source) {
  if (is_broken_) return Error{Code::io, 0, "pack " + path_ + ": an earlier write has failed"};
  const std::uint64_t offset = end_;
  bool is_ours = false;  // the failure
  const auto add = [&](std::string_view piece) REQUIRES_LOCK(mutex_) {
    auto written = write(piece);
    is_ours = !written;
    return written;
  };
  if (auto read = read_source(source, kPackPieceBytes, add); !read) {
    is_broken_ = is_ours;
    return std::move(read).error();
  }
  return Place{offset, end_ - offset, ++last_version_};
}

Status PackWriter::finish() {
  const MutexLock lock(mutex_);
  if (is_broken_) return Error{Code::io, 0, "pack " + path_ + ": an earlier write has failed"};
  const std::uint64_t table_offset = end_;
  Encoder rows;
  for (const auto& [name, place] : places_) {
    rows.u8(static_cast<std::uint8_t>(name.kind));
    rows.raw(view(name.id));
    rows.u64(place.offset);
    rows.u64(place.size);
  }
  TRY(write(rows.view()));
  Encoder head;
  head.raw(kPackMagic);
  head.u32(kPackVersion);
  head.u32(0);
  head.u64(places_.size());
  head.u64(table_offset);
  head.u64(end_);
  TRY(os::overwrite_start(file_, head.view()));
  TRY(os::sync_fd(file_));
  TRY(os::rename_file(temp_, path_));
  is_finished_ = true;
  return {};
}

}  // namespace deja::remote
