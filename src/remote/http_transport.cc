// SPDX-License-Identifier: Apache-2.0
// What HTTP adds to WebTransport: credentials, the meaning of statuses, and records as ActionResults. Headers are
// made here and not by libcurl's options for authentication, so that a redirect to another origin drops them all
// alike.
//
// Tested by http_transport_test.cc.
#include "remote/http_transport.h"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "remote/secret.h"

namespace deja::remote {
namespace {

std::string base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

Error wrong(const Address& address, std::string_view what) {
  return {Code::invalid, 0, "remote address " + address.text() + ": " + std::string(what)};
}

// RFC 9110, section 5.6.2: the characters of a header's name.
bool is_header_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

Result<std::vector<std::string>> read_headers(const std::string& path) {
  const std::string text = TRY(read_secret_file("header file", path));
  std::vector<std::string> headers;
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = line.find(':');
    const bool is_good = colon != line.npos && is_header_name(line.substr(0, colon)) &&
                         std::none_of(line.begin(), line.end(), [](char c) {
                           return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f;
                         });
    if (!is_good)
      return Error{Code::invalid, 0,
                   "header file " + path + ": a line is not of the form \"Name: value\""};
    headers.emplace_back(line);
  }
  return headers;
}

// The password of the address, or of a file or variable that the address names.
Result<std::string> read_password(const Address& address, const Environment& environment) {
  const auto file = address.parameter("password_file"),
             name = address.parameter("password_variable");
  if (int{file.has_value()} + int{name.has_value()} + int{!address.password.empty()} > 1)
    return wrong(address, "it has more than one password; give only one");
  if (file) return read_secret_line("password file", *file);
  if (name) return read_secret_variable(environment, *name);
  return address.password;
}

}  // namespace

HttpTransport::HttpTransport(const Address& address, std::unique_ptr<HttpClient> client,
                             Clock clock)
    : WebTransport("http cache at " + address.text(), std::move(client), std::move(clock)),
      base_(address.text()) {}

Result<std::unique_ptr<HttpTransport>> HttpTransport::open(const Address& address,
                                                           const Environment& environment,
                                                           Clock clock) {
  HttpOptions options{.subject = "http cache at " + address.text(), .environment = environment};
  options.tls.ca = address.parameter("ca").value_or("");
  options.tls.cert = address.parameter("cert").value_or("");
  options.tls.key = address.parameter("key").value_or("");
  auto client = TRY(HttpClient::make(std::move(options)));
  std::unique_ptr<HttpTransport> transport(
      new HttpTransport(address, std::move(client), std::move(clock)));
  TRY(transport->read_credentials(address, environment));
  return transport;
}

Status HttpTransport::read_credentials(const Address& address, const Environment& environment) {
  const auto token_file = address.parameter("token_file");
  const auto token_variable = address.parameter("token_variable");
  const std::string password = TRY(read_password(address, environment));
  const bool is_basic = !address.user.empty() || !password.empty();
  if (int{token_file.has_value()} + int{token_variable.has_value()} + int{is_basic} > 1)
    return wrong(
        address,
        "it has both a user or password and a token, or two tokens; give only one of them");
  if (const auto path = address.parameter("header_file")) headers_ = TRY(read_headers(*path));
  std::string authorization;
  if (is_basic) authorization = "Basic " + base64(address.user + ":" + password);
  if (token_file) {
    token_file_ = *token_file;
    authorization = "Bearer " + TRY(read_secret_line("token file", token_file_));
  }
  if (token_variable)
    authorization = "Bearer " + TRY(read_secret_variable(environment, *token_variable));
  const MutexLock lock(mutex_);
  authorization_ = std::move(authorization);
  return {};
}

Result<HttpRequest> HttpTransport::make_request(const Ask& ask, Deadline /*deadline*/) {
  HttpRequest request{.method = ask.method,
                      .url = base_ + "/" + ask.name.path(),
                      .headers = headers_,
                      .body = ask.body,
                      .max_bytes = ask.max_bytes,
                      .sink = ask.sink,
                      .follows_redirects = true};
  request.headers.insert(request.headers.end(), ask.headers.begin(), ask.headers.end());
  if (ask.method == Method::put)
    request.headers.emplace_back("Content-Type: application/octet-stream");
  const MutexLock lock(mutex_);
  if (!authorization_.empty()) request.headers.push_back("Authorization: " + authorization_);
  return request;
}

bool HttpTransport::recovers(const HttpAnswer& answer) {
  if (answer.status != 401 || token_file_.empty()) return false;
  const auto token = read_secret_line("token file", token_file_);
  if (!token) return false;
  const MutexLock lock(mutex_);
  return std::exchange(authorization_, "Bearer " + *token) != "Bearer " + *token;
}

Error HttpTransport::refusal(const Ask& ask, const HttpAnswer& answer) const {
  const std::string status = "status " + std::to_string(answer.status);
  switch (answer.status) {
    case 401:
    case 407:
      return error(Code::denied, ask,
                   status +
                       ": the server does not accept the credentials; correct the user and "
                       "password, or the token");
    case 403:
      return error(Code::denied, ask,
                   status + ": the server does not allow it with these credentials");
    case 404:  // of a PUT, which makes what is not there
    case 409:
    case 410:
      return error(
          Code::invalid, ask,
          status +
              ": the server does not accept uploads at this path (nginx: create_full_put_path on)");
    case 405:
    case 501:
      return error(Code::denied, ask,
                   status +
                       ": the server does not accept this method; if it is read-only, set "
                       "remote_mode = \"ro\"");
    case 408:
    case 425:
    case 429:
      return error(Code::unavailable, ask, status);
    case 413:
    case 507:
      return error(Code::no_space, ask,
                   status + ": the object is too large for the server, or the server is full");
    default:
      break;
  }
  if (answer.status >= 500) return error(Code::unavailable, ask, status);
  if (answer.status / 100 == 3)
    return error(Code::protocol, ask, status + ": a redirect; use the address that it leads to");
  // nginx answers so in plain text after the handshake.
  if (answer.status == 400 && answer.body.find("SSL certificate") != std::string::npos)
    return error(
        Code::denied, ask,
        status + ": the server requires a client certificate; name it with cert= and key=");
  return error(Code::protocol, ask, status);
}

std::string HttpTransport::wrap(std::string_view record) const {
  return encode_action_result(record);
}

Result<bool> HttpTransport::unwrap(std::string& bytes) const {
  const auto record = TRY(decode_action_result(bytes));
  if (!record) return false;
  bytes = std::string(*record);
  return true;
}

Status HttpTransport::list(const std::function<bool(const Listed&)>& /*each*/,
                           Deadline /*deadline*/) {
  return Error{Code::invalid, 0,
               name() + ": a web server cannot list its objects; ask the server itself"};
}

}  // namespace deja::remote
