// SPDX-License-Identifier: Apache-2.0
// Where credentials for S3 come from, as AWS's tools look for them. The first of these that is there:
//
//   anonymous=1 in the address     none; requests are not signed
//   profile= in the address        that profile, and nothing else
//   AWS_ACCESS_KEY_ID              with AWS_SECRET_ACCESS_KEY and, if they are temporary, AWS_SESSION_TOKEN
//   AWS_WEB_IDENTITY_TOKEN_FILE    with AWS_ROLE_ARN: exchanged for temporary ones (STS)
//   AWS_PROFILE, else "default"    of the two files (aws_files.h): keys, or role_arn with web_identity_token_file
//
// A profile that needs a program, a browser or another profile (credential_process, sso_*, source_profile) is an
// error that says so. Instance metadata is not asked.
//
// Temporary credentials are exchanged for new ones before they expire. The token's file may be readable for others:
// platforms write it so (Kubernetes: mode 0644), and it expires soon.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/result.h"
#include "os/clock.h"
#include "remote/aws_files.h"
#include "remote/aws_signature.h"
#include "remote/curl.h"
#include "remote/environment.h"

namespace deja::remote {

class AwsCredentialSource {
 public:
  struct Options {
    Environment environment{};
    std::string profile{};  // of the address; empty: none
    bool anonymous = false;
    std::string region{};  // of STS
    TlsFiles tls{};
    std::function<std::int64_t()> wall_ns = os::wall_ns;
  };
  // `invalid`: there are none, or they are incomplete.
  static Result<std::unique_ptr<AwsCredentialSource>> make(Options options);

  // Empty: anonymous. Thread-safe; may ask STS, once for all threads that wait.
  Result<std::optional<AwsCredentials>> get(Deadline deadline);
  // After a refusal: reads the file again, or forgets what STS gave more than a minute ago. True: get() may now give
  // others.
  bool refresh();
  void stop();

 private:
  struct Role {
    std::string arn, token_file, session_name;
    bool is_set() const { return !arn.empty(); }
  };
  struct Temporary {
    AwsCredentials credentials;
    std::int64_t received_ns = 0, refresh_ns = 0, expires_ns = 0;  // wall clock
  };

  explicit AwsCredentialSource(Options options) : options_(std::move(options)) {}
  Status choose();
  Status choose_variables();
  Status choose_profile(const std::string& name, bool is_wanted);
  Status choose_role(Role role, std::string endpoint);
  Result<Temporary> ask_sts(Deadline deadline);
  Result<AwsCredentials> wait_for_role(Deadline deadline);

  const Options options_;
  std::string profile_;  // the static ones came from it; empty: they came from variables
  Role role_;
  std::string sts_url_;
  std::unique_ptr<HttpClient> sts_;

  Mutex mutex_;
  ConditionVariable changed_;
  std::optional<AwsCredentials> static_ GUARDED_BY(mutex_);
  std::optional<Temporary> temporary_ GUARDED_BY(mutex_);
  bool is_asking_ GUARDED_BY(mutex_) = false;
};

// Seconds since 1970 of "2024-01-31T12:00:00Z", also with a fraction of a second. Empty: another form.
std::optional<std::int64_t> parse_iso_time(std::string_view text);

}  // namespace deja::remote
