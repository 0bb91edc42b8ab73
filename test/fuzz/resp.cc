// SPDX-License-Identifier: Apache-2.0
// Replies of a Redis server. However the bytes are cut, the same replies come out; nothing is larger than the limits allow;
// and what is made of a reply (a redirect, a table of slots, a message) has sense.
#include "remote/resp.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "remote/redis_client.h"

namespace {

using deja::remote::Reply;
using deja::remote::RespDecoder;

constexpr RespDecoder::Limits kLimits{
    .bulk_max = 64, .line_max = 80, .elements_max = 8, .depth_max = 3, .reply_max = 4096};

void append(std::string& out, const Reply& reply) {
  out.append(std::to_string(static_cast<int>(reply.type))).append(" ").append(reply.text);
  out.append(" ").append(std::to_string(reply.integer)).append("(");
  for (const Reply& element : reply.elements) append(out, element);
  out.append(")\n");
}

// All replies as one text, with the error at the end.
std::string decode(std::string_view bytes, std::size_t piece, std::vector<Reply>& replies) {
  RespDecoder decoder(kLimits);
  std::string out;
  while (!bytes.empty()) {
    std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    while (!part.empty()) {
      auto reply = decoder.take(part);
      if (!reply) return out + reply.error().message;
      if (!*reply) break;
      append(out, **reply);
      replies.push_back(std::move(**reply));
    }
  }
  return out;
}

void check_sizes(const Reply& reply, std::size_t depth) {
  CHECK(depth <= kLimits.depth_max);
  CHECK(reply.text.size() <= kLimits.line_max);
  CHECK(!reply.is(Reply::Type::bulk) || reply.text.size() <= kLimits.bulk_max);
  CHECK(reply.elements.size() <= kLimits.elements_max);
  for (const Reply& element : reply.elements) check_sizes(element, depth + 1);
}

void check_meaning(const Reply& reply) {
  const std::string message = deja::remote::redis_error(reply).message;
  CHECK(!message.empty() || reply.text.empty());
  CHECK(std::none_of(message.begin(), message.end(), [](char c) { return c >= 0 && c < ' '; }));
  if (const auto redirect = deja::remote::parse_redirect(reply)) {
    CHECK(redirect->slot < deja::remote::kRedisSlots);
    CHECK(redirect->to.host.find_first_of(" /\n") == std::string::npos);
  }
  if (const auto ranges = deja::remote::parse_slots(reply, {.host = "asked", .port = 1}))
    for (const auto& range : *ranges)
      CHECK(range.first <= range.last && range.last < deja::remote::kRedisSlots &&
            !range.master.host.empty() && range.master.port != 0);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::vector<Reply> replies;
  const std::string whole = decode(bytes, bytes.size() + 1, replies);
  for (const Reply& reply : replies) {
    check_sizes(reply, 0);
    check_meaning(reply);
  }
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}}) {
    std::vector<Reply> again;
    CHECK(decode(bytes, piece, again) == whole);
  }
  return 0;
}
