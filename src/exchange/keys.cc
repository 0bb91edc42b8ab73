// SPDX-License-Identifier: Apache-2.0
#include "exchange/keys.h"

#include "exchange/signing.h"

namespace deja::exchange {
namespace {

Result<PublicKey> parse(std::string_view text) {
  const auto key = parse_key_text(text);
  if (!key)
    return Error{Code::invalid, 0,
                 "not a public key: " + std::string(text) +
                     "; `deja key new` prints one: ed25519: and 64 hexadecimal digits"};
  return *key;
}

class KeyFiles final : public Keys {
 public:
  Result<std::string> make(const std::string& file) override {
    const SigningKey key = TRY(SigningKey::create(file));
    return key_text(key.public_key());
  }
  Result<std::string> read(const std::string& file) override {
    const SigningKey key = TRY(SigningKey::load(file));
    return key_text(key.public_key());
  }
  Result<std::optional<std::vector<KeyLine>>> list(const std::string& file) override {
    const TrustedWriters writers = TRY(TrustedWriters::load(file));
    if (writers.trusts_everyone()) return std::optional<std::vector<KeyLine>>();
    std::vector<KeyLine> lines;
    for (const auto& writer : writers.list()) lines.push_back({key_text(writer.key), writer.label});
    return std::optional(std::move(lines));
  }
  Result<bool> trust(const std::string& file, std::string_view key,
                     std::string_view label) override {
    const PublicKey parsed = TRY(parse(key));
    TrustedWriters writers = TRY(TrustedWriters::load(file));
    for (const auto& writer : writers.list())
      if (writer.key == parsed) return false;
    writers.add(parsed, label);
    TRY(writers.save(file));
    return true;
  }
  Result<bool> remove(const std::string& file, std::string_view key) override {
    const PublicKey parsed = TRY(parse(key));
    TrustedWriters writers = TRY(TrustedWriters::load(file));
    if (!writers.remove(parsed)) return false;
    TRY(writers.save(file));
    return true;
  }
};

}  // namespace

Keys* keys() {
  static KeyFiles files;
  return &files;
}

}  // namespace deja::exchange
