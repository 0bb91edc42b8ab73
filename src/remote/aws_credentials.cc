// SPDX-License-Identifier: Apache-2.0
// What the environment and the files say is decided once, when the remote is opened, so that a mistake there is an
// error then and not at the first miss. Only the exchange with STS happens later, and only one thread at a time does
// it; the others wait, or go on with credentials that are still valid.
//
// Tested by aws_credentials_test.cc.
#include "remote/aws_credentials.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "os/file.h"
#include "remote/address.h"
#include "remote/xml.h"

namespace deja::remote {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kEarlyMaxNs =
    300 * kSecond;  // so long before they expire credentials are exchanged
constexpr std::int64_t kRefreshGapNs = 60 * kSecond;
constexpr std::uint64_t kTokenMax = 64 << 10;
constexpr std::uint64_t kAnswerMax = 256 << 10;

std::string setting(const AwsProfile& profile, std::string_view name) {
  const auto at = profile.find(name);
  return at == profile.end() ? "" : at->second;
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// They become parts of headers.
Result<AwsCredentials> checked(AwsCredentials credentials, const std::string& where) {
  if (credentials.access_key.empty() || credentials.secret_key.empty())
    return Error{Code::invalid, 0,
                 where + ": the key ID or the secret key of AWS is missing; set both"};
  for (const std::string* text :
       {&credentials.access_key, &credentials.secret_key, &credentials.session_token})
    if (!is_visible_ascii(*text))
      return Error{
          Code::invalid, 0,
          where + ": a key or token of AWS has a space or another character that is not allowed"};
  return credentials;
}

Result<AwsCredentials> keys_of(const AwsProfile& profile, const std::string& where) {
  return checked({setting(profile, "aws_access_key_id"), setting(profile, "aws_secret_access_key"),
                  setting(profile, "aws_session_token")},
                 where);
}

bool has_keys(const AwsProfile& profile) {
  return profile.contains("aws_access_key_id") || profile.contains("aws_secret_access_key");
}

struct StsAnswer {
  AwsCredentials credentials;
  std::optional<std::int64_t> expires_s;
  std::string code;  // of an error, with a blank before it
};
bool parse_sts(std::string_view body, StsAnswer& answer) {
  return read_xml(body, [&answer](const XmlElement& element) {
    const std::string_view path = element.path, text = element.text;
    if (path.ends_with("/Credentials/AccessKeyId")) answer.credentials.access_key = text;
    if (path.ends_with("/Credentials/SecretAccessKey")) answer.credentials.secret_key = text;
    if (path.ends_with("/Credentials/SessionToken")) answer.credentials.session_token = text;
    if (path.ends_with("/Credentials/Expiration")) answer.expires_s = parse_iso_time(text);
    if (path.ends_with("Error/Code") && is_visible_ascii(text) && text.size() < 64)
      answer.code = " " + std::string(text);
  });
}

}  // namespace

std::optional<std::int64_t> parse_iso_time(std::string_view text) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd";
  if (text.size() < kForm.size() + 1 || text.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kForm[i] == 'd' ? !is_digit : text[i] != kForm[i]) return std::nullopt;
  }
  const auto number = [text](std::size_t at, std::size_t size) {
    int value = 0;
    std::from_chars(text.data() + at, text.data() + at + size, value);
    return value;
  };
  const std::chrono::year_month_day day(std::chrono::year(number(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(number(8, 2))));
  if (!day.ok()) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days(day).time_since_epoch().count();
  return ((days * 24 + number(11, 2)) * 60 + number(14, 2)) * 60 + number(17, 2);
}

Result<std::unique_ptr<AwsCredentialSource>> AwsCredentialSource::make(Options options) {
  std::unique_ptr<AwsCredentialSource> source(new AwsCredentialSource(std::move(options)));
  TRY(source->choose());
  return source;
}

Status AwsCredentialSource::choose() {
  if (options_.anonymous) return {};
  if (!options_.profile.empty()) return choose_profile(options_.profile, true);
  const Environment& environment = options_.environment;
  if (!variable(environment, "AWS_ACCESS_KEY_ID").empty() ||
      !variable(environment, "AWS_SECRET_ACCESS_KEY").empty())
    return choose_variables();
  const Role role{variable(environment, "AWS_ROLE_ARN"),
                  variable(environment, "AWS_WEB_IDENTITY_TOKEN_FILE"),
                  variable(environment, "AWS_ROLE_SESSION_NAME")};
  if (!role.token_file.empty()) {
    if (!role.is_set())
      return Error{Code::invalid, 0, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not"};
    return choose_role(role, "");
  }
  const std::string name = variable(environment, "AWS_PROFILE");
  return choose_profile(name.empty() ? "default" : name, !name.empty());
}

Status AwsCredentialSource::choose_variables() {
  const Environment& environment = options_.environment;
  AwsCredentials credentials = TRY(checked(
      {variable(environment, "AWS_ACCESS_KEY_ID"), variable(environment, "AWS_SECRET_ACCESS_KEY"),
       variable(environment, "AWS_SESSION_TOKEN")},
      "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"));
  const MutexLock lock(mutex_);
  static_ = std::move(credentials);
  return {};
}

Status AwsCredentialSource::choose_profile(const std::string& name, bool is_wanted) {
  const auto profile = TRY(read_aws_profile(options_.environment, name));
  const std::string where = "AWS profile " + name;
  if (!profile) {
    if (is_wanted)
      return Error{Code::invalid, 0,
                   where + " is not in the files of AWS; correct its name, or add it"};
    return Error{Code::invalid, 0,
                 "no credentials for S3: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or "
                 "AWS_PROFILE, or add "
                 "anonymous=1 to the address"};
  }
  if (has_keys(*profile)) {
    AwsCredentials credentials = TRY(keys_of(*profile, where));
    const MutexLock lock(mutex_);
    static_ = std::move(credentials);
    profile_ = name;
    return {};
  }
  const Role role{setting(*profile, "role_arn"), setting(*profile, "web_identity_token_file"),
                  setting(*profile, "role_session_name")};
  if (role.is_set() && !role.token_file.empty())
    return choose_role(role, setting(*profile, "endpoint_url"));
  const auto other = std::find_if(profile->begin(), profile->end(), [](const auto& entry) {
    const std::string& key = entry.first;
    return key == "credential_process" || key == "source_profile" || key == "credential_source" ||
           key.starts_with("sso_");
  });
  if (other != profile->end())
    return Error{Code::invalid, 0,
                 where + " gets its credentials by " + other->first +
                     ", which deja does not support; run: eval \"$(aws configure "
                     "export-credentials --profile " +
                     name + " --format env)\""};
  return Error{Code::invalid, 0,
               where + " has neither aws_access_key_id nor web_identity_token_file"};
}

Status AwsCredentialSource::choose_role(Role role, std::string endpoint) {
  const Environment& environment = options_.environment;
  for (const std::string_view name : {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"})
    if (std::string value = variable(environment, name); !value.empty())
      endpoint = std::move(value);
  if (endpoint.empty()) endpoint = "https://sts." + options_.region + ".amazonaws.com";
  const Address address = TRY(parse_address(endpoint));
  if (address.scheme != Scheme::http)
    return Error{Code::invalid, 0, "the endpoint of AWS STS must start with http:// or https://"};
  sts_url_ = address.text() + "/";
  if (role.session_name.empty()) role.session_name = "deja";
  role_ = std::move(role);
  HttpOptions options{
      .subject = "AWS STS at " + address.text(), .tls = options_.tls, .environment = environment};
  sts_ = TRY(HttpClient::make(std::move(options)));
  return {};
}

Result<AwsCredentialSource::Temporary> AwsCredentialSource::ask_sts(Deadline deadline) {
  auto token = os::read_file(role_.token_file, kTokenMax);
  if (!token) return Error{Code::denied, 0, "AWS web identity token: " + token.error().message};
  while (token->ends_with('\n') || token->ends_with('\r') || token->ends_with(' '))
    token->pop_back();
  // In the body, so that the token is in no log of addresses.
  const std::string body =
      "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=" + percent_encode(role_.arn) +
      "&RoleSessionName=" + percent_encode(role_.session_name) +
      "&WebIdentityToken=" + percent_encode(*token);
  const HttpRequest request{
      .method = Method::post, .url = sts_url_, .body = {.bytes = body}, .max_bytes = kAnswerMax};
  const HttpAnswer answer = TRY(sts_->run(request, deadline));
  const std::string subject = "AWS STS at " + sts_url_;
  StsAnswer found;
  const bool is_xml = parse_sts(answer.body, found);
  if (!answer.is_ok()) {
    const bool is_down = answer.status >= 500 || answer.status == 429;
    return Error{is_down ? Code::unavailable : Code::denied, 0,
                 subject + ": status " + std::to_string(answer.status) + found.code +
                     ": no credentials for the role " + role_.arn};
  }
  if (!is_xml || !found.expires_s)
    return Error{Code::protocol, 0,
                 subject + ": the answer to AssumeRoleWithWebIdentity has an unknown form"};
  const std::int64_t now = options_.wall_ns();
  const std::int64_t expires = *found.expires_s * kSecond;
  return Temporary{TRY(checked(std::move(found.credentials), subject)), now,
                   expires - std::min(kEarlyMaxNs, std::max<std::int64_t>(0, expires - now) / 4),
                   expires};
}

Result<AwsCredentials> AwsCredentialSource::wait_for_role(Deadline deadline) {
  {
    MutexLock lock(mutex_);
    for (;;) {
      const std::int64_t now = options_.wall_ns();
      const bool is_valid = temporary_ && now < temporary_->expires_ns;
      if (is_valid && (now < temporary_->refresh_ns || is_asking_)) return temporary_->credentials;
      if (!is_asking_) break;
      if (deadline.at_ns == 0) {
        changed_.wait(mutex_);
        continue;
      }
      const std::int64_t left_ns = deadline.at_ns - os::monotonic_ns();
      if (left_ns <= 0)
        return Error{Code::timeout, 0,
                     "AWS STS at " + sts_url_ + ": no answer before the deadline"};
      changed_.wait_for(mutex_, std::chrono::nanoseconds(left_ns));
    }
    is_asking_ = true;
  }
  auto received = ask_sts(deadline);
  Result<AwsCredentials> result = AwsCredentials();
  {
    const MutexLock lock(mutex_);
    is_asking_ = false;
    if (received) temporary_ = *received;
    if (temporary_ && options_.wall_ns() < temporary_->expires_ns) {
      result = temporary_->credentials;
    } else if (received) {
      result = Error{Code::denied, 0,
                     "AWS STS at " + sts_url_ +
                         ": the credentials have expired already; check the clock of this machine"};
    } else {
      result = std::move(received).error();
    }
  }
  changed_.notify_all();
  return result;
}

Result<std::optional<AwsCredentials>> AwsCredentialSource::get(Deadline deadline) {
  if (role_.is_set()) return std::optional(TRY(wait_for_role(deadline)));
  const MutexLock lock(mutex_);
  return static_;
}

bool AwsCredentialSource::refresh() {
  if (role_.is_set()) {
    const MutexLock lock(mutex_);
    if (!temporary_ || options_.wall_ns() - temporary_->received_ns < kRefreshGapNs) return false;
    temporary_.reset();
    return true;
  }
  if (profile_.empty()) return false;
  const auto profile = read_aws_profile(options_.environment, profile_);
  if (!profile || !*profile) return false;
  auto credentials = keys_of(**profile, "AWS profile " + profile_);
  if (!credentials) return false;
  const MutexLock lock(mutex_);
  if (static_ == *credentials) return false;
  static_ = *std::move(credentials);
  return true;
}

void AwsCredentialSource::stop() {
  if (sts_) sts_->stop();
}

}  // namespace deja::remote
