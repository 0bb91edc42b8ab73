// SPDX-License-Identifier: Apache-2.0
// Keys are files, since a key that lasts longer than a process has to be one. A private key's bytes are in
// memory of OpenSSL and in one buffer here, which is wiped.
//
// Tested by signing_test.cc.
#include "exchange/signing.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "action/recipe.h"
#include "base/bytes.h"
#include "base/check.h"
#include "os/file.h"

namespace deja::exchange {
namespace {

constexpr std::string_view kPrefix = "ed25519:";
constexpr std::string_view kDomain("deja entry 1\0", 13);
constexpr std::uint64_t kKeyFileMax = 16 << 10;
constexpr std::uint64_t kListFileMax = 1 << 20;
constexpr std::uint32_t kOthers = 0077;
constexpr std::uint32_t kOthersWrite = 0022;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

// OpenSSL would ask for a password at the terminal.
int no_password(char*, int, int, void*) { return -1; }

const unsigned char* raw(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

// A file that belongs to this user and gives nobody else the rights in `mask`.
Result<std::string> read_private_file(const std::string& path, std::uint64_t limit,
                                      std::uint32_t mask, std::string_view remedy) {
  const os::Fd file = TRY(os::open_read(path));
  const os::FileIdentity identity = TRY(os::stat_fd(file));
  if (!identity.is_regular()) return Error{Code::invalid, 0, path + " is not a regular file"};
  if (identity.owner != ::geteuid())
    return Error{Code::denied, 0, path + " belongs to another user"};
  if ((identity.mode & mask) != 0)
    return Error{Code::denied, 0,
                 path + " is open to other users: run " + std::string(remedy) + " " + path};
  return os::read_fd(file, limit);
}

}  // namespace

std::string key_text(const PublicKey& key) {
  return std::string(kPrefix) + to_hex({reinterpret_cast<const char*>(key.data()), key.size()});
}

std::optional<PublicKey> parse_key_text(std::string_view text) {
  std::string bytes;
  if (!text.starts_with(kPrefix) || !from_hex(text.substr(kPrefix.size()), bytes))
    return std::nullopt;
  PublicKey key;
  if (bytes.size() != key.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  if (key_text(key) != text) return std::nullopt;  // upper-case digits
  return key;
}

Result<SigningKey> SigningKey::create(const std::string& path) {
  std::unique_ptr<EVP_PKEY, FreeKey> key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (!key) return Error{Code::invalid, 0, "OpenSSL cannot make an Ed25519 key"};
  const std::unique_ptr<BIO, FreeBio> out(BIO_new(BIO_s_secmem()));
  CHECK(out != nullptr);
  CHECK(PEM_write_bio_PKCS8PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  auto file = os::create_file(path, 0600);
  if (!file && file.error().sys_errno == EEXIST)
    return Error{Code::invalid, 0, path + " exists already; choose another file"};
  if (!file) return std::move(file).error().context("writing a new key");
  auto written = os::write_fd(*file, {bytes, static_cast<std::size_t>(size)});
  if (written) written = os::sync_fd(*file);
  if (!written) {
    ignore(os::remove_file(path), "the first error is the one to tell");
    return std::move(written).error().context("writing a new key");
  }
  return SigningKey(key.release());
}

Result<SigningKey> SigningKey::load(const std::string& path) {
  std::string pem = TRY(read_private_file(path, kKeyFileMax, kOthers, "chmod 600"));
  const std::unique_ptr<BIO, FreeBio> in(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CHECK(in != nullptr);
  std::unique_ptr<EVP_PKEY, FreeKey> key(
      PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  OPENSSL_cleanse(pem.data(), pem.size());
  if (!key || EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519)
    return Error{Code::invalid, 0, path + " does not hold an Ed25519 key in PEM form"};
  return SigningKey(key.release());
}

SigningKey::SigningKey(SigningKey&& other) noexcept : key_(std::exchange(other.key_, nullptr)) {}
SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  std::swap(key_, other.key_);
  return *this;
}
SigningKey::~SigningKey() { EVP_PKEY_free(key_); }

PublicKey SigningKey::public_key() const {
  PublicKey key;
  std::size_t size = key.size();
  CHECK(EVP_PKEY_get_raw_public_key(key_, key.data(), &size) == 1 && size == key.size());
  return key;
}

Signature SigningKey::sign(std::string_view message) const {
  const Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_) == 1);
  Signature signature;
  std::size_t size = signature.size();
  CHECK(EVP_DigestSign(context.get(), signature.data(), &size, raw(message), message.size()) == 1);
  CHECK(size == signature.size());
  return signature;
}

bool is_signed_by(const PublicKey& key, std::string_view message, const Signature& signature) {
  const std::unique_ptr<EVP_PKEY, FreeKey> public_key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  if (!public_key) return false;
  const Context context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, public_key.get()) == 1 &&
         EVP_DigestVerify(context.get(), signature.data(), signature.size(), raw(message),
                          message.size()) == 1;
}

std::string entry_message(std::string_view space, const ProbeKey& probe, const OfferEntry& entry) {
  action::HashSink sink;
  sink.field("space", space);
  sink.field("probe", probe.digest.view());
  sink.field("key", entry.key.digest.view());
  sink.field("result", entry.result);
  for (const OfferedBlob& blob : entry.blobs) {
    Encoder size;
    size.u64(blob.size);
    sink.field("blob", blob.digest.view());
    sink.field("size", size.view());
  }
  return std::string(kDomain).append(sink.finish().view());
}

void sign_entry(std::string_view space, const ProbeKey& probe, const SigningKey& key,
                OfferEntry& entry) {
  entry.writer = key.public_key();
  entry.signature = key.sign(entry_message(space, probe, entry));
}

Result<TrustedWriters> TrustedWriters::load(const std::string& path) {
  TrustedWriters out;
  if (!TRY(os::stat_file(path))) return out;
  const std::string text = TRY(read_private_file(path, kListFileMax, kOthersWrite, "chmod go-w"));
  out.has_list_ = true;
  std::size_t number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.find(' ');
    const auto key = parse_key_text(line.substr(0, space));
    if (!key)
      return Error{Code::invalid, 0,
                   path + ":" + std::to_string(number) +
                       ": not of the form \"ed25519:<64 hex digits> label\""};
    out.add(*key, space == std::string_view::npos ? "" : line.substr(space + 1));
  }
  return out;
}

Status TrustedWriters::save(const std::string& path) const {
  std::string text;
  for (const Writer& writer : writers_)
    text += key_text(writer.key) + (writer.label.empty() ? "" : " " + writer.label) + "\n";
  return os::write_file_atomic(path, text, 0600);
}

void TrustedWriters::add(const PublicKey& key, std::string_view label) {
  remove(key);
  has_list_ = true;
  writers_.push_back({key, std::string(label.substr(0, label.find('\n')))});
}

bool TrustedWriters::remove(const PublicKey& key) {
  return std::erase_if(writers_, [&](const Writer& writer) { return writer.key == key; }) != 0;
}

bool TrustedWriters::accepts(std::string_view space, const ProbeKey& probe,
                             const OfferEntry& entry) const {
  if (!has_list_) return true;
  if (!entry.writer) return false;
  const bool is_listed = std::any_of(writers_.begin(), writers_.end(), [&](const Writer& writer) {
    return writer.key == *entry.writer;
  });
  return is_listed &&
         is_signed_by(*entry.writer, entry_message(space, probe, entry), entry.signature);
}

}  // namespace deja::exchange
