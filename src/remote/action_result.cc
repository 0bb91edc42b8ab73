// SPDX-License-Identifier: Apache-2.0
#include "remote/action_result.h"

#include "base/bytes.h"

namespace deja::remote {
namespace {

constexpr std::string_view kWorker = "deja";
constexpr std::uint64_t kStdoutRaw = 5, kExecutionMetadata = 9, kWorkerField = 1;

// Wire types of protobuf. 3 and 4 are groups, which no version of these messages has.
enum class Wire : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

constexpr std::uint64_t tag(std::uint64_t field, Wire wire) {
  return field << 3 | static_cast<std::uint64_t>(wire);
}

// Calls back with the fields that are bytes, in order. False: the message is not well-formed.
template <typename Each>
bool read_message(std::string_view message, Each each) {
  Decoder in(message);
  while (!in.failed() && in.remaining() != 0) {
    const std::uint64_t key = in.varint();
    const std::uint64_t field = key >> 3;
    if (field == 0 || field > 0x1fffffff) return false;
    switch (static_cast<Wire>(key & 7)) {
      case Wire::varint:
        in.varint();
        break;
      case Wire::fixed64:
        in.u64();
        break;
      case Wire::bytes: {
        const std::string_view bytes = in.bytes();
        if (!in.failed()) each(field, bytes);
        break;
      }
      case Wire::fixed32:
        in.u32();
        break;
      default:
        return false;
    }
  }
  return !in.failed();
}

}  // namespace

std::string encode_action_result(std::string_view record) {
  Encoder metadata;
  metadata.varint(tag(kWorkerField, Wire::bytes));
  metadata.bytes(kWorker);
  Encoder out;
  out.varint(tag(kStdoutRaw, Wire::bytes));
  out.bytes(record);
  out.varint(tag(kExecutionMetadata, Wire::bytes));
  out.bytes(metadata.view());
  return std::move(out).take();
}

Result<std::optional<std::string_view>> decode_action_result(std::string_view bytes) {
  std::string_view record, worker;
  bool is_good = true;
  // Of a field that is there twice the last one counts; of a message, its parts are merged.
  const auto read_metadata = [&worker](std::uint64_t field, std::string_view value) {
    if (field == kWorkerField) worker = value;
  };
  is_good = read_message(bytes,
                         [&](std::uint64_t field, std::string_view value) {
                           if (field == kStdoutRaw) record = value;
                           if (field == kExecutionMetadata && !read_message(value, read_metadata))
                             is_good = false;
                         }) &&
            is_good;
  if (!is_good) return Error{Code::protocol, 0, "the object is not an ActionResult"};
  if (worker != kWorker) return std::optional<std::string_view>();
  return std::optional(record);
}

}  // namespace deja::remote
