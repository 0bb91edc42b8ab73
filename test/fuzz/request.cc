// SPDX-License-Identifier: Apache-2.0
// A client's messages: what is accepted as a request has the same bytes when it is written again.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "daemon/session.h"
#include "wire/codec.h"
#include "wire/messages.h"
#include "wire/request_form.h"

namespace wire = deja::wire;

namespace {

std::string written(const deja::daemon::DecodedRequest& decoded, const std::string& body) {
  std::string out(body.size(), '\0');
  wire::Writer w(out.data(), out.size());
  const deja::pipeline::Request& request = decoded.request;
  write(w, decoded.head);
  w.u32(static_cast<std::uint32_t>(request.calling));
  w.text(request.cwd);
  const auto write_list = [&w](auto first, auto last) {
    w.u32(static_cast<std::uint32_t>(last - first));
    for (; first != last; ++first) w.text(*first);
  };
  write_list(request.argv.begin(), request.argv.end());
  // The texts point into the body. What lies behind its form is noise.
  const char* const form_end = body.data() + wire::form_of(body).size();
  const auto& environment = request.environment;
  const auto noise = std::find_if(environment.begin(), environment.end(),
                                  [&](std::string_view entry) { return entry.data() > form_end; });
  write_list(environment.begin(), noise);
  write_list(noise, environment.end());
  w.u64(static_cast<std::uint64_t>(request.began_ns));
  CHECK(w.size() == body.size() && w.fits());
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  if (const auto decoded = deja::daemon::decode_request(body))
    CHECK(written(*decoded, body) == body);
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
