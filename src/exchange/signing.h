// SPDX-License-Identifier: Apache-2.0
// Signatures of offers: Ed25519 (RFC 8032) through OpenSSL. A writer signs each of its entries on its own, so
// that entries of several writers can be merged into one offer by anyone.
//
// What is signed: "deja entry 1", a NUL, and the BLAKE3 of namespace, fingerprint, action key, result record and
// the digests and sizes of all its blobs, each with its name and length. The action key is the digest of
// fingerprint and trace (check_entry() computes it), so the trace is signed through it. Where a blob lies on the
// remote and how it is encoded is not signed: a blob is verified by its digest.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "exchange/offer.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace deja::exchange {

// "ed25519:<64 hex digits>": how a public key is written in settings, files and messages.
std::string key_text(const PublicKey& key);
std::optional<PublicKey> parse_key_text(std::string_view text);

// A private key. Never copied, printed or logged.
class SigningKey {
 public:
  // Makes a key and writes it to a new file with mode 0600, PKCS#8 in PEM (RFC 8410), so that OpenSSL's own
  // tools read it. `invalid`: there is a file of that name.
  static Result<SigningKey> create(const std::string& path);
  // `denied`: others than the owner may read or write the file, or it belongs to another user. `invalid`: it
  // holds no Ed25519 key.
  static Result<SigningKey> load(const std::string& path);
  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  PublicKey public_key() const;
  Signature sign(std::string_view message) const;

 private:
  explicit SigningKey(evp_pkey_st* key) : key_(key) {}
  evp_pkey_st* key_;
};

bool is_signed_by(const PublicKey& key, std::string_view message, const Signature& signature);

// The message that is signed for an entry.
std::string entry_message(std::string_view space, const ProbeKey& probe, const OfferEntry& entry);
// Sets writer and signature.
void sign_entry(std::string_view space, const ProbeKey& probe, const SigningKey& key,
                OfferEntry& entry);

// The writers whose entries count. Without a list every entry counts, signed or not. With one only entries that
// one of its writers has signed; so a list whose last writer was removed trusts nobody.
class TrustedWriters {
 public:
  struct Writer {
    PublicKey key;
    std::string label;  // for people; one line
  };
  // A file of lines "ed25519:<hex> label"; empty lines and those that start with '#' say nothing. No file: no
  // list. `invalid`: a line cannot be read. `denied`: others may write the file.
  static Result<TrustedWriters> load(const std::string& path);
  Status save(const std::string& path) const;

  void add(const PublicKey& key, std::string_view label);
  bool remove(const PublicKey& key);  // false: it was not among them
  const std::vector<Writer>& list() const { return writers_; }
  bool trusts_everyone() const { return !has_list_; }
  // Does the entry count, in this namespace?
  bool accepts(std::string_view space, const ProbeKey& probe, const OfferEntry& entry) const;

 private:
  bool has_list_ = false;
  std::vector<Writer> writers_;
};

}  // namespace deja::exchange
