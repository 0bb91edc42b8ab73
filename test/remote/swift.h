// SPDX-License-Identifier: Apache-2.0
// OpenStack Swift with its S3 interface (s3api): a second implementation of the protocol, which unlike Ceph's checks
// the region.
#pragma once

#include "remote/environment.h"
#include "remote/server.h"

namespace deja::test {

struct Swift {
  Swift();  // started, with the bucket "builds", if skip is empty
  std::string skip =
      missing_programs({"swift-proxy-server", "swift-account-server", "swift-container-server",
                        "swift-object-server", "swift-ring-builder", "memcached"});
  Server server;
  int port = 0;
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  static remote::Environment keys(const std::string& secret = "testing-secret");
};

}  // namespace deja::test
