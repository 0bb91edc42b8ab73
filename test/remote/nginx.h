// SPDX-License-Identifier: Apache-2.0
// nginx with its DAV module, as a team would set it up: servers over one directory.
#pragma once

#include "remote/server.h"

namespace deja::test {

struct Nginx {
  Nginx();  // started, if skip is empty
  std::string skip = missing_programs({"nginx", "openssl"});
  Server server;
  int open_port = 0;  // http, no password
  int private_port =
      0;  // http; user "me", password "p@ss/word"; bodies up to 1 MiB; below /ro/ no uploads
  int tls_port = 0;       // https, only for clients with a certificate of the CA
  int stranger_port = 0;  // https, with a certificate of the CA that is not for this host
  static std::string url(int port) { return "http://127.0.0.1:" + std::to_string(port); }
};

}  // namespace deja::test
