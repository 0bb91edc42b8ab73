// SPDX-License-Identifier: Apache-2.0
// A blob is compressed into a file without a name while it is hashed, so that the object's name (the SHA-256 of
// what is sent) is known before anything is sent and a retry sends the same bytes. Bytes that do not compress
// are noticed after the first MiB; then the store's own file is sent. On the way in the window of zstd is
// limited, because a frame's header may ask for up to 2 GiB of memory.
//
// Tested by blob_transfer_test.cc.
#include "exchange/blob_transfer.h"

#include <zstd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "digest/hasher.h"
#include "exchange/payload.h"
#include "os/file.h"

namespace deja::exchange {
namespace {

constexpr int kWindowLogMax = 23;  // level 3 uses at most 21
constexpr std::size_t kPieceBytes = 128 << 10;
// After so many bytes a blob that has saved less than a twentieth is sent as it is.
constexpr std::uint64_t kTrialBytes = 1 << 20;

struct FreeCompressor {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Calls back with all bytes of the file.
template <typename Each>
Status read_pieces(const os::Fd& file, std::uint64_t size, Each each) {
  std::string piece(kPieceBytes, '\0');
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t wanted = std::min<std::uint64_t>(piece.size(), size - at);
    const std::size_t n = TRY(os::read_at(file, at, piece.data(), wanted));
    if (n != wanted) return Error{Code::corrupt, 0, "a blob became shorter while it was read"};
    at += n;
    if (!TRY(each(std::string_view(piece).substr(0, n), at == size))) return {};
  }
  return {};
}

// Writes one zstd frame and hashes it.
class Compressor {
 public:
  explicit Compressor(os::Fd file) : context_(ZSTD_createCCtx()), file_(std::move(file)) {
    CHECK(context_ != nullptr);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kCompressionLevel);
    buffer_.resize(ZSTD_CStreamOutSize());
  }

  Status add(std::string_view piece, bool is_last) {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    for (bool is_done = false; !is_done;) {
      ZSTD_outBuffer out{buffer_.data(), buffer_.size(), 0};
      const std::size_t left =
          ZSTD_compressStream2(context_.get(), &out, &in, is_last ? ZSTD_e_end : ZSTD_e_continue);
      if (ZSTD_isError(left) != 0)
        return Error{Code::no_space, 0, std::string("zstd: ") + ZSTD_getErrorName(left)};
      const std::string_view bytes = std::string_view(buffer_).substr(0, out.pos);
      hash_.add(bytes);
      written_ += bytes.size();
      TRY(os::write_fd(file_, bytes));
      is_done = is_last ? left == 0 : in.pos == in.size;
    }
    return {};
  }
  std::uint64_t written() const { return written_; }
  remote::Sha256Digest finish() { return hash_.finish(); }
  os::Fd take_file() { return std::move(file_); }

 private:
  std::unique_ptr<ZSTD_CCtx, FreeCompressor> context_;
  os::Fd file_;
  std::string buffer_;
  remote::Sha256 hash_;
  std::uint64_t written_ = 0;
};

// Empty: it saves too little.
Result<std::optional<OutgoingBlob>> compress(const Digest& digest, const store::Blob& blob,
                                             const Scratch& scratch) {
  Compressor compressor(TRY(scratch.make()));
  std::uint64_t taken = 0;
  bool pays = true;
  const auto add = [&](std::string_view piece, bool is_last) -> Result<bool> {
    TRY(compressor.add(piece, is_last));
    taken += piece.size();
    const std::uint64_t written = compressor.written();
    pays = written <= blob.size - blob.size / 10 &&
           (taken < kTrialBytes || is_last || written <= taken - taken / 20);
    return pays;
  };
  TRY(read_pieces(blob.fd, blob.size, add));
  if (!pays || taken == 0) return std::optional<OutgoingBlob>();
  OutgoingBlob out;
  out.row = {digest, blob.size, Encoding::zstd, compressor.written(), compressor.finish(), {}};
  out.file = compressor.take_file();
  return std::optional(std::move(out));
}

Error is_not(const OfferedBlob& row, std::string_view what) {
  return {Code::corrupt, 0, "the remote's blob " + row.digest.hex() + " " + std::string(what)};
}

}  // namespace

Result<std::optional<OutgoingBlob>> prepare_blob(const Digest& digest, store::BlobStore& store,
                                                 const Scratch& scratch) {
  auto blob = TRY(store.open_blob(digest));
  if (!blob) return std::optional<OutgoingBlob>();
  if (auto compressed = TRY(compress(digest, *blob, scratch))) return compressed;
  remote::Sha256 hash;
  const auto add = [&hash](std::string_view piece, bool) -> Result<bool> {
    hash.add(piece);
    return true;
  };
  TRY(read_pieces(blob->fd, blob->size, add));
  OutgoingBlob out;
  out.row = {digest, blob->size, Encoding::raw, blob->size, hash.finish(), {}};
  out.file = std::move(blob->fd);
  return std::optional(std::move(out));
}

struct IncomingBlob::State {
  OfferedBlob row;
  os::Fd file;
  std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context;  // null: the bytes are as they are
  std::string buffer;
  digest::Hasher hash;
  std::uint64_t taken = 0;
  std::uint64_t written = 0;
  bool is_whole = false;  // the frame has ended

  Status write(std::string_view bytes) {
    if (bytes.size() > row.size - written) return is_not(row, "is longer than its offer says");
    written += bytes.size();
    hash.add(bytes);
    return os::write_fd(file, bytes);
  }
  Status decompress(std::string_view piece) {
    ZSTD_inBuffer in{piece.data(), piece.size(), 0};
    for (bool has_more = true; has_more || in.pos < in.size;) {
      if (is_whole)
        return in.pos < in.size ? Status(is_not(row, "has bytes after its end")) : Status();
      ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
      const std::size_t left = ZSTD_decompressStream(context.get(), &out, &in);
      if (ZSTD_isError(left) != 0) return is_not(row, "is not valid zstd");
      is_whole = left == 0;
      has_more = out.pos == out.size;
      TRY(write({buffer.data(), out.pos}));
    }
    return {};
  }
};

IncomingBlob::IncomingBlob(std::unique_ptr<State> state) : state_(std::move(state)) {}
IncomingBlob::IncomingBlob(IncomingBlob&&) noexcept = default;
IncomingBlob::~IncomingBlob() = default;

Result<IncomingBlob> IncomingBlob::begin(const OfferedBlob& row, const Scratch& scratch) {
  auto state = std::make_unique<State>();
  state->row = row;
  state->file = TRY(scratch.make());
  if (row.encoding == Encoding::zstd) {
    state->context.reset(ZSTD_createDCtx());
    CHECK(state->context != nullptr);
    ZSTD_DCtx_setParameter(state->context.get(), ZSTD_d_windowLogMax, kWindowLogMax);
    state->buffer.resize(ZSTD_DStreamOutSize());
  }
  return IncomingBlob(std::move(state));
}

Status IncomingBlob::take(std::string_view piece) {
  State& s = *state_;
  if (piece.size() > s.row.stored_size - s.taken)
    return is_not(s.row, "is longer than its offer says");
  s.taken += piece.size();
  return s.context ? s.decompress(piece) : s.write(piece);
}

Result<os::Fd> IncomingBlob::finish() {
  State& s = *state_;
  if (s.written != s.row.size || (s.context && !s.is_whole))
    return is_not(s.row, "is shorter than its offer says");
  if (s.hash.finish() != s.row.digest) return is_not(s.row, "does not match its digest");
  return std::move(s.file);
}

Result<bool> fetch_blob(const OfferedBlob& row, remote::Transport& transport,
                        remote::Deadline deadline, store::BlobStore& store,
                        const Scratch& scratch) {
  CHECK(row.encoding != Encoding::in_offer);
  IncomingBlob incoming = TRY(IncomingBlob::begin(row, scratch));
  const auto sink = [&incoming](std::string_view piece) { return incoming.take(piece); };
  if (!TRY(transport.get_to(row.name(), row.stored_size, sink, deadline))) return false;
  const os::Fd file = TRY(incoming.finish());
  const store::PutBlob put = TRY(store.put_blob(file));
  if (put.digest != row.digest) return is_not(row, "was changed while it was stored");
  return true;
}

Status keep_blob(const OfferedBlob& row, std::string_view object, store::BlobStore& store) {
  std::string plain;
  if (row.encoding == Encoding::zstd) {
    plain.resize(row.size);
    const std::size_t n = ZSTD_decompress(plain.data(), plain.size(), object.data(), object.size());
    if (ZSTD_isError(n) != 0 || n != row.size)
      return is_not(row, "has a wrong size when it is decompressed");
    object = plain;
  }
  if (object.size() != row.size) return is_not(row, "has a wrong size");
  if (digest::digest_bytes(object) != row.digest) return is_not(row, "does not match its digest");
  TRY(store.put_blob_bytes(object));
  return {};
}

}  // namespace deja::exchange
