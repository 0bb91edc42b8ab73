// SPDX-License-Identifier: Apache-2.0
// A byte stream to a server, in clear or over TLS. Not thread-safe. The errors are those of os/connection.h; of TLS also
// `denied` (a certificate was refused, by either side) and `protocol`.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "os/connection.h"

namespace deja::remote {

class Stream {
 public:
  virtual ~Stream() = default;
  virtual Status send(std::string_view bytes, const os::Limit& limit) = 0;
  // At least one byte; 0: the other side has closed it.
  virtual Result<std::size_t> receive(char* to, std::size_t size, const os::Limit& limit) = 0;
  // While nothing is expected: false if the other side has closed it or has sent something.
  virtual bool is_quiet() const = 0;
};

std::unique_ptr<Stream> plain_stream(os::Fd socket);

struct TlsOptions {
  std::string ca_file{};           // PEM; empty: the system's authorities
  std::string certificate_file{};  // PEM, the client's own, with its chain; empty: none
  std::string key_file{};          // PEM; a file that others can read is refused
  std::string
      server_name{};  // what the server's certificate must hold; empty: the host that is connected to
};

// What connections share. Thread-safe.
class TlsContext {
 public:
  // Reads the files. `invalid`: one of them is of no use, and the message says which.
  static Result<std::shared_ptr<const TlsContext>> make(const TlsOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  // Shakes hands; verifies the server's certificate and its name.
  Result<std::unique_ptr<Stream>> connect(os::Fd socket, const std::string& host,
                                          const os::Limit& limit) const;

 private:
  explicit TlsContext(SSL_CTX* context, std::string server_name);

  SSL_CTX* const context_;
  const std::string server_name_;
};

}  // namespace deja::remote
