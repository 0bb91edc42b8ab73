// SPDX-License-Identifier: Apache-2.0
// A web server as a remote: GET, HEAD, PUT and DELETE of <address>/ac/<hex> and <address>/cas/<hex>, as servers for
// Bazel's and ccache's HTTP caches have them (bazel-remote), or nginx with its DAV module
// (`dav_methods PUT DELETE; create_full_put_path on;`; no MKCOL is sent). Blobs lie there as they are, records as an
// ActionResult (action_result.h). An ActionResult of another program under the name of a record is absent; what is
// no ActionResult is `protocol`.
//
// Credentials: user and password of the address (basic), with password_file= or password_variable= for the password;
// token_file= or token_variable= (bearer); header_file= with a line `Name: value` for each header. A token file is
// read again when the server refuses the token. ca=, cert= and key= for TLS.
//
// Statuses: 404 and 410 absent; 401, 403 and 407 denied; 405 and 501 for an upload denied (the server only reads);
// 413 and 507 no_space; 408, 425, 429 and other 5xx unavailable; all else protocol. A redirect is followed on GET and
// HEAD (curl.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "os/clock.h"
#include "remote/action_result.h"
#include "remote/address.h"
#include "remote/web_transport.h"

namespace deja::remote {

class HttpTransport : public WebTransport {
 public:
  // `environment`: the client's. Errors: invalid, denied (a file that others can read); nothing is sent yet.
  static Result<std::unique_ptr<HttpTransport>> open(const Address& address,
                                                     const Environment& environment,
                                                     Clock clock = os::monotonic_ns);

  Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) override;

 private:
  HttpTransport(const Address& address, std::unique_ptr<HttpClient> client, Clock clock);
  Status read_credentials(const Address& address, const Environment& environment);

  Result<HttpRequest> make_request(const Ask& ask, Deadline deadline) override;
  Error refusal(const Ask& ask, const HttpAnswer& answer) const override;
  bool recovers(const HttpAnswer& answer) override;
  std::string wrap(std::string_view record) const override;
  std::uint64_t wrap_overhead() const override { return kActionResultOverhead; }
  Result<bool> unwrap(std::string& bytes) const override;

  const std::string base_;
  std::string token_file_;  // empty: none
  std::vector<std::string> headers_;
  Mutex mutex_;
  std::string authorization_ GUARDED_BY(mutex_);  // the value of that header; empty: none
};

}  // namespace deja::remote
