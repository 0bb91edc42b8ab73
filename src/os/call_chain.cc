// SPDX-License-Identifier: Apache-2.0
// Tested by find_tool_test.cc and test/fault/loop_test.cc.
#include "os/call_chain.h"

namespace deja::os {
namespace {

constexpr unsigned long kDigits = 16;
constexpr unsigned long kClientSize = 1 + kDigits, kToolSize = 1 + 2 * kDigits;

unsigned long size_of(char kind) { return kind == 'F' ? kClientSize : kToolSize; }

void put_hex(std::uint64_t number, char* out) {
  for (unsigned long i = 0; i < kDigits; ++i)
    out[i] = "0123456789abcdef"[(number >> (60 - 4 * i)) & 0xf];
}

std::uint64_t number_of(const ClientFile& file) {
  return file.inode * 0x9e3779b97f4a7c15ULL ^ file.device;
}

struct ChainRecord {
  char text[kToolSize];
  unsigned long size;
  std::string_view view() const { return {text, size}; }
};

ChainRecord client_record(const ClientFile& client) {
  ChainRecord record = {{'F'}, kClientSize};
  put_hex(number_of(client), record.text + 1);
  return record;
}

ChainRecord tool_record(const ClientFile& tool, std::uint64_t arguments) {
  ChainRecord record = {{'T'}, kToolSize};
  put_hex(number_of(tool), record.text + 1);
  put_hex(arguments, record.text + 1 + kDigits);
  return record;
}

bool holds(std::string_view text, std::string_view begin) {
  while (!text.empty()) {
    if (text.substr(0, begin.size()) == begin) return true;
    text.remove_prefix(size_of(text[0]));
  }
  return false;
}

}  // namespace

void ArgumentsHash::add(std::string_view argument) {
  for (const char c : argument) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash_ *= 1099511628211ULL;  // separates arguments
}

CallChain::CallChain(std::string_view text) {
  if (text.size() >= kCallsSize) return;
  int clients = 0;
  for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(size_of(rest[0]))) {
    if ((rest[0] != 'F' && rest[0] != 'T') || rest.size() < size_of(rest[0])) return;
    if (rest[0] == 'F') ++clients;
  }
  text_ = text;
  clients_ = clients;
}

bool CallChain::is_client(const ClientFile& file) const {
  return holds(text_, client_record(file).view());
}

bool CallChain::repeats(const ClientFile& tool, std::uint64_t arguments, bool is_script) const {
  const ChainRecord record = tool_record(tool, arguments);
  return holds(text_, is_script ? record.view().substr(0, kClientSize) : record.view());
}

void CallChain::extend(const ClientFile& client, const ClientFile& tool, std::uint64_t arguments,
                       TextBuffer& out) const {
  out.add(text_).add(client_record(client).view()).add(tool_record(tool, arguments).view());
}

}  // namespace deja::os
