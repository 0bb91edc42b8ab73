// SPDX-License-Identifier: Apache-2.0
// Reads addresses by hand and strictly. A lenient parser accepts what only looks right ("http:/host", a space, a
// password with a bare "@"), and the mistake then shows as a remote that never hits.
// Each scheme has a row in kSchemes that says which parts and parameters it has; the parser has no other
// knowledge of schemes than that table and the function that checks the path.
//
// Tested by address_test.cc and test/fuzz/address.cc.
#include "remote/address.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <utility>

#include "base/lower_case.h"

namespace deja::remote {
namespace {

using Check = bool (*)(std::string_view);

bool is_path(std::string_view value) { return value.starts_with('/'); }
bool is_word(std::string_view value) {
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](char c) { return c > ' ' && c < 0x7f; });
}
bool is_switch(std::string_view value) { return value == "0" || value == "1"; }
bool is_style(std::string_view value) { return value == "path" || value == "virtual"; }
bool is_web_address(std::string_view value) {
  const auto address = parse_address(value);
  return address && address->scheme == Scheme::http && address->user.empty() &&
         address->password.empty() && address->parameters.empty();
}

struct Parameter {
  std::string_view name;
  Check check;
  std::string_view expected;
};
constexpr std::string_view kAbsolutePath = "an absolute path";
constexpr std::string_view kWord = "a word without spaces";

constexpr Parameter kHttpParameters[] = {
    {"ca", is_path, kAbsolutePath},
    {"cert", is_path, kAbsolutePath},
    {"key", is_path, kAbsolutePath},
    {"header_file", is_path, kAbsolutePath},
    {"token_file", is_path, kAbsolutePath},
    {"token_variable", is_word, "the name of an environment variable"},
    {"password_file", is_path, kAbsolutePath},
    {"password_variable", is_word, "the name of an environment variable"},
};
constexpr Parameter kS3Parameters[] = {
    {"endpoint", is_web_address, "http://host:port or https://host:port, without a password"},
    {"region", is_word, kWord},
    {"style", is_style, "path or virtual"},
    {"anonymous", is_switch, "0 or 1"},
    {"profile", is_word, kWord},
    {"ca", is_path, kAbsolutePath},
    {"cert", is_path, kAbsolutePath},
    {"key", is_path, kAbsolutePath},
};
constexpr Parameter kRedisParameters[] = {
    {"password_file", is_path, kAbsolutePath},
    {"password_variable", is_word, "the name of an environment variable"},
};
constexpr Parameter kRedisTlsParameters[] = {
    {"ca", is_path, kAbsolutePath},
    {"cert", is_path, kAbsolutePath},
    {"key", is_path, kAbsolutePath},
    {"password_file", is_path, kAbsolutePath},
    {"password_variable", is_word, "the name of an environment variable"},
};

enum class Authority { host, bucket, none };

struct SchemeRow {
  std::string_view name;
  Scheme scheme;
  bool tls;
  Authority authority;
  std::uint16_t port;  // when the address has none
  std::span<const Parameter> parameters;
};
const SchemeRow kSchemes[] = {
    {"s3", Scheme::s3, false, Authority::bucket, 0, kS3Parameters},
    {"redis", Scheme::redis, false, Authority::host, 6379, kRedisParameters},
    {"rediss", Scheme::redis, true, Authority::host, 6379, kRedisTlsParameters},
    {"redis+unix", Scheme::redis, false, Authority::none, 0, kRedisParameters},
    {"http", Scheme::http, false, Authority::host, 80, kHttpParameters},
    {"https", Scheme::http, true, Authority::host, 443, kHttpParameters},
    {"file", Scheme::directory, false, Authority::none, 0, {}},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
}

// An address for messages, before anything is known of it: all that may be secret is left out.
std::string redact(std::string_view text) {
  const std::size_t start = text.find("://");
  if (start == text.npos) return "(not shown)";  // may be a secret pasted into the wrong setting
  const std::string_view scheme = text.substr(0, start + 3);
  std::string_view rest = text.substr(start + 3);
  // A password may hold a bare "/" or "?": whatever stands before the last "@" is not shown.
  const std::size_t at = rest.rfind('@');
  const bool hides = at != rest.npos;
  if (hides) rest.remove_prefix(at + 1);
  rest = rest.substr(0, rest.find_first_of("?#"));
  std::string shown = std::string(scheme) + (hides ? "…@" : "") + std::string(rest);
  for (char& c : shown)
    if (has_control({&c, 1})) c = '?';
  return shown;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Address> parse() {
    const SchemeRow& row = *TRY(find_scheme());
    address_.scheme = row.scheme;
    address_.tls = row.tls;
    if (std::any_of(text_.begin(), text_.end(),
                    [](char c) { return (c >= 0 && c <= ' ') || c == 0x7f; }))
      return wrong("it has a space or a control character; write %20 for a space");
    std::string_view rest = text_.substr(row.name.size() + 3);
    if (rest.find('#') != rest.npos) return wrong("it has a \"#\"; write %23");
    const std::size_t question = rest.find('?');
    const std::string_view query = question == rest.npos ? "" : rest.substr(question + 1);
    rest = rest.substr(0, question);
    const std::size_t slash = rest.find('/');
    const std::string_view path = slash == rest.npos ? "" : rest.substr(slash);
    TRY(read_authority(row, rest.substr(0, slash)));
    TRY(read_path(row, path));
    TRY(read_query(row, query));
    return std::move(address_);
  }

 private:
  Error wrong(std::string_view what) const {
    return {Code::invalid, 0, "remote address " + redact(text_) + ": " + std::string(what)};
  }

  Result<const SchemeRow*> find_scheme() const {
    const std::size_t colon = text_.find("://");
    for (const SchemeRow& row : kSchemes)
      if (colon != text_.npos && row.name == text_.substr(0, colon)) return &row;
    return wrong(
        "it must start with s3://, redis://, rediss://, redis+unix://, http://, https:// or "
        "file://");
  }

  Status read_authority(const SchemeRow& row, std::string_view authority) {
    switch (row.authority) {
      case Authority::none:
        if (authority.empty()) return {};
        return wrong("the path must be absolute: " + std::string(row.name) + ":///path");
      case Authority::bucket:
        return read_bucket(authority);
      case Authority::host:
        return read_host(row, authority);
    }
    return {};
  }

  // The characters that S3's rules for names of buckets allow, and the upper-case letters and underscores of
  // servers with older rules.
  Status read_bucket(std::string_view bucket) {
    if (bucket.empty()) return wrong("it has no bucket: s3://bucket/prefix");
    const bool is_good = bucket.size() <= 255 && is_unreserved(bucket[0]) && bucket[0] != '.' &&
                         std::all_of(bucket.begin(), bucket.end(),
                                     [](char c) { return is_unreserved(c) && c != '~'; });
    if (!is_good)
      return wrong(
          "the bucket's name may only have letters, digits, '-', '.' and '_' (credentials belong "
          "in the variables or files of AWS)");
    address_.bucket = bucket;
    return {};
  }

  Status read_host(const SchemeRow& row, std::string_view authority) {
    if (const std::size_t at = authority.rfind('@'); at != authority.npos) {
      TRY(read_user(authority.substr(0, at)));
      authority.remove_prefix(at + 1);
    }
    std::size_t host_end = authority.find(':');
    if (authority.starts_with('[')) {
      const std::size_t close = authority.find(']');
      if (close == authority.npos) return wrong("the \"[\" of the IPv6 address is not closed");
      const std::string_view host = authority.substr(1, close - 1);
      if (host.find(':') == host.npos ||
          host.find_first_not_of("0123456789abcdefABCDEF:.") != host.npos)
        return wrong("the text in brackets is not an IPv6 address");
      address_.host = lower_case(host);
      host_end = close + 1;
      if (host_end < authority.size() && authority[host_end] != ':')
        return wrong("after the IPv6 address only a port may follow");
    } else {
      const std::string_view host = authority.substr(0, host_end);
      if (host.empty()) return wrong("it has no host");
      if (!std::all_of(host.begin(), host.end(),
                       [](char c) { return is_unreserved(c) && c != '~'; }))
        return wrong(
            "the host's name has a character that is not allowed (in a user's name or password, "
            "write '/' as %2F, '?' as %3F, '@' as %40 and '%' as %25)");
      address_.host = lower_case(host);
    }
    address_.port = row.port;
    if (host_end >= authority.size()) return {};
    const std::string_view port = authority.substr(host_end + 1);
    const auto [end, error] =
        std::from_chars(port.data(), port.data() + port.size(), address_.port);
    if (error != std::errc() || end != port.data() + port.size() || address_.port == 0)
      return wrong("the port is not a number from 1 to 65535");
    return {};
  }

  Status read_user(std::string_view text) {
    const std::size_t colon = text.find(':');
    const auto user = percent_decode(text.substr(0, colon));
    const auto password =
        percent_decode(colon == text.npos ? std::string_view() : text.substr(colon + 1));
    if (!user || !password)
      return wrong(
          "the user's name or password has a '%' without two hexadecimal digits; write %25");
    if (has_control(*user) || has_control(*password))
      return wrong("the user's name or password has a control character");
    if (address_.scheme == Scheme::http && user->find(':') != user->npos)
      return wrong("the user's name has a colon, which basic authentication does not allow");
    address_.user = *user;
    address_.password = *password;
    return {};
  }

  Status read_path(const SchemeRow& row, std::string_view path) {
    const auto decoded = percent_decode(path);
    if (!decoded) return wrong("the path has a '%' without two hexadecimal digits; write %25");
    if (decoded->find('\0') != decoded->npos) return wrong("the path has a NUL");
    switch (row.scheme) {
      case Scheme::http:
        return read_web_path(path);
      case Scheme::s3:
        return read_prefix(*decoded);
      case Scheme::redis:
        if (row.authority == Authority::none) break;
        return read_database(*decoded);
      case Scheme::directory:
      case Scheme::pack:
        break;
    }
    if (decoded->size() < 2) return wrong("it has no path");
    address_.path = *decoded;
    while (address_.path.size() > 1 && address_.path.ends_with('/')) address_.path.pop_back();
    if (row.scheme == Scheme::directory && address_.path.ends_with(".dejapack"))
      address_.scheme = Scheme::pack;
    return {};
  }

  Status read_web_path(std::string_view path) {
    if (std::any_of(path.begin(), path.end(), [](char c) {
          return !is_unreserved(c) &&
                 std::string_view("%!$&'()*+,;=:@/").find(c) == std::string_view::npos;
        }))
      return wrong("the path has a character that must be written percent-encoded");
    // "." and "..": libcurl would remove them, and S3's and other signatures would not match.
    for (const std::string_view part : {"/./", "/../"})
      if ((std::string(path) + "/").find(part) != std::string::npos)
        return wrong("the path has a \".\" or \"..\"");
    address_.path = path;
    while (address_.path.ends_with('/')) address_.path.pop_back();
    return {};
  }

  Status read_prefix(std::string prefix) {
    while (prefix.ends_with('/')) prefix.pop_back();
    prefix.erase(0, std::min(prefix.find_first_not_of('/'), prefix.size()));
    if (has_control(prefix)) return wrong("the prefix has a control character");
    for (const std::string_view part : {"/./", "/../", "//"})
      if (("/" + prefix + "/").find(part) != std::string::npos && !prefix.empty())
        return wrong("the prefix has an empty part, a \".\" or a \"..\"");
    if (prefix.size() > 512) return wrong("the prefix is longer than 512 bytes");
    address_.path = std::move(prefix);
    return {};
  }

  Status read_database(std::string_view path) {
    if (!path.empty()) path.remove_prefix(1);
    if (path.empty()) return {};
    const auto [end, error] =
        std::from_chars(path.data(), path.data() + path.size(), address_.database);
    if (error != std::errc() || end != path.data() + path.size() || address_.database > 65535)
      return wrong("the path is not the number of a database, such as /0");
    return {};
  }

  Status read_query(const SchemeRow& row, std::string_view query) {
    while (!query.empty()) {
      const std::size_t end = std::min(query.find('&'), query.size());
      const std::string_view pair = query.substr(0, end);
      query.remove_prefix(std::min(end + 1, query.size()));
      if (pair.empty()) continue;
      const std::size_t equals = pair.find('=');
      TRY(read_parameter(row, pair.substr(0, equals),
                         equals == pair.npos ? std::string_view() : pair.substr(equals + 1)));
    }
    if (address_.parameter("cert").has_value() != address_.parameter("key").has_value())
      return wrong(
          "give \"cert\" and \"key\" together: the client's certificate and its private key");
    return {};
  }

  Status read_parameter(const SchemeRow& row, std::string_view name, std::string_view encoded) {
    const auto known = std::find_if(row.parameters.begin(), row.parameters.end(),
                                    [name](const Parameter& p) { return p.name == name; });
    if (known == row.parameters.end()) return wrong(unknown_parameter(row, name));
    const auto value = percent_decode(encoded);
    // The value is not shown: people put secrets into the strangest places.
    if (!value || has_control(*value) || !known->check(*value))
      return wrong("the parameter \"" + std::string(name) + "\" must be " +
                   std::string(known->expected));
    if (!address_.parameters.emplace(name, *value).second)
      return wrong("the parameter \"" + std::string(name) + "\" is given twice");
    return {};
  }

  static std::string unknown_parameter(const SchemeRow& row, std::string_view name) {
    const bool is_showable = name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
                               return is_letter(c) || c == '_' || c == '-';
                             });
    std::string text = "unknown parameter";
    if (is_showable) text += " \"" + std::string(name) + "\"";
    text += "; " + std::string(row.name) + ":// has ";
    if (row.parameters.empty()) return text + "none";
    for (const Parameter& parameter : row.parameters)
      text += (&parameter == row.parameters.data() ? "" : ", ") + std::string(parameter.name);
    return text;
  }

  std::string_view text_;
  Address address_;
};

std::string host_and_port(const Address& address) {
  const bool is_ipv6 = address.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

}  // namespace

std::optional<std::string> Address::parameter(std::string_view name) const {
  const auto at = parameters.find(name);
  if (at == parameters.end()) return std::nullopt;
  return at->second;
}

std::string Address::origin() const {
  if (scheme != Scheme::http) return host_and_port(*this);
  const bool is_default = port == (tls ? 443 : 80);
  std::string authority = host_and_port(*this);
  if (is_default) authority.resize(authority.rfind(':'));
  return (tls ? "https://" : "http://") + authority;
}

std::string Address::text() const {
  switch (scheme) {
    case Scheme::http:
      return origin() + path;
    case Scheme::s3:
      return "s3://" + bucket + (path.empty() ? "" : "/" + path);
    case Scheme::redis:
      if (host.empty()) return "redis+unix://" + path;
      return (tls ? "rediss://" : "redis://") + host_and_port(*this) + "/" +
             std::to_string(database);
    case Scheme::directory:
    case Scheme::pack:
      break;
  }
  return "file://" + path;
}

Result<Address> parse_address(std::string_view text) { return Parser(text).parse(); }

Result<std::vector<Address>> parse_addresses(std::string_view text) {
  std::vector<Address> addresses;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) addresses.push_back(TRY(parse_address(one)));
  }
  return addresses;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    out.push_back(static_cast<char>(value));
    i += 2;
  }
  return out;
}

std::string percent_encode(std::string_view text, std::string_view keep) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c) || keep.find(c) != keep.npos) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

}  // namespace deja::remote
