// SPDX-License-Identifier: Apache-2.0
// Signature Version 4 of AWS, in the form of an Authorization header ("Signing AWS API requests" in the IAM User
// Guide, and for S3 "Authenticating Requests: Using the Authorization Header"). Our own, because libcurl 7.88 signs
// no x-amz-content-sha256 by itself, signs headers that it does not send, and takes queries as they come.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace deja::remote {

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;     // a secret
  std::string session_token;  // a secret; empty: none
  bool operator==(const AwsCredentials&) const = default;
};

struct AwsScope {
  std::string region;
  std::string service;  // "s3"
};

struct AwsRequest {
  std::string_view method;
  std::string_view path;  // as it is sent: percent-encoded once, starts with a slash
  // As it is sent: sorted by name, names and values percent-encoded; no "?".
  std::string_view query;
  // What is signed: names in lower case, values without blanks around them. Must have "host" and "x-amz-date".
  std::map<std::string, std::string> headers;
  std::string_view content_sha256;  // in hex
};

// The value of the header Authorization.
std::string aws_authorization(const AwsRequest& request, const AwsCredentials& credentials,
                              const AwsScope& scope);

// "20150830T123600Z", from seconds since 1970.
std::string aws_time(std::int64_t seconds);

}  // namespace deja::remote
