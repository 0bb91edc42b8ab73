// SPDX-License-Identifier: Apache-2.0
#include "exchange/blob_transfer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zstd.h>

#include "exchange/exchange_support.h"

namespace deja::exchange {
namespace {

std::string bytes_of(const OutgoingBlob& blob) {
  std::string out(blob.row.stored_size, '\0');
  EXPECT_EQ(*os::read_at(blob.file, 0, out.data(), out.size()), out.size());
  return out;
}

std::string compressed(std::string_view bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 3));
  return out;
}

class BlobTransfer : public testing::Test {
 protected:
  OutgoingBlob prepare(const Digest& digest) {
    auto blob = prepare_blob(digest, *a_.store, a_.scratch);
    EXPECT_TRUE(blob) << blob.error().message;
    EXPECT_TRUE(*blob);
    return **std::move(blob);
  }
  OfferedBlob upload(std::string_view bytes) {
    OutgoingBlob blob = prepare(a_.put(bytes));
    EXPECT_TRUE(transport_.put(blob.row.name(), blob.source(), kNoDeadline));
    return blob.row;
  }
  Result<bool> fetch(const OfferedBlob& row) {
    return fetch_blob(row, transport_, kNoDeadline, *b_.store, b_.scratch);
  }
  // Plants an object of these bytes under the row's name.
  OfferedBlob plant(OfferedBlob row, std::string_view object) {
    row.id = remote::sha256(object);
    row.stored_size = object.size();
    EXPECT_TRUE(transport_.put(row.name(), {.bytes = object}, kNoDeadline));
    return row;
  }
  void expect_refused(const OfferedBlob& row) {
    const auto done = fetch(row);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, Code::corrupt) << done.error().message;
    EXPECT_EQ(b_.store->stats()->blobs, 0U);
    EXPECT_EQ(b_.read(row.digest), "absent");
  }

  Machine a_, b_;
  remote::MemTransport transport_;
};

TEST_F(BlobTransfer, CarriesBytesAsTheyAre) {
  for (const std::string& bytes : {std::string(), std::string("x"), std::string(1, '\0'),
                                   noise(300'000), text(3'000'000), noise(2'500'000)}) {
    const OfferedBlob row = upload(bytes);
    const auto done = fetch(row);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_TRUE(*done);
    EXPECT_TRUE(b_.read(digest::digest_bytes(bytes)) == bytes) << bytes.size();
  }
}

TEST_F(BlobTransfer, CompressesOnlyWhereItPays) {
  EXPECT_EQ(prepare(a_.put(text(100'000))).row.encoding, Encoding::zstd);
  EXPECT_EQ(prepare(a_.put(noise(100'000))).row.encoding, Encoding::raw);
  EXPECT_EQ(prepare(a_.put(noise(3'000'000))).row.encoding, Encoding::raw);
  // A twentieth saved is too little, a fifth is enough.
  EXPECT_EQ(prepare(a_.put(noise(95'000) + std::string(5'000, 'a'))).row.encoding, Encoding::raw);
  EXPECT_EQ(prepare(a_.put(noise(80'000) + std::string(20'000, 'a'))).row.encoding, Encoding::zstd);
}

TEST_F(BlobTransfer, NamesTheObjectByTheBytesThatAreSent) {
  for (const std::string& bytes : {text(100'000), noise(100'000)}) {
    const OutgoingBlob blob = prepare(a_.put(bytes));
    EXPECT_EQ(blob.row.digest, digest::digest_bytes(bytes));
    EXPECT_EQ(blob.row.size, bytes.size());
    const std::string object = bytes_of(blob);
    EXPECT_EQ(object.size(), blob.row.stored_size);
    EXPECT_EQ(blob.row.id, remote::sha256(object));
  }
}

TEST_F(BlobTransfer, SaysWhatIsNotThere) {
  const auto none = prepare_blob(digest::digest_bytes("never put"), *a_.store, a_.scratch);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
  OfferedBlob row = upload("gone");
  EXPECT_TRUE(*transport_.remove(row.name(), kNoDeadline));
  EXPECT_FALSE(*fetch(row));
}

TEST_F(BlobTransfer, RefusesOtherBytes) {
  for (const std::string& bytes : {noise(50'000), text(50'000)}) {
    const OfferedBlob row = upload(bytes);
    std::string other = bytes;
    other[40'000] = static_cast<char>(other[40'000] ^ 1);
    expect_refused(plant(row, row.encoding == Encoding::raw ? other : compressed(other)));
    EXPECT_EQ(b_.read(digest::digest_bytes(other)), "absent");  // the store has not seen them
  }
}

TEST_F(BlobTransfer, RefusesWhatIsShorterOrLonger) {
  for (const std::string& bytes : {noise(50'000), text(50'000)}) {
    const OfferedBlob row = upload(bytes);
    const auto object = transport_.get(row.name(), 1 << 20, kNoDeadline);
    ASSERT_TRUE(object && *object);
    const std::string whole = (**object).bytes;
    expect_refused(plant(row, whole.substr(0, whole.size() - 1)));
    expect_refused(plant(row, std::string()));
    expect_refused(plant(row, whole + "x"));
    expect_refused(plant(row, whole + whole));
  }
}

TEST_F(BlobTransfer, TakesNoMoreThanTheOfferSays) {
  const std::string bytes(30 << 20, 'z');  // a few kilobytes when compressed
  OfferedBlob row = upload(bytes);
  row.size = 1000;
  expect_refused(row);
  row.digest = digest::digest_bytes(bytes.substr(0, 1000));
  expect_refused(row);
}

TEST_F(BlobTransfer, EndsAtTheFirstByteTooMuch) {
  const std::string bytes(8 << 20, 'z');
  OfferedBlob row{digest::digest_bytes("x"), 1000, Encoding::zstd, 1 << 20, {}, {}};
  auto incoming = IncomingBlob::begin(row, b_.scratch);
  ASSERT_TRUE(incoming);
  EXPECT_EQ(incoming->take(compressed(bytes)).error().code, Code::corrupt);
  row.encoding = Encoding::raw;
  row.stored_size = 1000;
  auto plain = IncomingBlob::begin(row, b_.scratch);
  ASSERT_TRUE(plain);
  EXPECT_TRUE(plain->take(bytes.substr(0, 1000)));
  EXPECT_EQ(plain->take("z").error().code, Code::corrupt);
}

// A frame of this content whose header asks for a window of this size.
std::string frame_with_window(std::string_view bytes, int window_log) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  ZSTD_outBuffer out{frame.data(), frame.size(), 0};
  // In two calls, so that the size is not known and the window is not made smaller.
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush);
  EXPECT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  frame.resize(out.pos);
  return frame;
}

TEST_F(BlobTransfer, RefusesAFrameThatAsksForMuchMemory) {
  const std::string bytes = text(50'000);
  const OfferedBlob row = upload(bytes);
  expect_refused(plant(row, frame_with_window(bytes, 27)));
  const auto small = fetch(plant(row, frame_with_window(bytes, 21)));
  EXPECT_TRUE(small && *small) << small.error().message;
}

TEST_F(BlobTransfer, KeepsBytesThatAreInMemory) {
  const std::string bytes = text(20'000);
  const OfferedBlob whole{digest::digest_bytes(bytes), bytes.size(), Encoding::in_offer, 0, {}, {}};
  EXPECT_TRUE(keep_blob(whole, bytes, *b_.store));
  EXPECT_EQ(b_.read(whole.digest), bytes);
  OfferedBlob row = whole;
  row.encoding = Encoding::zstd;
  EXPECT_TRUE(keep_blob(row, compressed(bytes), *b_.store));
  for (const std::string& object :
       {compressed(bytes).substr(1), compressed(bytes + "x"), compressed(bytes.substr(1)), bytes})
    EXPECT_EQ(keep_blob(row, object, *b_.store).error().code, Code::corrupt);
  row.encoding = Encoding::raw;
  for (const std::string& object :
       {compressed(bytes), bytes + "x", bytes.substr(1), "y" + bytes.substr(1)})
    EXPECT_EQ(keep_blob(row, object, *b_.store).error().code, Code::corrupt);
}

long peak_kib() {
  struct rusage usage = {};
  EXPECT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_maxrss;
}

// A remote that counts what is put and hands out zeros, so that the test itself holds nothing.
class ZeroTransport final : public remote::Transport {
 public:
  std::string name() const override { return "zeros"; }
  remote::Abilities abilities() const override { return {}; }
  Result<std::optional<remote::Object>> get(const remote::Name&, std::uint64_t,
                                            remote::Deadline) override {
    return std::optional<remote::Object>();
  }
  Result<bool> get_to(const remote::Name&, std::uint64_t size, const remote::Sink& sink,
                      remote::Deadline) override {
    const std::string piece(64 << 10, '\0');
    for (; size != 0; size -= std::min<std::uint64_t>(size, piece.size()))
      TRY(sink(std::string_view(piece).substr(0, size)));
    return true;
  }
  Result<std::vector<std::optional<remote::Object>>> get_many(std::span<const remote::Name> names,
                                                              std::uint64_t,
                                                              remote::Deadline) override {
    return std::vector<std::optional<remote::Object>>(names.size());
  }
  Result<std::vector<bool>> exists(std::span<const remote::Name> names, remote::Deadline) override {
    return std::vector<bool>(names.size());
  }
  Status put(const remote::Name&, const remote::Source&, remote::Deadline) override { return {}; }
  Result<remote::Put> replace(const remote::Name&, std::string_view, const std::string&,
                              remote::Deadline) override {
    return remote::Put::stored;
  }
  Result<bool> remove(const remote::Name&, remote::Deadline) override { return false; }
  Status list(const std::function<bool(const Listed&)>&, remote::Deadline) override { return {}; }
  void stop() override {}
};

TEST_F(BlobTransfer, MovesALargeBlobInLittleMemory) {
  constexpr std::uint64_t kSize = 192 << 20;
  constexpr long kMemoryKib = 32 << 10;
  const os::Fd file(*os::create_file(a_.store.directory() + "/large", 0600));
  ASSERT_EQ(::ftruncate(file.get(), kSize), 0);  // zeros
  const auto put = a_.store->put_blob(file);
  ASSERT_TRUE(put) << put.error().message;
  const long before = peak_kib();
  EXPECT_EQ(prepare(put->digest).row.encoding, Encoding::zstd);
  const OfferedBlob row{put->digest, kSize, Encoding::raw, kSize, {}, {}};
  ZeroTransport zeros;
  const auto done = fetch_blob(row, zeros, kNoDeadline, *b_.store, b_.scratch);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_LE(peak_kib() - before, kMemoryKib);
  EXPECT_TRUE(*b_.store->open_blob(put->digest));
}

}  // namespace
}  // namespace deja::exchange
