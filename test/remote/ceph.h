// SPDX-License-Identifier: Apache-2.0
// Ceph's S3 gateway (radosgw) over one monitor and one store in memory.
#pragma once

#include "remote/curl.h"
#include "remote/server.h"

namespace deja::test {

struct Ceph {
  Ceph();  // started, with the bucket "builds", if skip is empty
  std::string skip = missing_programs(
      {"radosgw", "radosgw-admin", "ceph-mon", "ceph-osd", "ceph", "monmaptool", "openssl"});
  Server server;
  int port = 0, tls_port = 0;
  Process* store = nullptr;  // the storage daemon, to be stopped
  static constexpr const char* kKey = "DEJATESTKEY";
  static constexpr const char* kSecret = "DejaTestSecret/with+signs";
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port); }
  std::string tls_url() const { return "https://127.0.0.1:" + std::to_string(tls_port); }
  // The environment of a client with these credentials.
  static remote::Environment keys(const std::string& key = kKey,
                                  const std::string& secret = kSecret);
};

// A signed request for what transports do not do: make a bucket, set its policy, get a session token.
remote::HttpAnswer ask_signed(const std::string& origin, const remote::Environment& keys,
                              remote::Method method, const std::string& path,
                              const std::string& query, const std::string& body,
                              const std::string& service = "s3");

}  // namespace deja::test
