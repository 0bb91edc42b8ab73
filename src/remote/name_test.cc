// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "remote/transport.h"

namespace deja::remote {
namespace {

TEST(Name, HasOnePath) {
  Name name{Kind::record, {}};
  name.id[0] = 0xab;
  const std::string path = name.path();
  EXPECT_EQ(path, "ac/ab" + std::string(62, '0'));
  EXPECT_EQ(Name::from_path(path), name);
  name.kind = Kind::blob;
  EXPECT_EQ(Name::from_path(name.path()), name);
}

TEST(Name, ComesFromNoOtherPath) {
  const std::string hex(64, 'a');
  EXPECT_TRUE(Name::from_path("cas/" + hex));
  for (const std::string& other :
       {std::string(), std::string("cas/"), "cas/" + hex + "a", "cas/" + hex.substr(1),
        "/cas/" + hex, "ac/../" + hex, "ac/" + std::string(64, 'A'),
        "ac/" + std::string(63, 'a') + "/", hex})
    EXPECT_EQ(Name::from_path(other), std::nullopt) << other;
}

}  // namespace
}  // namespace deja::remote
