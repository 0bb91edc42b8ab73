// SPDX-License-Identifier: Apache-2.0
// TLS runs over two memory BIOs, and we move the bytes between them and the socket: so one place waits, with deadline
// and WakeUp, and no write of OpenSSL's can raise SIGPIPE in a program that has the engine loaded.
#include "remote/stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <utility>

#include "os/socket.h"
#include "remote/secret.h"

namespace deja::remote {
namespace {

class PlainStream final : public Stream {
 public:
  explicit PlainStream(os::Fd socket) : socket_(std::move(socket)) {}
  Status send(std::string_view bytes, const os::Limit& limit) override {
    return os::send_all(socket_, bytes, limit);
  }
  Result<std::size_t> receive(char* to, std::size_t size, const os::Limit& limit) override {
    return os::receive(socket_, to, size, limit);
  }
  bool is_quiet() const override { return !os::is_readable(socket_); }

 private:
  const os::Fd socket_;
};

std::string last_tls_error() {
  const unsigned long code = ERR_get_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

// Alerts by which the other side refuses our certificate (RFC 8446, section 6.2).
bool is_refusal(unsigned long code) {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return false;
  switch (ERR_GET_REASON(code)) {
    case SSL_R_CERTIFICATE_VERIFY_FAILED:
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPtr = std::unique_ptr<SSL, FreeSsl>;

class TlsStream final : public Stream {
 public:
  TlsStream(os::Fd socket, SslPtr ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}

  Status shake_hands(const os::Limit& limit) {
    return run(limit, [this] { return SSL_connect(ssl_.get()); });
  }

  Status send(std::string_view bytes, const os::Limit& limit) override {
    while (!bytes.empty()) {
      std::size_t done = 0;
      // One record's worth at a time, so that the memory BIO stays small.
      constexpr std::size_t kRecordBytes = 16 << 10;
      const std::string_view piece = bytes.substr(0, kRecordBytes);
      TRY(run(limit, [&] { return SSL_write_ex(ssl_.get(), piece.data(), piece.size(), &done); }));
      bytes.remove_prefix(done);
    }
    return {};
  }

  Result<std::size_t> receive(char* to, std::size_t size, const os::Limit& limit) override {
    std::size_t done = 0;
    TRY(run(limit, [&] { return SSL_read_ex(ssl_.get(), to, size, &done); }));
    return done;  // 0: the other side has said goodbye
  }

  bool is_quiet() const override {
    return !os::is_readable(socket_) && SSL_pending(ssl_.get()) == 0 &&
           BIO_ctrl_pending(SSL_get_rbio(ssl_.get())) == 0;
  }

 private:
  // Repeats the call until it has an end, moving bytes as it wants them.
  template <typename Call>
  Status run(const os::Limit& limit, Call call) {
    for (;;) {
      ERR_clear_error();
      const int result = call();
      const int wants = SSL_get_error(ssl_.get(), result);
      Status flushed = flush(limit);
      if (result > 0) return flushed;
      if (wants == SSL_ERROR_ZERO_RETURN) return {};
      if (wants == SSL_ERROR_WANT_READ && !flushed) return flushed;
      if (wants == SSL_ERROR_WANT_READ) {
        TRY(fill(limit));
      } else if (wants != SSL_ERROR_WANT_WRITE) {
        return explain();
      }
    }
  }

  Status flush(const os::Limit& limit) {
    char bytes[16 << 10];
    for (;;) {
      const int size = BIO_read(SSL_get_wbio(ssl_.get()), bytes, sizeof(bytes));
      if (size <= 0) return {};
      TRY(os::send_all(socket_, std::string_view(bytes, static_cast<std::size_t>(size)), limit));
    }
  }

  Status fill(const os::Limit& limit) {
    char bytes[16 << 10];
    const std::size_t size = TRY(os::receive(socket_, bytes, sizeof(bytes), limit));
    if (size == 0) return Error{Code::unavailable, 0, "the connection was closed"};
    if (BIO_write(SSL_get_rbio(ssl_.get()), bytes, static_cast<int>(size)) !=
        static_cast<int>(size))
      return Error{Code::no_space, ENOMEM, "no memory for TLS"};
    return {};
  }

  Error explain() {
    const long verified = SSL_get_verify_result(ssl_.get());
    const bool refused = is_refusal(ERR_peek_error());
    if (verified != X509_V_OK)
      return {Code::denied, 0,
              std::string("the server's certificate is not accepted: ") +
                  X509_verify_cert_error_string(verified)};
    return {refused ? Code::denied : Code::protocol, 0, "TLS: " + last_tls_error()};
  }

  const os::Fd socket_;
  const SslPtr ssl_;
};

bool is_address(const std::string& host) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes) == 1;
}

}  // namespace

std::unique_ptr<Stream> plain_stream(os::Fd socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

TlsContext::TlsContext(SSL_CTX* context, std::string server_name)
    : context_(context), server_name_(std::move(server_name)) {}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsOptions& options) {
  ERR_clear_error();
  std::shared_ptr<TlsContext> made(
      new TlsContext(SSL_CTX_new(TLS_client_method()), options.server_name));
  SSL_CTX* const context = made->context_;
  const auto fail = [](const std::string& what) {
    return Error{Code::invalid, 0, what + ": " + last_tls_error()};
  };
  if (context == nullptr) return fail("cannot use TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const int loaded = options.ca_file.empty()
                         ? SSL_CTX_set_default_verify_paths(context)
                         : SSL_CTX_load_verify_file(context, options.ca_file.c_str());
  if (loaded != 1)
    return fail(options.ca_file.empty()
                    ? "cannot read the system's certificate authorities"
                    : "cannot use the certificate authorities in " + options.ca_file);
  if (!options.certificate_file.empty()) {
    if (SSL_CTX_use_certificate_chain_file(context, options.certificate_file.c_str()) != 1)
      return fail("cannot use the certificate in " + options.certificate_file);
    const std::string& key = options.key_file.empty() ? options.certificate_file : options.key_file;
    TRY(check_secret_file("key file", key));
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1)
      return fail("cannot use the key in " + key + " for the certificate in " +
                  options.certificate_file);
  }
  return std::shared_ptr<const TlsContext>(std::move(made));
}

Result<std::unique_ptr<Stream>> TlsContext::connect(os::Fd socket, const std::string& host,
                                                    const os::Limit& limit) const {
  SslPtr ssl(SSL_new(context_));
  BIO* const in = BIO_new(BIO_s_mem());
  BIO* const out = BIO_new(BIO_s_mem());
  if (ssl == nullptr || in == nullptr || out == nullptr) {
    BIO_free(in);
    BIO_free(out);
    return Error{Code::no_space, ENOMEM, "no memory for TLS"};
  }
  BIO_set_mem_eof_return(in, -1);  // an empty BIO is not the end of the stream
  SSL_set_bio(ssl.get(), in, out);
  const std::string& name = server_name_.empty() ? host : server_name_;
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else {
    // SSL_set_tlsext_host_name(), which is a macro with a C cast.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(name.c_str()));
    SSL_set1_host(ssl.get(), name.c_str());
  }
  auto stream = std::make_unique<TlsStream>(std::move(socket), std::move(ssl));
  TRY(stream->shake_hands(limit));
  return std::unique_ptr<Stream>(std::move(stream));
}

}  // namespace deja::remote
