// SPDX-License-Identifier: Apache-2.0
#include "config/settings_page.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include "os/file.h"

namespace deja::config {
namespace {

TEST(SettingsPage, IsWhatTheTableSays) {
  const std::string path = DEJA_DOCS "/settings.md";
  if (::getenv("DEJA_WRITE_DOCS") != nullptr) {
    ASSERT_TRUE(os::write_file_atomic(path, settings_page(), 0644));
  }
  const auto text = os::read_file_if_exists(path);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->value_or(""), settings_page());
}

}  // namespace
}  // namespace deja::config
