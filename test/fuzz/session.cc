// SPDX-License-Identifier: Apache-2.0
// Session records and jobs of the upload queue. A record's payload begins with the project and branch that it is for.
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "exchange/payload.h"
#include "exchange/session_record.h"
#include "exchange/upload_job.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace exchange = deja::exchange;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto job = exchange::decode_job(bytes)) CHECK(exchange::encode_job(*job) == bytes);
  static_cast<void>(static_cast<bool>(exchange::decode_session("p", "b", bytes)));
  deja::Decoder d(bytes);
  const std::string_view project = d.bytes();
  const std::string_view branch = d.bytes();
  if (d.failed() || project.size() > exchange::kProjectNameMax ||
      branch.size() > exchange::kProjectNameMax)
    return 0;
  const auto record = exchange::decode_session(project, branch,
                                               exchange::wrap_payload({"dejS", 1, 2 << 20}, bytes));
  if (!record) return 0;
  const auto again = exchange::decode_session(project, branch, exchange::encode_session(*record));
  CHECK(again && *again == *record);
  const auto merged = exchange::merge_sessions(*record, *again);
  CHECK(merged.uses.size() == record->uses.size());
  return 0;
}
