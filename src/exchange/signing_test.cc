// SPDX-License-Identifier: Apache-2.0
#include "exchange/signing.h"

#include <gtest/gtest.h>

#include "exchange/exchange_support.h"

namespace deja::exchange {
namespace {

const ProbeKey kSignedProbe = store::probe_key_of("p");

class Signing : public os::DirectoryTest {
 protected:
  SigningKey create(std::string_view name) {
    auto key = SigningKey::create(at(name));
    EXPECT_TRUE(key) << key.error().message;
    return *std::move(key);
  }
  static Offer signed_offer(const SigningKey& key, std::string_view space = "s") {
    Offer offer = offer_of(kSignedProbe, {{file_claim("\1/a.c", "x")}}, {"object", "depfile"});
    sign_entry(space, kSignedProbe, key, offer.entries[0]);
    return offer;
  }
};

TEST_F(Signing, AKeyIsReadAsItWasMade) {
  const SigningKey made = create("key");
  const auto loaded = SigningKey::load(at("key"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->public_key(), made.public_key());
  EXPECT_EQ(loaded->sign("m"), made.sign("m"));
  EXPECT_NE(create("other").public_key(), made.public_key());
  EXPECT_EQ((*os::stat_file(at("key")))->mode & 07777, 0600U);
  EXPECT_TRUE(os::read_file(at("key"))->starts_with("-----BEGIN PRIVATE KEY-----\n"));
}

TEST_F(Signing, AKeyIsNeverOverwritten) {
  create("key");
  const std::string before = *os::read_file(at("key"));
  const auto again = SigningKey::create(at("key"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Code::invalid);
  EXPECT_EQ(*os::read_file(at("key")), before);
}

TEST_F(Signing, AKeyThatOthersCanReadIsRefused) {
  create("key");
  for (const mode_t mode : {0640, 0604, 0660, 0601}) {
    ASSERT_TRUE(os::change_mode(at("key"), mode));
    const auto loaded = SigningKey::load(at("key"));
    ASSERT_FALSE(loaded) << mode;
    EXPECT_EQ(loaded.error().code, Code::denied);
    EXPECT_NE(loaded.error().message.find("chmod 600 " + at("key")), std::string::npos);
  }
  ASSERT_TRUE(os::change_mode(at("key"), 0400));
  EXPECT_TRUE(SigningKey::load(at("key")));
}

TEST_F(Signing, WhatIsNoEd25519KeyIsRefused) {
  // An X25519 key (RFC 8410) and a key with a password, both of which OpenSSL reads.
  write("x25519",
        "-----BEGIN PRIVATE KEY-----\n"
        "MC4CAQAwBQYDK2VuBCIEIAgHBgUEAwIBCAcGBQQDAgEIBwYFBAMCAQgHBgUEAwIB\n"
        "-----END PRIVATE KEY-----\n");
  write("password",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAc\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n");
  write("text", "key");
  write("empty", "");
  for (const char* name : {"x25519", "password", "text", "empty"})
    EXPECT_EQ(SigningKey::load(at(name)).error().code, Code::invalid) << name;
  EXPECT_FALSE(SigningKey::load(at("none")));
}

// RFC 8032, section 7.1, test 2.
TEST_F(Signing, VerifiesTheStandardsExample) {
  const auto key =
      parse_key_text("ed25519:3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  ASSERT_TRUE(key);
  std::string bytes;
  ASSERT_TRUE(
      from_hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
               "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
               bytes));
  Signature signature;
  std::copy(bytes.begin(), bytes.end(), signature.begin());
  EXPECT_TRUE(is_signed_by(*key, "r", signature));
  EXPECT_FALSE(is_signed_by(*key, "s", signature));
}

TEST_F(Signing, KeysAsText) {
  const SigningKey key = create("key");
  EXPECT_EQ(parse_key_text(key_text(key.public_key())), key.public_key());
  const std::string hex(64, 'a');
  EXPECT_TRUE(parse_key_text("ed25519:" + hex));
  for (const std::string& text :
       {hex, "ed25519:" + hex + "a", "ed25519:" + hex.substr(1), std::string(),
        "ed25519:" + std::string(64, 'A'), "rsa:" + hex, "ed25519: " + hex})
    EXPECT_FALSE(parse_key_text(text)) << text;
}

TEST_F(Signing, WithoutAListEveryEntryCounts) {
  const TrustedWriters everyone;
  EXPECT_TRUE(everyone.trusts_everyone());
  const Offer offer = offer_of(kSignedProbe, {}, {"x"});
  EXPECT_TRUE(everyone.accepts("s", kSignedProbe, offer.entries[0]));
  EXPECT_TRUE(everyone.accepts("s", kSignedProbe, signed_offer(create("key")).entries[0]));
}

TEST_F(Signing, WithAListOnlyItsWritersCount) {
  const SigningKey friendly = create("friend"), stranger = create("stranger");
  TrustedWriters list;
  list.add(friendly.public_key(), "a friend");
  EXPECT_TRUE(list.accepts("s", kSignedProbe, signed_offer(friendly).entries[0]));
  EXPECT_FALSE(list.accepts("s", kSignedProbe, signed_offer(stranger).entries[0]));
  EXPECT_FALSE(list.accepts("s", kSignedProbe, offer_of(kSignedProbe, {}, {"x"}).entries[0]));
  OfferEntry pretends = signed_offer(stranger).entries[0];
  pretends.writer = friendly.public_key();
  EXPECT_FALSE(list.accepts("s", kSignedProbe, pretends));
  EXPECT_TRUE(list.remove(friendly.public_key()));
  EXPECT_FALSE(list.remove(friendly.public_key()));
  EXPECT_FALSE(list.accepts("s", kSignedProbe, signed_offer(friendly).entries[0]));
}

TEST_F(Signing, ASignatureIsForOneEntryInOneNamespace) {
  const SigningKey key = create("key");
  TrustedWriters list;
  list.add(key.public_key(), "");
  const OfferEntry entry = signed_offer(key).entries[0];
  EXPECT_FALSE(list.accepts("other space", kSignedProbe, entry));
  EXPECT_FALSE(list.accepts("s", store::probe_key_of("q"), entry));
  const std::function<void(OfferEntry&)> changes[] = {
      [](OfferEntry& e) { e.key = store::action_key_of("other"); },
      [](OfferEntry& e) { e.result += "x"; },
      [](OfferEntry& e) { e.blobs[0].digest = digest::digest_bytes("other"); },
      [](OfferEntry& e) { ++e.blobs[0].size; },
      [](OfferEntry& e) { e.blobs.pop_back(); },
      [](OfferEntry& e) { std::swap(e.blobs[0], e.blobs[1]); },
      [](OfferEntry& e) { e.signature[5] ^= 1; },
      [](OfferEntry& e) { e.writer.reset(); }};
  for (const auto& change : changes) {
    OfferEntry changed = entry;
    change(changed);
    EXPECT_FALSE(list.accepts("s", kSignedProbe, changed));
  }
  // Another form of the same blob needs no new signature.
  OfferEntry moved = entry;
  moved.blobs[0].encoding = Encoding::raw;
  EXPECT_TRUE(list.accepts("s", kSignedProbe, moved));
}

TEST_F(Signing, AListIsReadAsItWasWritten) {
  TrustedWriters list;
  list.add(create("a").public_key(), "first\nsecond line");
  list.add(create("b").public_key(), "");
  ASSERT_TRUE(list.save(at("trusted")));
  const auto loaded = TrustedWriters::load(at("trusted"));
  ASSERT_TRUE(loaded) << loaded.error().message;
  ASSERT_EQ(loaded->list().size(), 2U);
  EXPECT_EQ(loaded->list()[0].key, list.list()[0].key);
  EXPECT_EQ(loaded->list()[0].label, "first");
  EXPECT_EQ(loaded->list()[1].label, "");
  EXPECT_TRUE(TrustedWriters::load(at("none"))->trusts_everyone());
}

TEST_F(Signing, AListThatCannotBeReadTrustsNobody) {
  write("empty", "# nobody yet\n\n");
  const auto nobody = TrustedWriters::load(at("empty"));
  ASSERT_TRUE(nobody);
  EXPECT_FALSE(nobody->trusts_everyone());
  EXPECT_FALSE(nobody->accepts("s", kSignedProbe, signed_offer(create("key")).entries[0]));
  write("damaged", "ed25519:12\n");
  EXPECT_EQ(TrustedWriters::load(at("damaged")).error().code, Code::invalid);
  ASSERT_TRUE(os::change_mode(at("empty"), 0622));
  EXPECT_EQ(TrustedWriters::load(at("empty")).error().code, Code::denied);
}

}  // namespace
}  // namespace deja::exchange
