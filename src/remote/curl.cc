// SPDX-License-Identifier: Apache-2.0
// A call takes a Lane: a multi handle with its connections and its easy handles, used by one thread at a time and
// given back after the call. A multi handle even for one request, because only it can be woken by stop() at once
// and leaves the deadline to us. (An easy handle looks up once a second.) What several lanes can share, names and
// TLS sessions, they share by a CURLSH; libcurl 7.88 cannot share connections between threads.
//
// The callbacks never hold more than the caller allowed: the announced length is checked before the first byte,
// and the sum before each piece is taken.
//
// Tested by curl_test.cc.
#include "remote/curl.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/sigpipe.h"
#include "remote/secret.h"
#include "remote/source.h"

namespace deja::remote {
namespace {

constexpr std::size_t kParallelMax = 16;
constexpr std::size_t kIdleLanesMax = 8;
constexpr std::size_t kErrorBodyMax = 16 << 10;
constexpr int kRedirectsMax = 5;
constexpr int kPollMs = 1000;
constexpr std::size_t kReserveMax = 1 << 20;  // of the announced length; more when it has come

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* handle) const {
    Free(handle);
  }
};
using Easy = std::unique_ptr<CURL, Freer<curl_easy_cleanup>>;
using Multi = std::unique_ptr<CURLM, Freer<curl_multi_cleanup>>;
using Share = std::unique_ptr<CURLSH, Freer<curl_share_cleanup>>;
using Headers = std::unique_ptr<curl_slist, Freer<curl_slist_free_all>>;
using Url = std::unique_ptr<CURLU, Freer<curl_url_cleanup>>;

// A value with NUL, line breaks or other control characters would not be shown as it is.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

struct Origin {
  std::string scheme, host, port;
  bool operator==(const Origin&) const = default;
};
Origin origin_of(const std::string& address) {
  const Url url(curl_url());
  if (curl_url_set(url.get(), CURLUPART_URL, address.c_str(), 0) != CURLUE_OK) return {};
  const auto part = [&url](CURLUPart which) {
    char* text = nullptr;
    if (curl_url_get(url.get(), which, &text, CURLU_DEFAULT_PORT) != CURLUE_OK)
      return std::string();
    std::string value = text;
    curl_free(text);
    return value;
  };
  return {part(CURLUPART_SCHEME), part(CURLUPART_HOST), part(CURLUPART_PORT)};
}

// libcurl's own words are precise about TLS, so they are shown; the remedy is ours.
Error error_of(CURLcode code, const std::string& subject, const char* detail) {
  std::string text = detail[0] != '\0' ? detail : curl_easy_strerror(code);
  text = subject + ": " + printable(std::move(text));
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return {Code::timeout, 0, text};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {Code::denied, 0, text + "; if the server has a private CA, name its file with ca="};
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_URL_MALFORMAT:
      return {Code::invalid, 0, text};
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
      return {Code::protocol, 0, text};
    case CURLE_RECV_ERROR:
    case CURLE_SSL_CONNECT_ERROR:
      // In TLS 1.3 the server judges the client's certificate after the handshake.
      if (text.find("alert") != std::string::npos && text.find("certificate") != std::string::npos)
        return {Code::denied, 0, text + "; name the client's certificate with cert= and key="};
      break;
    default:
      break;
  }
  return {Code::unavailable, 0, text};
}

// One request on its way.
class Transfer {
 public:
  Transfer(Easy easy, const HttpRequest& request, const std::string& subject)
      : easy_(std::move(easy)), request_(request), subject_(subject), url_(request.url) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  CURL* handle() const { return easy_.get(); }
  const std::string& url() const { return url_; }
  Easy take_handle() { return std::move(easy_); }
  HttpAnswer take_answer() { return std::move(answer_); }

  void prepare();
  // The answer is complete, or a redirect asks for another round (true), or it failed.
  Result<bool> finish(CURLcode code);

 private:
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self) {
    static_cast<Transfer*>(self)->read_header({data, size * count});
    return size * count;
  }
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->take_body({data, size * count}) ? size * count : 0;
  }
  static std::size_t on_read(char* out, std::size_t size, std::size_t count, void* self) {
    return static_cast<Transfer*>(self)->give_body(out, size * count);
  }
  static int on_seek(void* self, curl_off_t offset, int origin) {
    if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_FAIL;
    static_cast<Transfer*>(self)->sent_ = static_cast<std::uint64_t>(offset);
    return CURL_SEEKFUNC_OK;
  }

  void set_method();
  void read_header(std::string_view line);
  bool take_body(std::string_view bytes);
  bool take_object(std::string_view bytes);
  std::size_t give_body(char* out, std::size_t size);
  Status redirect(const std::string& target);
  bool fail(Error error) {
    error_ = std::move(error);
    failed_ = true;
    return false;
  }

  Easy easy_;
  const HttpRequest& request_;
  const std::string& subject_;
  std::string url_;
  bool sends_headers_ = true;
  int redirects_ = 0;
  Headers headers_;
  std::array<char, CURL_ERROR_SIZE> detail_{};

  HttpAnswer answer_;
  std::uint64_t sent_ = 0, received_ = 0;
  bool is_enough_ = false;  // of an answer whose body does not matter
  bool failed_ = false;     // in a callback, with error_
  Error error_;
};

void Transfer::prepare() {
  CURL* const easy = easy_.get();
  answer_ = {};
  sent_ = received_ = 0;
  is_enough_ = failed_ = false;
  detail_[0] = '\0';
  curl_easy_setopt(easy, CURLOPT_URL, url_.c_str());
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, detail_.data());
  curl_easy_setopt(easy, CURLOPT_PRIVATE, this);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &Transfer::on_header);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, this);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Transfer::on_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, this);
  set_method();
  curl_slist* list = nullptr;
  if (sends_headers_)
    for (const std::string& header : request_.headers)
      list = curl_slist_append(list, header.c_str());
  headers_.reset(list);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_.get());
}

void Transfer::set_method() {
  CURL* const easy = easy_.get();
  const auto size = static_cast<curl_off_t>(size_of(request_.body));
  switch (request_.method) {
    case Method::get:
      curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
      break;
    case Method::head:
      curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
      break;
    case Method::remove:
      curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
      curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "DELETE");
      break;
    case Method::put:
      curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
      curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, size);
      break;
    case Method::post:
      curl_easy_setopt(easy, CURLOPT_POST, 1L);
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, size);
      break;
  }
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, &Transfer::on_read);
  curl_easy_setopt(easy, CURLOPT_READDATA, this);
  curl_easy_setopt(easy, CURLOPT_SEEKFUNCTION, &Transfer::on_seek);
  curl_easy_setopt(easy, CURLOPT_SEEKDATA, this);
}

void Transfer::read_header(std::string_view line) {
  if (line.starts_with("HTTP/")) {  // also that of "100 Continue" and of a proxy's answer
    answer_ = {};
    return;
  }
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' '))
    value.remove_suffix(1);
  if (value.size() > 1024) return;
  if (name == "etag") answer_.etag = value;
  if (name == "content-range") answer_.content_range = value;
  if (name == "content-type") answer_.content_type = value;
  if (name == "x-amz-bucket-region") answer_.region = value;
  if (name == "date")
    answer_.date_s = std::max<std::int64_t>(0, curl_getdate(std::string(value).c_str(), nullptr));
}

bool Transfer::take_body(std::string_view bytes) {
  curl_easy_getinfo(easy_.get(), CURLINFO_RESPONSE_CODE, &answer_.status);
  if (answer_.is_ok()) return take_object(bytes);
  answer_.body.append(bytes.substr(0, kErrorBodyMax - answer_.body.size()));
  received_ += bytes.size();
  // A short rest is read, because the connection can then be used again.
  is_enough_ = received_ > 4 * kErrorBodyMax;
  return !is_enough_;
}

bool Transfer::take_object(std::string_view bytes) {
  curl_off_t announced = 0;
  curl_easy_getinfo(easy_.get(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
  const std::uint64_t expected = std::max<std::uint64_t>(
      announced > 0 ? static_cast<std::uint64_t>(announced) : 0, received_ + bytes.size());
  if (expected > request_.max_bytes)
    return fail({Code::protocol, 0,
                 subject_ + ": the answer has " + std::to_string(expected) +
                     " bytes or more, at most " + std::to_string(request_.max_bytes) +
                     " were asked for"});
  received_ += bytes.size();
  if (request_.sink == nullptr) {
    if (answer_.body.empty())
      answer_.body.reserve(
          static_cast<std::size_t>(std::min<std::uint64_t>(expected, kReserveMax)));
    answer_.body.append(bytes);
    return true;
  }
  Status taken = (*request_.sink)(bytes);
  return taken ? true : fail(std::move(taken).error());
}

std::size_t Transfer::give_body(char* out, std::size_t size) {
  const Source& source = request_.body;
  const std::uint64_t left = size_of(source) - std::min(sent_, size_of(source));
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(size, left));
  if (wanted == 0) return 0;
  if (source.file == nullptr) {
    source.bytes.copy(out, wanted, static_cast<std::size_t>(sent_));
  } else {
    auto got = os::read_at(*source.file, sent_, out, wanted);
    if (got && *got < wanted)
      got = Error{Code::io, 0,
                  "the file to send has " + std::to_string(sent_ + *got) + " bytes, expected " +
                      std::to_string(source.size) + ": it was truncated while it was sent"};
    if (!got) {
      fail(std::move(got).error());
      return CURL_READFUNC_ABORT;
    }
  }
  sent_ += wanted;
  return wanted;
}

Result<bool> Transfer::finish(CURLcode code) {
  if (failed_) return std::move(error_);
  CURL* const easy = easy_.get();
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer_.status);
  if (code != CURLE_OK && !(code == CURLE_WRITE_ERROR && is_enough_))
    return error_of(code, subject_, detail_.data());
  curl_off_t retry_after = 0;
  curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after);
  answer_.retry_after_s = retry_after;
  const bool may_follow = request_.follows_redirects && answer_.status / 100 == 3 &&
                          (request_.method == Method::get || request_.method == Method::head);
  char* target = nullptr;
  if (may_follow) curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &target);
  if (target == nullptr) return false;
  TRY(redirect(target));
  return true;
}

// The target is not shown: it may hold a signature.
Status Transfer::redirect(const std::string& target) {
  const Origin from = origin_of(url_), to = origin_of(target);
  if (++redirects_ > kRedirectsMax)
    return Error{Code::protocol, 0,
                 subject_ + ": more than " + std::to_string(kRedirectsMax) + " redirects"};
  if (to.scheme != "https" && (to.scheme != "http" || from.scheme != "http"))
    return Error{Code::protocol, 0,
                 subject_ + ": redirects from " + from.scheme + " to " + printable(to.scheme) +
                     ", which is not followed"};
  if (!(from == to)) sends_headers_ = false;
  url_ = target;
  return {};
}

struct Lane {
  Multi multi{curl_multi_init()};
  std::vector<Easy> idle;  // not added to multi
};

}  // namespace

struct HttpClient::State {
  explicit State(HttpOptions given);
  Result<std::vector<HttpAnswer>> run_all(std::span<const HttpRequest> requests, Deadline deadline);
  void stop();

 private:
  class Call;

  // Called by libcurl. The lock outlives the function, which the analysis does not allow.
  static void lock(CURL*, curl_lock_data data, curl_lock_access, void* self)
      DEJA_ATTRIBUTE(no_thread_safety_analysis) {
    static_cast<State*>(self)->shared_mutexes_[data].lock();
  }
  static void unlock(CURL*, curl_lock_data data, void* self)
      DEJA_ATTRIBUTE(no_thread_safety_analysis) {
    static_cast<State*>(self)->shared_mutexes_[data].unlock();
  }

  Error stopped() const { return {Code::unavailable, 0, options_.subject + ": stopped"}; }
  std::unique_ptr<Lane> take_lane();
  void give_back(std::unique_ptr<Lane> lane);
  Easy make_easy() const;
  void set_tls(CURL* easy) const;
  void set_proxy(CURL* easy, const std::string& url) const;

  const HttpOptions options_;
  std::array<Mutex, CURL_LOCK_DATA_LAST> shared_mutexes_;
  Share share_;
  std::atomic<bool> is_stopped_ = false;
  Mutex mutex_;
  std::vector<std::unique_ptr<Lane>> idle_ GUARDED_BY(mutex_);
  std::set<CURLM*> busy_ GUARDED_BY(mutex_);  // to be woken by stop()
};

HttpClient::State::State(HttpOptions given) : options_(std::move(given)) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  share_.reset(curl_share_init());
  curl_share_setopt(share_.get(), CURLSHOPT_LOCKFUNC, &State::lock);
  curl_share_setopt(share_.get(), CURLSHOPT_UNLOCKFUNC, &State::unlock);
  curl_share_setopt(share_.get(), CURLSHOPT_USERDATA, this);
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  curl_share_setopt(share_.get(), CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
}

std::unique_ptr<Lane> HttpClient::State::take_lane() {
  const MutexLock lock(mutex_);
  if (idle_.empty()) idle_.push_back(std::make_unique<Lane>());
  std::unique_ptr<Lane> lane =
      std::move(idle_.back());  // the last one used: its connections are fresh
  idle_.pop_back();
  busy_.insert(lane->multi.get());
  return lane;
}

void HttpClient::State::give_back(std::unique_ptr<Lane> lane) {
  const MutexLock lock(mutex_);
  busy_.erase(lane->multi.get());
  if (idle_.size() < kIdleLanesMax && !is_stopped_) idle_.push_back(std::move(lane));
}

void HttpClient::State::stop() {
  is_stopped_ = true;
  const MutexLock lock(mutex_);
  for (CURLM* const multi : busy_) curl_multi_wakeup(multi);
}

Easy HttpClient::State::make_easy() const {
  Easy made(curl_easy_init());
  CURL* const easy = made.get();
  curl_easy_setopt(easy, CURLOPT_SHARE, share_.get());
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_QUICK_EXIT,
                   1L);  // a deadline does not wait for a slow name server
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_NETRC, CURL_NETRC_IGNORED);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "deja");
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 64L << 10);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, options_.connect_limit_ms);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, options_.stall_limit_s);
  set_tls(easy);
  return made;
}

void HttpClient::State::set_tls(CURL* easy) const {
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!options_.tls.ca.empty()) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, options_.tls.ca.c_str());
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);  // else the system's CAs count as well
  }
  if (!options_.tls.cert.empty()) {
    curl_easy_setopt(easy, CURLOPT_SSLCERT, options_.tls.cert.c_str());
    curl_easy_setopt(easy, CURLOPT_SSLKEY, options_.tls.key.c_str());
  }
}

// An empty text keeps libcurl from looking at the environment of this process.
void HttpClient::State::set_proxy(CURL* easy, const std::string& url) const {
  const auto first_of = [this](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names)
      if (std::string value = variable(options_.environment, name); !value.empty()) return value;
    return std::string();
  };
  const std::string proxy = url.starts_with("https:")
                                ? first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                                : first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  curl_easy_setopt(easy, CURLOPT_PROXY, proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, first_of({"no_proxy", "NO_PROXY"}).c_str());
}

// One run_all().
class HttpClient::State::Call {
 public:
  Call(State& state, std::span<const HttpRequest> requests)
      : state_(state), requests_(requests), lane_(state.take_lane()), answers_(requests.size()) {}
  ~Call() {
    for (auto& transfer : under_way_) retire(*transfer);
    state_.give_back(std::move(lane_));
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Result<std::vector<HttpAnswer>> run(Deadline deadline) {
    const os::SigpipeBlock block;
    for (;;) {
      if (state_.is_stopped_) return state_.stopped();
      while (next_ < requests_.size() && under_way_.size() < kParallelMax) start(next_++);
      if (under_way_.empty()) return std::move(answers_);
      const std::int64_t left_ns =
          deadline.at_ns == 0 ? INT64_MAX : deadline.at_ns - os::monotonic_ns();
      if (left_ns <= 0)
        return Error{Code::timeout, 0, state_.options_.subject + ": no answer before the deadline"};
      int running = 0;
      curl_multi_perform(lane_->multi.get(), &running);
      if (TRY(take_finished())) continue;
      const auto wait_ms = std::min<std::int64_t>(kPollMs, left_ns / 1'000'000 + 1);
      curl_multi_poll(lane_->multi.get(), nullptr, 0, static_cast<int>(wait_ms), nullptr);
    }
  }

 private:
  struct Numbered : Transfer {
    Numbered(std::size_t number, Easy easy, const HttpRequest& request, const std::string& subject)
        : Transfer(std::move(easy), request, subject), index(number) {}
    std::size_t index;
  };

  void start(std::size_t index) {
    Easy easy;
    if (lane_->idle.empty()) {
      easy = state_.make_easy();
    } else {
      easy = std::move(lane_->idle.back());
      lane_->idle.pop_back();
    }
    auto transfer = std::make_unique<Numbered>(index, std::move(easy), requests_[index],
                                               state_.options_.subject);
    state_.set_proxy(transfer->handle(), requests_[index].url);
    transfer->prepare();
    curl_multi_add_handle(lane_->multi.get(), transfer->handle());
    under_way_.push_back(std::move(transfer));
  }

  // True if there was one.
  Result<bool> take_finished() {
    bool any = false;
    for (int left = 0; CURLMsg* const message = curl_multi_info_read(lane_->multi.get(), &left);) {
      if (message->msg != CURLMSG_DONE) continue;
      any = true;
      const CURLcode code = message->data.result;  // before the handle is removed
      const auto at = std::find_if(
          under_way_.begin(), under_way_.end(),
          [message](const auto& transfer) { return transfer->handle() == message->easy_handle; });
      Numbered& transfer = **at;
      if (TRY(transfer.finish(code))) {
        curl_multi_remove_handle(lane_->multi.get(), transfer.handle());
        state_.set_proxy(transfer.handle(), transfer.url());
        transfer.prepare();
        curl_multi_add_handle(lane_->multi.get(), transfer.handle());
        continue;
      }
      answers_[transfer.index] = transfer.take_answer();
      retire(transfer);
      under_way_.erase(at);
    }
    return any;
  }

  void retire(Numbered& transfer) {
    curl_multi_remove_handle(lane_->multi.get(), transfer.handle());
    Easy easy = transfer.take_handle();
    // Back to what make_easy() made: these are the options that one request sets and another may not.
    curl_easy_setopt(easy.get(), CURLOPT_CUSTOMREQUEST, nullptr);
    curl_easy_setopt(easy.get(), CURLOPT_HTTPHEADER, nullptr);
    curl_easy_setopt(easy.get(), CURLOPT_ERRORBUFFER, nullptr);
    curl_easy_setopt(easy.get(), CURLOPT_INFILESIZE_LARGE, curl_off_t{-1});
    curl_easy_setopt(easy.get(), CURLOPT_HTTPGET, 1L);  // also ends NOBODY, UPLOAD and POST
    lane_->idle.push_back(std::move(easy));
  }

  State& state_;
  const std::span<const HttpRequest> requests_;
  std::unique_ptr<Lane> lane_;
  std::vector<HttpAnswer> answers_;
  std::size_t next_ = 0;
  std::vector<std::unique_ptr<Numbered>> under_way_;
};

Result<std::vector<HttpAnswer>> HttpClient::State::run_all(std::span<const HttpRequest> requests,
                                                           Deadline deadline) {
  return Call(*this, requests).run(deadline);
}

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::~HttpClient() = default;

Result<std::unique_ptr<HttpClient>> HttpClient::make(HttpOptions options) {
  if (!options.tls.key.empty()) TRY(check_secret_file("the private key", options.tls.key));
  for (const std::string& path : {options.tls.ca, options.tls.cert}) {
    if (path.empty()) continue;
    if (const auto file = os::open_read(path); !file)
      return Error{Code::invalid, 0, options.subject + ": " + file.error().message};
  }
  return std::unique_ptr<HttpClient>(new HttpClient(std::make_unique<State>(std::move(options))));
}

Result<HttpAnswer> HttpClient::run(const HttpRequest& request, Deadline deadline) {
  auto answers = TRY(state_->run_all({&request, 1}, deadline));
  return std::move(answers[0]);
}

Result<std::vector<HttpAnswer>> HttpClient::run_all(std::span<const HttpRequest> requests,
                                                    Deadline deadline) {
  return state_->run_all(requests, deadline);
}

void HttpClient::stop() { state_->stop(); }

}  // namespace deja::remote
