// SPDX-License-Identifier: Apache-2.0
#include "remote/aws_signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <ctime>

#include "base/bytes.h"
#include "base/check.h"
#include "remote/sha256.h"

namespace deja::remote {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::string hmac(std::string_view key, std::string_view text) {
  std::string out(32, '\0');
  unsigned size = 0;
  CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(),
             reinterpret_cast<unsigned char*>(out.data()), &size) != nullptr);
  return out;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

std::string canonical(const AwsRequest& request) {
  std::string text;
  for (const std::string_view line : {request.method, request.path, request.query}) {
    text += line;
    text += '\n';
  }
  for (const auto& [name, value] : request.headers)
    text.append(name).append(":").append(value).append("\n");
  text += "\n" + names_of(request.headers) + "\n";
  text += request.content_sha256;
  return text;
}

}  // namespace

std::string aws_time(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  char text[32];
  CHECK(gmtime_r(&time, &parts) != nullptr);
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

std::string aws_authorization(const AwsRequest& request, const AwsCredentials& credentials,
                              const AwsScope& scope) {
  const std::string& time = request.headers.at("x-amz-date");
  const std::string date = time.substr(0, 8);
  const std::string where = date + "/" + scope.region + "/" + scope.service + "/aws4_request";
  const std::string text =
      std::string(kAlgorithm) + "\n" + time + "\n" + where + "\n" + sha256_hex(canonical(request));
  std::string key = hmac("AWS4" + credentials.secret_key, date);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")})
    key = hmac(key, part);
  return std::string(kAlgorithm) + " Credential=" + credentials.access_key + "/" + where +
         ", SignedHeaders=" + names_of(request.headers) + ", Signature=" + to_hex(hmac(key, text));
}

}  // namespace deja::remote
