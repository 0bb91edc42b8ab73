// SPDX-License-Identifier: Apache-2.0
// What S3 adds to WebTransport: where a bucket is, signatures, the codes in its XML errors, lists, and reading in
// ranges. A refusal is tried once more when something has changed: the credentials were exchanged or their file was
// written, or the server's clock is known now (RequestTimeTooSkewed).
//
// Tested by s3_transport_test.cc; with servers: test/remote/.
#include "remote/s3_transport.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "remote/sha256.h"
#include "remote/source.h"
#include "remote/xml.h"

namespace deja::remote {
namespace {

constexpr std::uint64_t kRangeBytes = 4 << 20;
constexpr std::size_t kRangesAtOnce = 3;
constexpr std::uint64_t kPageBytesMax = 4 << 20;  // of 1000 keys, about 300 bytes each
constexpr std::int64_t kSkewMaxS = 300;           // S3 allows 15 minutes
constexpr std::string_view kEmptyDigest =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

bool is_label(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

struct S3Error {
  std::string code, region;
};
S3Error parse_error(std::string_view body) {
  S3Error error;
  read_xml(body, [&error](const XmlElement& element) {
    if (!is_label(element.text)) return;
    if (element.path == "Error/Code") error.code = element.text;
    if (element.path == "Error/Region") error.region = element.text;
  });
  return error;
}

// What ListObjectsV2 answers.
struct KeyList {
  std::vector<std::pair<std::string, std::uint64_t>> keys;  // with their sizes
  bool is_encoded = false, is_cut = false;
  std::string next;
};
bool parse_list(std::string_view body, KeyList& list) {
  std::string key;
  std::uint64_t size = 0;
  return read_xml(body, [&](const XmlElement& element) {
    const std::string_view text = element.text;
    if (element.path == "ListBucketResult/EncodingType") list.is_encoded = text == "url";
    if (element.path == "ListBucketResult/IsTruncated") list.is_cut = text == "true";
    if (element.path == "ListBucketResult/NextContinuationToken") list.next = text;
    if (element.path == "ListBucketResult/Contents/Key") key = text;
    if (element.path == "ListBucketResult/Contents/Size")
      std::from_chars(text.data(), text.data() + text.size(), size);
    if (element.path == "ListBucketResult/Contents")
      list.keys.emplace_back(std::exchange(key, ""), std::exchange(size, 0));
  });
}

struct S3Meaning {
  std::string_view code;  // of S3's "List of error codes"
  Code meaning;
  std::string_view remedy;
};
constexpr S3Meaning kS3Meanings[] = {
    {"AccessDenied", Code::denied,
     "the keys do not belong to this server, or lack one of the rights s3:GetObject, s3:PutObject, "
     "s3:DeleteObject and s3:ListBucket for the bucket"},
    {"InvalidAccessKeyId", Code::denied, "the server does not know the key ID"},
    {"SignatureDoesNotMatch", Code::denied, "the secret key does not belong to the key ID"},
    {"ExpiredToken", Code::denied, "the credentials have expired; get new ones"},
    {"InvalidToken", Code::denied, "the session token is wrong, or does not belong to the key ID"},
    {"RequestTimeTooSkewed", Code::denied, "the clock of this machine is wrong; correct it"},
    {"NoSuchBucket", Code::invalid,
     "there is no bucket of that name; create it, or correct the address"},
    {"InvalidBucketName", Code::invalid, "a bucket cannot have that name; correct the address"},
    {"QuotaExceeded", Code::no_space, "the quota is used up"},
    {"EntityTooLarge", Code::no_space, "the object is too large for the server"},
    {"XAmzContentSHA256Mismatch", Code::corrupt, "the bytes do not match their digest"},
    {"BadDigest", Code::corrupt, "the bytes do not match their digest"},
    {"RequestTimeout", Code::unavailable, ""},
    {"SlowDown", Code::unavailable, ""},
    {"OperationAborted", Code::unavailable, ""},
    {"NotImplemented", Code::denied, "the server cannot do this"},
    {"MethodNotAllowed", Code::denied, "the server does not allow this"},
};

Code meaning_of_status(long status) {
  if (status == 401 || status == 403 || status == 405 || status == 407) return Code::denied;
  if (status == 413 || status == 507) return Code::no_space;
  if (status == 408 || status == 429 || status >= 500) return Code::unavailable;
  return Code::protocol;
}

// "bytes 0-99/1000": the number of bytes that are there, and of all. Of "bytes */0" the first is 0.
struct ContentRange {
  std::uint64_t first = 0, count = 0, total = 0;
};
std::optional<ContentRange> parse_content_range(std::string_view text) {
  constexpr std::string_view kUnit = "bytes ";
  const std::size_t slash = text.find('/');
  if (!text.starts_with(kUnit) || slash == text.npos) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const auto total = number(text.substr(slash + 1));
  const std::string_view range = text.substr(kUnit.size(), slash - kUnit.size());
  if (!total) return std::nullopt;
  if (range == "*") return ContentRange{0, 0, *total};
  const std::size_t dash = range.find('-');
  if (dash == range.npos) return std::nullopt;
  const auto first = number(range.substr(0, dash)), last = number(range.substr(dash + 1));
  if (!first || !last || *last < *first || *last >= *total) return std::nullopt;
  return ContentRange{*first, *last - *first + 1, *total};
}

std::string range_header(std::uint64_t first, std::uint64_t count) {
  return "Range: bytes=" + std::to_string(first) + "-" + std::to_string(first + count - 1);
}

Result<std::string> file_digest(const Source& source) {
  Sha256 hash;
  TRY(read_source(source, 256 << 10, [&hash](std::string_view piece) {
    hash.add(piece);
    return Status();
  }));
  return hex_of(hash.finish());
}

std::string first_of(const Environment& environment,
                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (std::string value = variable(environment, name); !value.empty()) return value;
  return "";
}

}  // namespace

S3Transport::S3Transport(std::string name, std::unique_ptr<HttpClient> client, Clocks clocks,
                         Place place, std::unique_ptr<AwsCredentialSource> credentials)
    : WebTransport(std::move(name), std::move(client), std::move(clocks.monotonic_ns)),
      place_(std::move(place)),
      wall_ns_(std::move(clocks.wall_ns)),
      credentials_(std::move(credentials)) {
  if (place_.is_aws) set_conditions(Conditions::kept);  // since 2024
}

Result<S3Transport::Place> S3Transport::find_place(const Address& address,
                                                   const Environment& environment) {
  AwsProfile profile;
  const std::string named =
      address.parameter("profile").value_or(variable(environment, "AWS_PROFILE"));
  // Whether the files may be read matters only to who needs a key of them (AwsCredentialSource).
  if (auto found = read_aws_profile(environment, named.empty() ? "default" : named);
      found && *found)
    profile = **std::move(found);
  const auto choose = [&profile](std::optional<std::string> wanted, std::string from_variable,
                                 std::string_view setting, std::string otherwise) {
    if (wanted) return *std::move(wanted);
    if (!from_variable.empty()) return from_variable;
    const auto at = profile.find(setting);
    return at != profile.end() && !at->second.empty() ? at->second : std::move(otherwise);
  };
  Place place;
  place.region =
      choose(address.parameter("region"),
             first_of(environment, {"AWS_REGION", "AWS_DEFAULT_REGION"}), "region", "us-east-1");
  if (!is_label(place.region))
    return Error{
        Code::invalid, 0,
        "remote address " + address.text() + ": the region is not a word like eu-central-1"};
  std::string aws = "https://s3." + place.region + ".amazonaws.com";
  if (place.region.starts_with("cn-")) aws += ".cn";
  const std::string endpoint = choose(
      address.parameter("endpoint"),
      first_of(environment, {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}), "endpoint_url", aws);
  place.is_aws = endpoint == aws;
  const Address server = TRY(parse_address(endpoint));
  if (server.scheme != Scheme::http || !server.user.empty() || !server.password.empty() ||
      !server.parameters.empty())
    return Error{Code::invalid, 0,
                 "remote address " + address.text() +
                     ": the endpoint must be http://host:port or https://host:port"};
  const bool has_dots =
      address.bucket.find('.') != std::string::npos;  // no certificate of AWS is for such a host
  const bool is_virtual = address.parameter("style").value_or(
                              place.is_aws && !has_dots ? "virtual" : "path") == "virtual";
  const std::string origin = server.origin();
  const std::size_t host = origin.find("://") + 3;
  place.host = (is_virtual ? address.bucket + "." : "") + origin.substr(host);
  place.origin = origin.substr(0, host) + place.host;
  place.base = server.path + (is_virtual ? "" : "/" + percent_encode(address.bucket));
  place.prefix = address.path.empty() ? "" : address.path + "/";
  return place;
}

Result<std::unique_ptr<S3Transport>> S3Transport::open(const Address& address,
                                                       const Environment& environment,
                                                       Clocks clocks) {
  Place place = TRY(find_place(address, environment));
  const TlsFiles tls{address.parameter("ca").value_or(variable(environment, "AWS_CA_BUNDLE")),
                     address.parameter("cert").value_or(""), address.parameter("key").value_or("")};
  auto credentials =
      TRY(AwsCredentialSource::make({.environment = environment,
                                     .profile = address.parameter("profile").value_or(""),
                                     .anonymous = address.parameter("anonymous") == "1",
                                     .region = place.region,
                                     .tls = tls,
                                     .wall_ns = clocks.wall_ns}));
  const std::string name = "S3 bucket " + address.bucket +
                           (address.path.empty() ? "" : "/" + address.path) + " at " + place.host;
  auto client = TRY(HttpClient::make({.subject = name, .tls = tls, .environment = environment}));
  return std::unique_ptr<S3Transport>(new S3Transport(name, std::move(client), std::move(clocks),
                                                      std::move(place), std::move(credentials)));
}

void S3Transport::stop() {
  credentials_->stop();
  WebTransport::stop();
}

Result<std::string> S3Transport::content_digest(const Ask& ask) const {
  if (ask.method != Method::put) return std::string(kEmptyDigest);
  if (ask.name.kind == Kind::blob) return ask.name.hex();
  if (ask.body.file != nullptr) return file_digest(ask.body);
  return sha256_hex(ask.body.bytes);
}

Result<HttpRequest> S3Transport::make_request(const Ask& ask, Deadline deadline) {
  const std::string path = place_.base + "/" + percent_encode(place_.prefix + ask.name.path(), "/");
  HttpRequest request{.method = ask.method,
                      .url = place_.origin + path,
                      .headers = ask.headers,
                      .body = ask.body,
                      .max_bytes = ask.max_bytes,
                      .sink = ask.sink};
  return sign(std::move(request), path, "", TRY(content_digest(ask)), deadline);
}

// Signed are the host, the time, the content and the token. The rest (Range, If-Match) can be changed on the way only
// by someone who could change the answer as well.
Result<HttpRequest> S3Transport::sign(HttpRequest request, const std::string& path,
                                      const std::string& query, const std::string& digest,
                                      Deadline deadline) {
  const auto credentials = TRY(credentials_->get(deadline));
  if (!credentials) return request;
  AwsRequest signed_parts{
      .method = "GET", .path = path, .query = query, .headers = {}, .content_sha256 = digest};
  if (request.method == Method::put) signed_parts.method = "PUT";
  if (request.method == Method::head) signed_parts.method = "HEAD";
  if (request.method == Method::remove) signed_parts.method = "DELETE";
  signed_parts.headers = {{"x-amz-content-sha256", digest},
                          {"x-amz-date", aws_time(wall_ns_() / 1'000'000'000 + skew_s_)}};
  if (!credentials->session_token.empty())
    signed_parts.headers["x-amz-security-token"] = credentials->session_token;
  for (const auto& [name, value] : signed_parts.headers)
    request.headers.emplace_back(name).append(": ").append(value);
  signed_parts.headers["host"] = place_.host;  // libcurl sends it
  request.headers.push_back("Authorization: " +
                            aws_authorization(signed_parts, *credentials, {place_.region, "s3"}));
  return request;
}

bool S3Transport::is_absent(const HttpAnswer& answer) const {
  return answer.status == 404 && parse_error(answer.body).code != "NoSuchBucket";
}

// The answer to HEAD has no body, so its status must do.
bool S3Transport::recovers(const HttpAnswer& answer) {
  if (answer.status != 400 && answer.status != 401 && answer.status != 403) return false;
  const std::string code = parse_error(answer.body).code;
  const std::int64_t skew_s = answer.date_s - wall_ns_() / 1'000'000'000;
  const bool is_skewed = answer.date_s != 0 && std::abs(skew_s - skew_s_) > kSkewMaxS;
  if (is_skewed && (code == "RequestTimeTooSkewed" || code.empty())) {
    skew_s_ = skew_s;
    return true;
  }
  // Whatever the code is: of credentials that have expired, AWS says ExpiredToken, and Ceph AccessDenied.
  return credentials_->refresh();
}

Error S3Transport::refusal(const Ask& ask, const HttpAnswer& answer) const {
  return error_of(answer, name() + ": " + shown(ask));
}

// Of the body only the code is shown: other parts repeat keys and signatures.
Error S3Transport::error_of(const HttpAnswer& answer, const std::string& subject) const {
  const S3Error found = parse_error(answer.body);
  std::string text = subject + ": status " + std::to_string(answer.status);
  if (!found.code.empty()) text += " " + found.code;
  const std::string region = is_label(answer.region) ? answer.region : found.region;
  const bool is_elsewhere =
      answer.status / 100 == 3 || found.code == "AuthorizationHeaderMalformed";
  if (is_elsewhere && !region.empty() && region != place_.region)
    return {Code::invalid, 0,
            text + ": the bucket is in another region; add region=" + region + " to the address"};
  if (answer.status / 100 == 3)
    return {Code::invalid, 0, text + ": the bucket is at another endpoint"};
  for (const S3Meaning& row : kS3Meanings)
    if (row.code == found.code)
      return {row.meaning, 0, text + (row.remedy.empty() ? "" : ": " + std::string(row.remedy))};
  return {meaning_of_status(answer.status), 0, text};
}

struct S3Transport::Ranges {
  std::uint64_t next = 0, total = 0;
  std::string etag;  // of what the first range belongs to
};

Result<bool> S3Transport::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                 Deadline deadline) {
  std::uint64_t taken = 0;
  const Sink counting = [&](std::string_view piece) {
    taken += piece.size();
    return sink(piece);
  };
  const Ask first{.name = name,
                  .headers = {range_header(0, kRangeBytes)},
                  .max_bytes = max_bytes,
                  .sink = &counting};
  const HttpAnswer answer = TRY(ask(first, deadline));
  if (is_absent(answer)) return false;
  if (answer.status == 200) return true;  // a server without ranges sent all of it
  const auto range = parse_content_range(answer.content_range);
  if (answer.status == 416 && (!range || range->total == 0))
    return true;  // no first byte: the object is empty
  if (answer.status != 206) return refusal(first, answer);
  if (!range || range->first != 0 || range->count != taken ||
      taken != std::min(kRangeBytes, range->total))
    return error(Code::protocol, first, "the server sent a wrong range");
  if (range->total > max_bytes)
    return error(Code::protocol, first,
                 "the object has " + std::to_string(range->total) + " bytes, at most " +
                     std::to_string(max_bytes) + " were asked for");
  TRY(read_ranges(name, {taken, range->total, answer.etag}, sink, deadline));
  return true;
}

std::vector<WebTransport::Ask> S3Transport::next_ranges(const Name& name, const Ranges& ranges) {
  std::vector<Ask> asks;
  for (std::uint64_t at = ranges.next; at < ranges.total && asks.size() < kRangesAtOnce;
       at += kRangeBytes) {
    const std::uint64_t count = std::min(kRangeBytes, ranges.total - at);
    asks.push_back({.name = name, .headers = {range_header(at, count)}, .max_bytes = count});
    if (!ranges.etag.empty()) asks.back().headers.push_back("If-Match: " + ranges.etag);
  }
  return asks;
}

Status S3Transport::take_range(const Ask& ask, const HttpAnswer& answer, Ranges& ranges,
                               const Sink& sink) const {
  if (answer.status == 412 || is_absent(answer))
    return error(Code::unavailable, ask, "the object has changed while it was read");
  if (answer.status != 206) return refusal(ask, answer);
  const auto range = parse_content_range(answer.content_range);
  if (!range || range->first != ranges.next || range->total != ranges.total ||
      answer.body.size() != ask.max_bytes)
    return error(Code::protocol, ask, "the server sent a wrong range");
  ranges.next += answer.body.size();
  return sink(answer.body);
}

Status S3Transport::read_ranges(const Name& name, Ranges ranges, const Sink& sink,
                                Deadline deadline) {
  bool has_failed = false;
  while (ranges.next < ranges.total) {
    const std::vector<Ask> asks = next_ranges(name, ranges);
    const auto answers = ask_all(asks, deadline);
    if (!answers) {
      if (answers.error().code != Code::unavailable || std::exchange(has_failed, true))
        return answers.error();
      continue;
    }
    has_failed = false;
    for (std::size_t i = 0; i < asks.size(); ++i)
      TRY(take_range(asks[i], (*answers)[i], ranges, sink));
  }
  return {};
}

// DELETE says the same whether there was one or not.
Result<bool> S3Transport::remove(const Name& name, Deadline deadline) {
  const auto found = TRY(exists({&name, 1}, deadline));
  if (!found[0]) return false;
  return WebTransport::remove(name, deadline);
}

Result<HttpAnswer> S3Transport::ask_list(const std::string& query, Deadline deadline) {
  const std::string path = place_.base.empty() ? "/" : place_.base;
  for (bool is_second = false;; is_second = true) {
    TRY(check_pause());
    HttpRequest request{.url = place_.origin + path, .max_bytes = kPageBytesMax};
    request.url.append("?").append(query);
    request = TRY(sign(std::move(request), path, query, std::string(kEmptyDigest), deadline));
    HttpAnswer answer = TRY(client().run(request, deadline));
    note_pause(answer);
    if (answer.is_ok()) return answer;
    if (is_second || !recovers(answer)) return error_of(answer, name() + ": list");
  }
}

struct S3Transport::Page {
  std::vector<Listed> objects;
  std::string next;  // empty: it was the last one
};

Result<S3Transport::Page> S3Transport::list_page(const std::string& prefix,
                                                 const std::string& token, Deadline deadline) {
  // Sorted by name, as the signature needs it.
  std::string query =
      "encoding-type=url&list-type=2&max-keys=1000&prefix=" + percent_encode(prefix);
  if (!token.empty()) query.insert(0, "continuation-token=" + percent_encode(token) + "&");
  const HttpAnswer answer = TRY(ask_list(query, deadline));
  KeyList list;
  if (!parse_list(answer.body, list) || (list.is_cut && (list.next.empty() || list.next == token)))
    return Error{Code::protocol, 0, name() + ": the answer is not a list of a bucket"};
  Page page;
  if (list.is_cut) page.next = list.next;
  for (const auto& [key, size] : list.keys) {
    const auto decoded = list.is_encoded ? percent_decode(key) : key;
    if (!decoded || !decoded->starts_with(place_.prefix)) continue;
    if (const auto object = Name::from_path(decoded->substr(place_.prefix.size())))
      page.objects.push_back({*object, size});
  }
  return page;
}

Status S3Transport::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  for (const std::string_view kind : {"ac/", "cas/"}) {
    std::string token;
    do {
      Page page = TRY(list_page(place_.prefix + std::string(kind), token, deadline));
      for (const Listed& object : page.objects)
        if (!each(object)) return {};
      token = std::move(page.next);
    } while (!token.empty());
  }
  return {};
}

}  // namespace deja::remote
