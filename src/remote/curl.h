// SPDX-License-Identifier: Apache-2.0
// HTTP requests by libcurl, for the transports over HTTP and S3 and for tokens of AWS. One HttpClient for each
// remote: connections are kept and used again, names and TLS sessions are shared by all threads.
//
// What libcurl decides by itself elsewhere is fixed here:
// - Nothing comes from this process's environment or home directory: no proxy, no .netrc, no CA but the system's.
// - HTTP/1.1 (RFC 9112): libcurl 7.88, which Debian 12 has, is known for stalled uploads over HTTP/2.
// - A redirect is followed only for requests that ask for it, only by GET and HEAD, and never from https to http.
//   At another origin the request has no headers, so no credentials leave the remote that they are for.
// - Signals are not used (CURLOPT_NOSIGNAL), and SIGPIPE is kept from the program.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "remote/environment.h"
#include "remote/transport.h"

namespace deja::remote {

// Paths; empty: none.
struct TlsFiles {
  std::string ca{};    // trusted instead of the system's CAs
  std::string cert{};  // the client's own, with the chain
  std::string key{};   // its private key; a secret file
};

struct HttpOptions {
  std::string subject{};  // starts every message: Transport::name()
  TlsFiles tls{};
  // Read from it: http_proxy, https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY, no_proxy, NO_PROXY, as curl(1) does.
  // (HTTP_PROXY is not: in a CGI program a client could set it.)
  Environment environment{};
  long connect_limit_ms = 10'000;
  long stall_limit_s = 30;  // an answer or an upload without one byte of progress
};

enum class Method { get, head, put, post, remove };

struct HttpRequest {
  Method method = Method::get;
  std::string url{};                   // with no user or password
  std::vector<std::string> headers{};  // "Name: value"; may be secret
  Source body{};                       // put, post
  // Of the body of an answer with a status from 200 to 299; more is `protocol`.
  std::uint64_t max_bytes = 0;
  // Takes that body. Without it, the body is in the answer.
  const Sink* sink = nullptr;
  bool follows_redirects = false;
};

struct HttpAnswer {
  long status = 0;
  std::string body{};  // for a status outside 200 to 299 at most the first 16 KiB
  std::string etag{};  // with its quotes
  std::string content_range{};
  std::string content_type{};
  std::string region{};     // x-amz-bucket-region
  std::int64_t date_s = 0;  // seconds since 1970 of the header Date; 0: none
  std::int64_t retry_after_s = 0;
  bool is_ok() const { return status >= 200 && status < 300; }
};

class HttpClient {
 public:
  // `denied` if others can read the private key; `invalid` if a file is not there.
  static Result<std::unique_ptr<HttpClient>> make(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Thread-safe. Any status is an answer. Errors: timeout (the deadline, or the limits above), unavailable,
  // protocol, denied (a certificate), invalid, and those of the sink and the source.
  Result<HttpAnswer> run(const HttpRequest& request, Deadline deadline);
  // Up to 16 at a time. The answers are in the order of the requests; the first error ends all.
  Result<std::vector<HttpAnswer>> run_all(std::span<const HttpRequest> requests, Deadline deadline);
  // Ends what is under way in other threads, and all that is to come, with `unavailable`.
  void stop();

 private:
  struct State;
  explicit HttpClient(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace deja::remote
