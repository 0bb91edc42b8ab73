// SPDX-License-Identifier: Apache-2.0
// Runs the built deja-cli in a directory of its own, as a user would.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "os/directory_test.h"
#include "os/file.h"

namespace deja::cli {

struct Ran {
  int code = -1;  // negative: ended by that signal
  std::string out, err;
};

class CliTest : public ::testing::Test {
 protected:
  void SetUp() override;

  // args: the words after "deja".
  Ran run(const std::vector<std::string>& args);
  // Runs, expects exit code 0 and one JSON value.
  nlohmann::json json(std::vector<std::string> args);

  std::string program_ = DEJA_CLI;
  const os::ScratchDirectory scratch_{"/tmp/deja-cli."};  // short: it will hold a socket
  const std::string& dir_ =
      scratch_.path();  // temporary: home/, work/ (the cwd), cache/ (DEJA_DIR, made by deja)
  std::string cache_;
  std::map<std::string, std::string> environment_;
};

}  // namespace deja::cli
