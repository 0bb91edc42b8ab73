// SPDX-License-Identifier: Apache-2.0
// What the transports over HTTP and S3 have in common: an object is a resource with a URL, GET, HEAD, PUT and DELETE
// do what they are called (RFC 9110), and several requests are under way at once. A protocol says how a request is
// made and what a refusal means.
//
// replace() uses If-Match and If-None-Match, which many servers ignore without a word. So the first replace() finds
// out: it sends the bytes with an If-Match that no object fulfills. A server that refuses (412) keeps conditions; one
// that stores them ignores conditions, and that replace() was a plain put, as the contract says. Until then, and for
// servers that ignore conditions, abilities() has no replaces_by_version.
//
// Some servers (Ceph 16) compare If-Match with the ETag without its quotes, and so refuse every version. When a
// replace() is refused although the object still has the expected version, the condition is sent without quotes from
// then on.
//
// After an answer with Retry-After, all calls are `unavailable` without being sent, until then but at most for 10 s.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "remote/curl.h"
#include "remote/transport.h"

namespace deja::remote {

class WebTransport : public Transport {
 public:
  using Clock = std::function<std::int64_t()>;  // as os::monotonic_ns

  std::string name() const override { return name_; }
  Abilities abilities() const override;
  Result<std::optional<Object>> get(const Name& name, std::uint64_t max_bytes,
                                    Deadline deadline) override;
  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<std::vector<std::optional<Object>>> get_many(std::span<const Name> names,
                                                      std::uint64_t max_bytes,
                                                      Deadline deadline) override;
  Result<std::vector<bool>> exists(std::span<const Name> names, Deadline deadline) override;
  Status put(const Name& name, const Source& source, Deadline deadline) override;
  Result<Put> replace(const Name& name, std::string_view bytes, const std::string& version,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;
  void stop() override { client_->stop(); }

 protected:
  // What is asked of one object.
  struct Ask {
    Method method = Method::get;
    Name name{};
    std::vector<std::string> headers{};  // besides those of the protocol
    Source body{};
    std::uint64_t max_bytes = 0;
    const Sink* sink = nullptr;
  };
  enum class Conditions { unknown, kept, ignored };

  WebTransport(std::string name, std::unique_ptr<HttpClient> client, Clock clock)
      : name_(std::move(name)), client_(std::move(client)), clock_(std::move(clock)) {}

  // Complete with credentials.
  virtual Result<HttpRequest> make_request(const Ask& ask, Deadline deadline) = 0;
  // Of a status that the call cannot use.
  virtual Error refusal(const Ask& ask, const HttpAnswer& answer) const = 0;
  virtual bool is_absent(const HttpAnswer& answer) const {
    return answer.status == 404 || answer.status == 410;
  }
  // True: something has changed (the credentials), so the same requests may now succeed.
  virtual bool recovers(const HttpAnswer& answer) = 0;
  // How a record lies on the server.
  virtual std::string wrap(std::string_view record) const { return std::string(record); }
  virtual std::uint64_t wrap_overhead() const {
    return 0;
  }  // bytes at most; 0: records lie as they are
  // Shortens `bytes` to the record. False: it is none of ours.
  virtual Result<bool> unwrap(std::string& /*bytes*/) const { return true; }
  virtual std::uint64_t object_max() const { return 0; }
  virtual bool lists() const { return false; }

  HttpClient& client() { return *client_; }
  std::int64_t now_ns() const { return clock_(); }
  void set_conditions(Conditions conditions) { conditions_ = conditions; }
  // "GET ac/0123…", for messages.
  static std::string shown(const Ask& ask);
  // An error of this remote about this request.
  Error error(Code code, const Ask& ask, std::string_view what) const;

  Result<std::vector<HttpAnswer>> ask_all(std::span<const Ask> asks, Deadline deadline);
  Result<HttpAnswer> ask(const Ask& ask, Deadline deadline);
  // The same for requests that are not about an object (a list).
  Status check_pause() const;
  void note_pause(const HttpAnswer& answer);

 private:
  bool is_wrapped(const Name& name) const {
    return name.kind == Kind::record && wrap_overhead() != 0;
  }
  Result<std::optional<Object>> object_of(const Ask& ask, HttpAnswer answer,
                                          std::uint64_t max_bytes) const;
  Status check_size(const Name& name, std::uint64_t size) const;
  // The condition for replace(); empty: none.
  std::string condition_for(const std::string& version) const;
  Result<bool> is_quoting_refused(const Name& name, const std::string& version, Deadline deadline);
  Result<HttpAnswer> put_if(const Name& name, std::string_view bytes, std::string condition,
                            Deadline deadline);
  Status find_out_conditions(const Name& name, std::string_view bytes, Deadline deadline);

  const std::string name_;
  const std::unique_ptr<HttpClient> client_;
  const Clock clock_;
  std::atomic<std::int64_t> pause_until_ns_ = 0;
  std::atomic<Conditions> conditions_ = Conditions::unknown;
  std::atomic<bool> sends_quotes_ = true;
};

}  // namespace deja::remote
