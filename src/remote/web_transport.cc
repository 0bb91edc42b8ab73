// SPDX-License-Identifier: Apache-2.0
// Each call is a list of Asks (one object, one method), which the protocol makes into HTTP requests. Only what the
// answers mean differs between the calls, so there is one way to the server, ask_all(), with the pause of Retry-After
// and the second try with new credentials in one place.
#include "remote/web_transport.h"

#include <algorithm>
#include <utility>

#include "remote/source.h"

namespace deja::remote {
namespace {

constexpr std::int64_t kPauseMaxS = 10;
// A strong ETag (RFC 9110, section 8.8.3) in the form of S3's, which no server gives to an object.
constexpr std::string_view kNoVersion = "\"00000000000000000000000000000000\"";
// Of an object whose server does not say its version.
constexpr std::string_view kUnknownVersion = "-";

constexpr std::string_view method_name(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::put:
      return "PUT";
    case Method::post:
      return "POST";
    case Method::remove:
      return "DELETE";
  }
  return "";
}

// A condition is not met. 409: another write was under way (S3). 404: If-Match, and there is none (S3).
bool is_lost(const HttpAnswer& answer, bool expects_object) {
  return answer.status == 412 || answer.status == 409 || (expects_object && answer.status == 404);
}

}  // namespace

Abilities WebTransport::abilities() const {
  return {.replaces_by_version = conditions_ == Conditions::kept,
          .lists = lists(),
          .gets_many = true,
          .reads_only = false,
          .object_max = object_max()};
}

std::string WebTransport::shown(const Ask& ask) {
  return std::string(method_name(ask.method)) + " " + ask.name.path().substr(0, 12) + "…";
}

Error WebTransport::error(Code code, const Ask& ask, std::string_view what) const {
  return {code, 0, name_ + ": " + shown(ask) + ": " + std::string(what)};
}

Status WebTransport::check_pause() const {
  const std::int64_t left_ns = pause_until_ns_ - clock_();
  if (left_ns <= 0) return {};
  return Error{Code::unavailable, 0,
               name_ + ": not asked, because the server wants a pause (Retry-After) of " +
                   std::to_string(left_ns / 1'000'000) + " ms more"};
}

void WebTransport::note_pause(const HttpAnswer& answer) {
  if (answer.retry_after_s <= 0 || (answer.status != 429 && answer.status != 503)) return;
  pause_until_ns_ = clock_() + std::min(answer.retry_after_s, kPauseMaxS) * 1'000'000'000;
}

Result<std::vector<HttpAnswer>> WebTransport::ask_all(std::span<const Ask> asks,
                                                      Deadline deadline) {
  for (bool is_second = false;; is_second = true) {
    TRY(check_pause());
    std::vector<HttpRequest> requests;
    requests.reserve(asks.size());
    for (const Ask& one : asks) requests.push_back(TRY(make_request(one, deadline)));
    auto answers = TRY(client_->run_all(requests, deadline));
    for (const HttpAnswer& answer : answers) note_pause(answer);
    const auto can_recover = [this](const HttpAnswer& answer) {
      return !answer.is_ok() && !is_absent(answer) && recovers(answer);
    };
    // All of them: which answers were refused for old credentials is not worth telling apart.
    if (!is_second && std::any_of(answers.begin(), answers.end(), can_recover)) continue;
    return answers;
  }
}

Result<HttpAnswer> WebTransport::ask(const Ask& ask, Deadline deadline) {
  auto answers = TRY(ask_all({&ask, 1}, deadline));
  return std::move(answers[0]);
}

// The answer to a GET that holds the whole object.
Result<std::optional<Object>> WebTransport::object_of(const Ask& ask, HttpAnswer answer,
                                                      std::uint64_t max_bytes) const {
  if (is_absent(answer)) return std::optional<Object>();
  if (answer.status != 200) return refusal(ask, answer);
  Object object{std::move(answer.body), std::string(kUnknownVersion)};
  // Only a strong ETag tells versions apart.
  if (answer.etag.starts_with('"')) object.version = std::move(answer.etag);
  if (is_wrapped(ask.name)) {
    const auto is_ours = unwrap(object.bytes);
    if (!is_ours) return error(is_ours.error().code, ask, is_ours.error().message);
    if (!*is_ours) return std::optional<Object>();
  }
  if (object.bytes.size() > max_bytes)
    return error(Code::protocol, ask,
                 "the record has " + std::to_string(object.bytes.size()) + " bytes, at most " +
                     std::to_string(max_bytes) + " were asked for");
  return std::optional(std::move(object));
}

Result<std::vector<std::optional<Object>>> WebTransport::get_many(std::span<const Name> names,
                                                                  std::uint64_t max_bytes,
                                                                  Deadline deadline) {
  std::vector<Ask> asks;
  asks.reserve(names.size());
  for (const Name& name : names) {
    const std::uint64_t overhead = is_wrapped(name) ? wrap_overhead() : 0;
    asks.push_back(
        {.name = name, .max_bytes = std::min(max_bytes, UINT64_MAX - overhead) + overhead});
  }
  auto answers = TRY(ask_all(asks, deadline));
  std::vector<std::optional<Object>> objects;
  objects.reserve(names.size());
  for (std::size_t i = 0; i < asks.size(); ++i)
    objects.push_back(TRY(object_of(asks[i], std::move(answers[i]), max_bytes)));
  return objects;
}

Result<std::optional<Object>> WebTransport::get(const Name& name, std::uint64_t max_bytes,
                                                Deadline deadline) {
  auto objects = TRY(get_many({&name, 1}, max_bytes, deadline));
  return std::move(objects[0]);
}

Result<bool> WebTransport::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                  Deadline deadline) {
  if (is_wrapped(name)) {  // the record is known only when all of it is there
    const auto object = TRY(get(name, max_bytes, deadline));
    if (!object) return false;
    if (!object->bytes.empty()) TRY(sink(object->bytes));
    return true;
  }
  const Ask whole{.name = name, .max_bytes = max_bytes, .sink = &sink};
  HttpAnswer answer = TRY(ask(whole, deadline));
  return TRY(object_of(whole, std::move(answer), max_bytes)).has_value();
}

Result<std::vector<bool>> WebTransport::exists(std::span<const Name> names, Deadline deadline) {
  std::vector<Ask> asks;
  asks.reserve(names.size());
  for (const Name& name : names) asks.push_back({.method = Method::head, .name = name});
  const auto answers = TRY(ask_all(asks, deadline));
  std::vector<bool> found;
  found.reserve(names.size());
  for (std::size_t i = 0; i < asks.size(); ++i) {
    if (!answers[i].is_ok() && !is_absent(answers[i])) return refusal(asks[i], answers[i]);
    found.push_back(answers[i].is_ok());
  }
  return found;
}

Status WebTransport::check_size(const Name& name, std::uint64_t size) const {
  if (object_max() == 0 || size <= object_max()) return {};
  return error(Code::no_space, {.method = Method::put, .name = name},
               "the object has " + std::to_string(size) + " bytes, the remote takes at most " +
                   std::to_string(object_max()));
}

Status WebTransport::put(const Name& name, const Source& source, Deadline deadline) {
  TRY(check_size(name, size_of(source)));
  std::string wrapped;
  Ask upload{.method = Method::put, .name = name, .body = source};
  if (is_wrapped(name)) {
    std::string record;
    TRY(read_source(source, 1 << 20, [&record](std::string_view piece) {
      record.append(piece);
      return Status();
    }));
    wrapped = wrap(record);
    upload.body = {.bytes = wrapped};
  }
  const HttpAnswer answer = TRY(ask(upload, deadline));
  if (!answer.is_ok()) return refusal(upload, answer);
  return {};
}

Result<HttpAnswer> WebTransport::put_if(const Name& name, std::string_view bytes,
                                        std::string condition, Deadline deadline) {
  Ask upload{.method = Method::put, .name = name, .body = {.bytes = bytes}};
  if (!condition.empty()) upload.headers.push_back(std::move(condition));
  return ask(upload, deadline);
}

Status WebTransport::find_out_conditions(const Name& name, std::string_view bytes,
                                         Deadline deadline) {
  const HttpAnswer answer =
      TRY(put_if(name, bytes, "If-Match: " + std::string(kNoVersion), deadline));
  if (answer.is_ok()) {
    conditions_ = Conditions::ignored;
  } else if (is_lost(answer, true)) {
    conditions_ = Conditions::kept;
  } else if (answer.status == 501 ||
             answer.status == 400) {  // a server that knows the header, and says so
    conditions_ = Conditions::ignored;
    const HttpAnswer plain = TRY(put_if(name, bytes, "", deadline));
    if (!plain.is_ok()) return refusal({.method = Method::put, .name = name}, plain);
  } else {
    return refusal({.method = Method::put, .name = name}, answer);
  }
  return {};
}

std::string WebTransport::condition_for(const std::string& version) const {
  if (conditions_ != Conditions::kept || version == kUnknownVersion) return "";
  if (version.empty()) return "If-None-Match: *";
  const bool is_quoted = version.size() >= 2 && version.starts_with('"') && version.ends_with('"');
  return "If-Match: " +
         (is_quoted && !sends_quotes_ ? version.substr(1, version.size() - 2) : version);
}

// After a refusal. True: the object has this version all the same, so it is to be tried without quotes.
Result<bool> WebTransport::is_quoting_refused(const Name& name, const std::string& version,
                                              Deadline deadline) {
  if (version.empty() || !sends_quotes_) return false;
  const HttpAnswer answer = TRY(ask({.method = Method::head, .name = name}, deadline));
  if (!answer.is_ok() || answer.etag != version) return false;
  sends_quotes_ = false;
  return true;
}

Result<Put> WebTransport::replace(const Name& name, std::string_view bytes,
                                  const std::string& version, Deadline deadline) {
  TRY(check_size(name, bytes.size()));
  const std::string wrapped = is_wrapped(name) ? wrap(bytes) : std::string();
  const std::string_view sent = wrapped.empty() ? bytes : std::string_view(wrapped);
  if (conditions_ == Conditions::unknown) {
    TRY(find_out_conditions(name, sent, deadline));
    if (conditions_ == Conditions::ignored) return Put::stored;
  }
  for (;;) {
    const std::string condition = condition_for(version);
    const HttpAnswer answer = TRY(put_if(name, sent, condition, deadline));
    if (answer.is_ok()) return Put::stored;
    if (condition.empty() || !is_lost(answer, !version.empty()))
      return refusal({.method = Method::put, .name = name}, answer);
    if (!TRY(is_quoting_refused(name, version, deadline))) return Put::lost;
  }
}

Result<bool> WebTransport::remove(const Name& name, Deadline deadline) {
  const Ask removal{.method = Method::remove, .name = name};
  const HttpAnswer answer = TRY(ask(removal, deadline));
  if (is_absent(answer)) return false;
  if (!answer.is_ok()) return refusal(removal, answer);
  return true;
}

}  // namespace deja::remote
