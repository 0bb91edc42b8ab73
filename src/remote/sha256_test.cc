// SPDX-License-Identifier: Apache-2.0
#include "remote/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace deja::remote {
namespace {

// The examples of FIPS 180-2, appendix B.
TEST(Sha256, OfTheStandardsExamples) {
  EXPECT_EQ(blob_name(sha256("abc")).hex(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(blob_name(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).hex(),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  Sha256 in_pieces;
  for (int i = 0; i < 1000; ++i) in_pieces.add(std::string(1000, 'a'));
  EXPECT_EQ(blob_name(in_pieces.finish()).path(),
            "cas/cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfNothing) {
  EXPECT_EQ(blob_name(Sha256().finish()).hex(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

}  // namespace
}  // namespace deja::remote
