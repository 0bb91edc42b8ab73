// SPDX-License-Identifier: Apache-2.0
// A web server inside a test, with the faults of real ones: it answers what the test says, byte for byte if it
// must, stops in the middle, or never answers. HTTP/1.1 with kept connections, on 127.0.0.1, one thread for each
// connection.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "os/fd.h"

namespace deja::remote {

class TestHttpServer {
 public:
  struct Request {
    std::string method, target;                  // target: as sent, with the query
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    std::string header(const std::string& name) const {
      const auto at = headers.find(name);
      return at == headers.end() ? "" : at->second;
    }
  };
  struct Reply {
    int status = 200;
    std::string body{};
    std::vector<std::string> headers{};          // "Name: value"
    std::optional<std::uint64_t> says_length{};  // in Content-Length instead of the body's
    std::size_t cut_after = SIZE_MAX;  // closes the connection after so many bytes of the answer
    bool hangs = false;                // after that, nothing: waits until the client goes away
    std::optional<std::string> raw{};  // all bytes of the answer; then the connection is closed
  };
  using Handler = std::function<Reply(const Request&)>;

  // The handler is called by one thread at a time.
  explicit TestHttpServer(Handler handler);
  ~TestHttpServer();
  TestHttpServer(const TestHttpServer&) = delete;
  TestHttpServer& operator=(const TestHttpServer&) = delete;

  int port() const { return port_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void set_handler(Handler handler);
  std::vector<Request> requests();
  void forget_requests();
  int connections();       // accepted so far
  void wait_for_a_hang();  // until a reply that hangs has been sent
  static std::string reason(int status);

 private:
  void accept_loop();
  void serve(const os::Fd& connection);
  std::optional<Request> read_request(const os::Fd& connection, std::string& buffer);
  bool receive(const os::Fd& connection,
               std::string& buffer) const;  // false: the end, or the server ends
  bool answer(const os::Fd& connection, const Request& request);

  int port_ = 0;
  os::Fd listener_, stop_;
  Mutex mutex_;
  ConditionVariable changed_;
  Handler handler_ GUARDED_BY(mutex_);
  std::vector<Request> requests_ GUARDED_BY(mutex_);
  int connections_ GUARDED_BY(mutex_) = 0;
  int hangs_ GUARDED_BY(mutex_) = 0;
  std::vector<std::jthread> threads_ GUARDED_BY(mutex_);
  std::jthread acceptor_;
};

// Answers every request with this.
inline TestHttpServer::Handler always(const TestHttpServer::Reply& reply) {
  return [reply](const TestHttpServer::Request&) { return reply; };
}

// The objects of a web server, for a handler: GET, HEAD, PUT and DELETE below any path, with ETags; and S3's list
// of a bucket, "GET /bucket?list-type=2…". Copies share their objects.
class TestWebStore {
 public:
  struct Options {
    bool gives_etags = true;
    bool checks_conditions = true;  // If-Match, If-None-Match
    bool serves_ranges = true;
    std::size_t page = 1000;
  };
  TestWebStore() : TestWebStore(Options{}) {}
  explicit TestWebStore(Options options)
      : options_(options), objects_(new std::map<std::string, Object>) {}

  TestHttpServer::Reply operator()(const TestHttpServer::Request& request) const;

  struct Object {
    std::string bytes, etag;
  };
  std::map<std::string, Object>& objects() const {
    return *objects_;
  }  // by path; not while it serves

 private:
  TestHttpServer::Reply get(const TestHttpServer::Request& request) const;
  TestHttpServer::Reply put(const TestHttpServer::Request& request) const;
  TestHttpServer::Reply list(const TestHttpServer::Request& request) const;

  Options options_;
  std::shared_ptr<std::map<std::string, Object>> objects_;
};

}  // namespace deja::remote
