// SPDX-License-Identifier: Apache-2.0
// Addresses of remotes, as users write them in the setting `remote` (RFC 3986):
//
//   http[s]://[user[:password]@]host[:port][/path]     a web server
//   s3://bucket[/prefix]                               a bucket of S3
//   redis[s]://[[user]:password@]host[:port][/db]      Redis
//   redis+unix:///path/of/socket                       Redis on this machine
//   file:///directory                                  a shared directory
//   file:///path/of/x.dejapack                         a pack file
//
// each with `?parameters`, if there are any.
// Parameters are `name=value`, joined by `&`. Names and values are percent-encoded where they must be; a
// plus sign is a plus sign. A parameter that a scheme does not have is an error, so that a typing mistake is
// not a remote without its certificate. Time limits are settings, not parameters.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace deja::remote {

enum class Scheme { s3, redis, http, directory, pack };

struct Address {
  Scheme scheme = Scheme::http;
  bool tls = false;      // https, rediss
  std::string user;      // decoded
  std::string password;  // decoded; a secret
  // Lower case, without the brackets of an IPv6 address. Empty: a Unix socket, a file, S3.
  std::string host;
  std::uint16_t port = 0;
  // http: the base as it is sent, percent-encoded, without a slash at the end ("" or "/a/b").
  // s3: the prefix of all keys, decoded, without a slash at either end. redis+unix: the socket.
  // directory, pack: the file's absolute path.
  std::string path;
  std::string bucket;                                          // s3
  std::uint32_t database = 0;                                  // redis
  std::map<std::string, std::string, std::less<>> parameters;  // decoded; only known ones, valid

  // The parameter's value; empty: it is not there.
  std::optional<std::string> parameter(std::string_view name) const;
  // For messages: scheme, host and path; never user, password or parameters.
  std::string text() const;
  // "https://host:port" of an http address; "host:port" of a redis address. IPv6 in brackets.
  std::string origin() const;
};

// `invalid` names what is wrong and what is expected instead, without a secret.
Result<Address> parse_address(std::string_view text);
// Several addresses, separated by commas. (A comma in an address is written %2C.)
Result<std::vector<Address>> parse_addresses(std::string_view text);

// RFC 3986, section 2.1. Empty: "%" without two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);
// Encodes all but unreserved characters (section 2.3) and those in `keep`.
std::string percent_encode(std::string_view text, std::string_view keep = {});

}  // namespace deja::remote
