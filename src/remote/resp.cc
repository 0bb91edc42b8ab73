// SPDX-License-Identifier: Apache-2.0
// A push parser with an explicit stack, because a reply arrives in any pieces and a peer must not choose the depth of
// our recursion. Sizes are checked when they are announced, so a peer that announces a gigabyte gets no memory for it.
#include "remote/resp.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace deja::remote {
namespace {

std::optional<std::int64_t> read_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return value;
}

}  // namespace

void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  out.append("*").append(std::to_string(words.size())).append("\r\n");
  for (const std::string_view word : words)
    out.append("$").append(std::to_string(word.size())).append("\r\n").append(word).append("\r\n");
}

Error RespDecoder::fail(std::string what) {
  failed_ = true;
  return {Code::protocol, 0, std::move(what)};
}

Status RespDecoder::add_cost(std::size_t bytes) {
  cost_ += bytes;
  if (cost_ > limits_.reply_max)
    return fail("a reply of more than " + std::to_string(limits_.reply_max) + " bytes");
  return {};
}

Result<std::optional<Reply>> RespDecoder::take(std::string_view& input) {
  if (failed_) return fail("the bytes before this were not RESP");
  while (!complete_ && !input.empty()) {
    if (bulk_) {
      take_bulk(input);
      TRY(end_bulk(input));
      continue;
    }
    const std::size_t end = input.find('\n');
    const std::size_t size = end == input.npos ? input.size() : end + 1;
    if (line_.size() + size > limits_.line_max) return fail("a line that is too long");
    line_.append(input.substr(0, size));
    input.remove_prefix(size);
    if (end == input.npos) break;
    if (!line_.ends_with("\r\n")) return fail("a line that does not end with CR LF");
    const std::string line = std::exchange(line_, {});
    TRY(take_line(std::string_view(line).substr(0, line.size() - 2)));
  }
  if (!complete_) return std::optional<Reply>();
  cost_ = 0;
  return std::exchange(complete_, std::nullopt);
}

Status RespDecoder::take_line(std::string_view line) {
  if (line.empty()) return fail("an empty line where a reply begins");
  const char type = line[0];
  line.remove_prefix(1);
  TRY(add_cost(line.size() + sizeof(Reply)));
  if (type == '+' || type == '-') {
    complete({.type = type == '+' ? Reply::Type::status : Reply::Type::error,
              .text = std::string(line)});
    return {};
  }
  const auto number = read_integer(line);
  if (!number || (type != ':' && type != '$' && type != '*'))
    return fail("a line that does not begin a reply");
  if (type == '$') return start_bulk(*number);
  if (type == '*') return start_array(*number);
  complete({.type = Reply::Type::integer, .integer = *number});
  return {};
}

Status RespDecoder::start_bulk(std::int64_t length) {
  if (length == -1) {
    complete({.type = Reply::Type::nil});
    return {};
  }
  if (length < 0 || static_cast<std::uint64_t>(length) > limits_.bulk_max)
    return fail("a value of " + std::to_string(length) + " bytes, at most " +
                std::to_string(limits_.bulk_max) + " are allowed");
  bulk_size_ = static_cast<std::size_t>(length);
  bulk_ending_ = 0;
  TRY(add_cost(bulk_size_));
  bulk_.emplace(Reply{.type = Reply::Type::bulk});
  // More only when the bytes have come: a peer may announce much and send nothing.
  constexpr std::size_t kReserveMax = 64 << 10;
  bulk_->text.reserve(std::min(bulk_size_, kReserveMax));
  return {};
}

void RespDecoder::take_bulk(std::string_view& input) {
  const std::size_t size = std::min(bulk_size_ - bulk_->text.size(), input.size());
  bulk_->text.append(input.substr(0, size));
  input.remove_prefix(size);
}

Status RespDecoder::end_bulk(std::string_view& input) {
  while (bulk_->text.size() == bulk_size_ && bulk_ending_ < 2 && !input.empty()) {
    if (input[0] != "\r\n"[bulk_ending_]) return fail("a value without CR LF after it");
    ++bulk_ending_;
    input.remove_prefix(1);
  }
  if (bulk_ending_ == 2) complete(*std::exchange(bulk_, std::nullopt));
  return {};
}

Status RespDecoder::start_array(std::int64_t count) {
  if (count == -1) {
    complete({.type = Reply::Type::nil});
    return {};
  }
  if (count < 0 || static_cast<std::uint64_t>(count) > limits_.elements_max)
    return fail("an array of " + std::to_string(count) + " elements, at most " +
                std::to_string(limits_.elements_max) + " are allowed");
  if (open_.size() >= limits_.depth_max) return fail("arrays that are nested too deeply");
  Reply array{.type = Reply::Type::array};
  if (count == 0) {
    complete(std::move(array));
  } else {
    open_.push_back({std::move(array), static_cast<std::size_t>(count)});
  }
  return {};
}

void RespDecoder::complete(Reply reply) {
  while (!open_.empty()) {
    Open& around = open_.back();
    around.array.elements.push_back(std::move(reply));
    if (--around.missing != 0) return;
    reply = std::move(around.array);
    open_.pop_back();
  }
  complete_ = std::move(reply);
}

}  // namespace deja::remote
