// SPDX-License-Identifier: Apache-2.0
// A client's messages: what is accepted as a request has the same bytes when it is written again.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "daemon/session.h"
#include "wire/codec.h"
#include "wire/messages.h"

namespace wire = deja::wire;

namespace {

std::string written(const deja::daemon::DecodedRequest& decoded, std::size_t size) {
  std::string out(size, '\0');
  wire::Writer w(out.data(), out.size());
  const deja::pipeline::Request& request = decoded.request;
  write(w, decoded.head);
  w.u32(static_cast<std::uint32_t>(request.calling));
  w.text(request.cwd);
  for (const auto* list : {&request.argv, &request.environment}) {
    w.u32(static_cast<std::uint32_t>(list->size()));
    for (const auto& text : *list) w.text(text);
  }
  CHECK(w.size() == size && w.fits());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  if (const auto decoded = deja::daemon::decode_request(body))
    CHECK(written(*decoded, size) == body);
  for (const bool is_report : {false, true}) {
    wire::Reader r(body.data(), body.size());
    std::string again(64, '\0');
    wire::Writer w(again.data(), again.size());
    if (is_report) {
      write(w, wire::read_report_head(r));
    } else {
      write(w, wire::read_replay_head(r));
    }
    if (!r.failed()) CHECK(body.starts_with(std::string_view(again.data(), w.size())));
  }
  return 0;
}
