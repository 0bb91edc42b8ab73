// SPDX-License-Identifier: Apache-2.0
// Addresses of remotes: what is understood has the parts that its scheme needs, and no message or name shows
// what stands before an "@".
#include "remote/address.h"

#include <cstdint>

#include "base/check.h"

using deja::remote::Scheme;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto address = deja::remote::parse_address(text);
  if (!address) {
    CHECK(address.error().message.find('\n') == std::string::npos);
    return 0;
  }
  switch (address->scheme) {
    case Scheme::http:
      CHECK(!address->host.empty() && address->port != 0 && !address->path.ends_with('/'));
      // The shown form is an address itself, of the same place.
      CHECK(deja::remote::parse_address(address->text())->text() == address->text());
      break;
    case Scheme::s3:
      CHECK(!address->bucket.empty() && address->bucket.find('/') == std::string::npos);
      CHECK(!address->path.starts_with('/') && !address->path.ends_with('/'));
      break;
    case Scheme::redis:
      CHECK(address->host.empty() == address->path.starts_with('/'));
      break;
    case Scheme::directory:
    case Scheme::pack:
      CHECK(address->path.starts_with('/') && address->path.find('\0') == std::string::npos);
      break;
  }
  CHECK(deja::remote::percent_decode(deja::remote::percent_encode(text)) == text);
  return 0;
}
