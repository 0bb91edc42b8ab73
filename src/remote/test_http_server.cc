// SPDX-License-Identifier: Apache-2.0
// The connection's thread reads one request, answers it and goes on, as long as both sides want. Each wait is a
// poll(2) on the connection and on an eventfd that the destructor writes, so a server with hanging replies ends at
// once.
#include "remote/test_http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/lower_case.h"
#include "os/io.h"
#include "remote/address.h"

namespace deja::remote {
namespace {

std::string trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return std::string(text);
}

std::uint64_t number(const std::string& text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

TestHttpServer::Request parse_head(std::string_view head) {
  TestHttpServer::Request request;
  const std::string_view first = head.substr(0, head.find("\r\n"));
  const std::size_t space = first.find(' ');
  request.method = first.substr(0, space);
  request.target = first.substr(space + 1, first.rfind(' ') - space - 1);
  for (std::size_t at = head.find("\r\n"); at != head.npos;) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string_view line = head.substr(at + 2, end == head.npos ? end : end - at - 2);
    if (const std::size_t colon = line.find(':'); colon != line.npos)
      request.headers[lower_case(std::string(line.substr(0, colon)))] =
          trim(line.substr(colon + 1));
    at = end;
  }
  return request;
}

}  // namespace

std::string TestHttpServer::reason(int status) { return status < 400 ? "OK" : "No"; }

TestHttpServer::TestHttpServer(Handler handler)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      stop_(::eventfd(0, EFD_CLOEXEC)),
      handler_(std::move(handler)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(listener_.get(), generic, size), 0);
  EXPECT_EQ(::listen(listener_.get(), 64), 0);
  EXPECT_EQ(::getsockname(listener_.get(), generic, &size), 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::jthread([this] { accept_loop(); });
}

TestHttpServer::~TestHttpServer() {
  const std::uint64_t one = 1;
  EXPECT_EQ(::write(stop_.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  acceptor_.join();
  std::vector<std::jthread> threads;
  {
    const MutexLock lock(mutex_);
    threads.swap(threads_);
  }
}

void TestHttpServer::set_handler(Handler handler) {
  const MutexLock lock(mutex_);
  handler_ = std::move(handler);
}

std::vector<TestHttpServer::Request> TestHttpServer::requests() {
  const MutexLock lock(mutex_);
  return requests_;
}

void TestHttpServer::forget_requests() {
  const MutexLock lock(mutex_);
  requests_.clear();
}

int TestHttpServer::connections() {
  const MutexLock lock(mutex_);
  return connections_;
}

void TestHttpServer::wait_for_a_hang() {
  MutexLock lock(mutex_);
  while (hangs_ == 0) changed_.wait(mutex_);
}

void TestHttpServer::accept_loop() {
  for (;;) {
    pollfd fds[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (::poll(fds, 2, -1) < 0 || fds[1].revents != 0) return;
    const int accepted = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (accepted < 0) continue;
    const int on = 1;
    ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const MutexLock lock(mutex_);
    ++connections_;
    threads_.emplace_back([this, accepted] {
      const os::Fd connection(accepted);
      serve(connection);
    });
  }
}

bool TestHttpServer::receive(const os::Fd& connection, std::string& buffer) const {
  pollfd fds[2] = {{connection.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
  if (::poll(fds, 2, -1) < 0 || fds[1].revents != 0) return false;
  char bytes[65536];
  const ssize_t got = ::recv(connection.get(), bytes, sizeof bytes, 0);
  if (got <= 0) return false;
  buffer.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::optional<TestHttpServer::Request> TestHttpServer::read_request(const os::Fd& connection,
                                                                    std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == buffer.npos)
    if (!receive(connection, buffer)) return std::nullopt;
  Request request = parse_head(std::string_view(buffer).substr(0, end));
  buffer.erase(0, end + 4);
  const std::uint64_t length = number(request.header("content-length"));
  if (request.header("expect") == "100-continue") {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (os::send_all(connection.get(), kContinue.data(), kContinue.size()) != 0)
      return std::nullopt;
  }
  while (buffer.size() < length)
    if (!receive(connection, buffer)) return std::nullopt;
  request.body = buffer.substr(0, static_cast<std::size_t>(length));
  buffer.erase(0, static_cast<std::size_t>(length));
  return request;
}

void TestHttpServer::serve(const os::Fd& connection) {
  std::string buffer;
  while (const auto request = read_request(connection, buffer))
    if (!answer(connection, *request)) return;
}

bool TestHttpServer::answer(const os::Fd& connection, const Request& request) {
  Reply reply;
  {
    const MutexLock lock(mutex_);
    requests_.push_back(request);
    reply = handler_(request);
  }
  std::string bytes;
  if (reply.raw) {
    bytes = *reply.raw;
  } else {
    bytes = "HTTP/1.1 " + std::to_string(reply.status) + " " + reason(reply.status) + "\r\n";
    for (const std::string& header : reply.headers) bytes += header + "\r\n";
    if (reply.status != 204 && reply.status != 304)
      bytes += "Content-Length: " + std::to_string(reply.says_length.value_or(reply.body.size())) +
               "\r\n";
    bytes += "\r\n";
    if (request.method != "HEAD") bytes += reply.body;
  }
  const bool is_cut = reply.cut_after < bytes.size();
  if (is_cut) bytes.resize(reply.cut_after);
  if (os::send_all(connection.get(), bytes.data(), bytes.size()) != 0) return false;
  if (reply.hangs) {
    {
      const MutexLock lock(mutex_);
      ++hangs_;
    }
    changed_.notify_all();
    std::string ignored;
    while (receive(connection, ignored)) ignored.clear();
    return false;
  }
  return !is_cut && !reply.raw;
}

TestHttpServer::Reply TestWebStore::operator()(const TestHttpServer::Request& request) const {
  if (request.target.find("?list-type=2") != std::string::npos ||
      request.target.find("&list-type=2") != std::string::npos)
    return list(request);
  if (request.method == "PUT") return put(request);
  if (request.method != "DELETE") return get(request);
  return {.status = objects_->erase(request.target) != 0 ? 204 : 404};
}

TestHttpServer::Reply TestWebStore::get(const TestHttpServer::Request& request) const {
  const auto at = objects_->find(request.target);
  if (at == objects_->end()) return {.status = 404, .body = "none"};
  TestHttpServer::Reply reply;
  if (options_.gives_etags) reply.headers.push_back("ETag: " + at->second.etag);
  const std::string& bytes = at->second.bytes;
  const std::string range = request.header("range");
  if (range.empty() || !options_.serves_ranges) {
    reply.body = bytes;
    return reply;
  }
  const std::size_t dash = range.find('-');
  const std::size_t first = number(range.substr(6, dash - 6));
  const std::size_t last = number(range.substr(dash + 1));
  if (first >= bytes.size())
    return {.status = 416, .headers = {"Content-Range: bytes */" + std::to_string(bytes.size())}};
  reply.status = 206;
  reply.body = bytes.substr(first, last - first + 1);
  reply.headers.push_back("Content-Range: bytes " + std::to_string(first) + "-" +
                          std::to_string(first + reply.body.size() - 1) + "/" +
                          std::to_string(bytes.size()));
  return reply;
}

TestHttpServer::Reply TestWebStore::put(const TestHttpServer::Request& request) const {
  const auto at = objects_->find(request.target);
  const bool is_there = at != objects_->end();
  if (options_.checks_conditions) {
    if (request.header("if-none-match") == "*" && is_there) return {.status = 412};
    const std::string expected = request.header("if-match");
    if (!expected.empty() && (!is_there || (expected != "*" && expected != at->second.etag)))
      return {.status = 412};
  }
  static int count = 0;
  (*objects_)[request.target] = {request.body, "\"v" + std::to_string(++count) + "\""};
  return {.status = is_there ? 204 : 201};
}

TestHttpServer::Reply TestWebStore::list(const TestHttpServer::Request& request) const {
  const std::size_t question = request.target.find('?');
  const std::string base = request.target.substr(0, question) + "/";
  std::map<std::string, std::string> parameters;
  for (std::string_view rest = std::string_view(request.target).substr(question + 1);
       !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const std::size_t equals = pair.find('=');
    parameters[std::string(pair.substr(0, equals))] =
        percent_decode(pair.substr(equals + 1)).value_or("");
  }
  std::string xml =
      "<?xml version=\"1.0\"?>\n<ListBucketResult "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<EncodingType>url</EncodingType>";
  std::size_t count = 0;
  std::string last;
  for (const auto& [path, object] : *objects_) {
    if (!path.starts_with(base)) continue;
    const std::string key = percent_decode(path.substr(base.size())).value_or("");
    if (!key.starts_with(parameters["prefix"]) || key <= parameters["continuation-token"]) continue;
    if (count++ == options_.page) {
      xml += "<IsTruncated>true</IsTruncated><NextContinuationToken>" + last +
             "</NextContinuationToken>";
      break;
    }
    xml += "<Contents><Key>" + percent_encode(key) + "</Key><Size>" +
           std::to_string(object.bytes.size()) + "</Size></Contents>";
    last = key;
  }
  return {.body = xml + "</ListBucketResult>"};
}

}  // namespace deja::remote
