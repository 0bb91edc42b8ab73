// SPDX-License-Identifier: Apache-2.0
// The bytes of a system call, 0f 05, also occur inside of other instructions, once in some 200 MB of programs after the
// bytes of a suitable number. So what lies between has to be a sequence of plain instructions, such as load the
// arguments, that ends where the call begins.
//
// Tested by raw_calls_test.cc. Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2,
// chapter 2 (ModR/M, SIB, REX) and appendix A.
#include "observe/raw_calls.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "observe/preload/observed_calls.h"

namespace deja::observe {
namespace {

// How far before the call its number may be loaded.
constexpr std::size_t kReachMax = 64;

struct ObservedCall {
  std::uint32_t number;
  deja_call_kind kind;
  int path;
};
constexpr ObservedCall kCalls[] = {
#define ROW(call, kind, at, path, data, fixed, functions) {SYS_##call, DEJA_CALL_##kind, path},
    DEJA_OBSERVED_CALLS(ROW)
#undef ROW
};

constexpr auto kConcernsPaths = [] {
  std::array<bool, DEJA_NEWEST_CALL + 1> out = {};
  for (const ObservedCall& call : kCalls)
    out[call.number] |= call.path >= 0 || call.kind == DEJA_CALL_list;
  return out;
}();

std::uint32_t number_at(std::string_view code, std::size_t at) {
  std::uint32_t n = 0;
  std::memcpy(&n, code.data() + at, sizeof(n));
  return n;
}

std::uint8_t byte_at(std::string_view code, std::size_t at) {
  return at < code.size() ? static_cast<std::uint8_t>(code[at]) : 0;
}

// The bytes of ModR/M, SIB and displacement.
std::size_t operand_size(std::string_view code) {
  const unsigned modrm = byte_at(code, 0), mode = modrm >> 6, base = modrm & 7;
  if (mode == 3) return 1;
  const bool has_sib = base == 4;
  const bool has_no_base = has_sib && (byte_at(code, 1) & 7) == 5;
  const std::size_t displacement = mode == 1 ? 1 : mode == 2 || base == 5 || has_no_base ? 4 : 0;
  return 1 + (has_sib ? 1 : 0) + displacement;
}

// The size of an instruction that moves or computes values in registers and memory; 0: it is another one.
std::size_t plain_instruction(std::string_view code) {
  std::size_t at = 0;
  bool is_wide = false;
  while (byte_at(code, at) == 0x66) ++at;
  if ((byte_at(code, at) & 0xf0) == 0x40) is_wide = (byte_at(code, at++) & 8) != 0;
  const std::uint8_t op = byte_at(code, at++);
  const std::size_t operand = operand_size(code.substr(std::min(at, code.size())));
  if (op >= 0xb8 && op <= 0xbf) return at + (is_wide ? 8 : 4);  // mov register, number
  if (op >= 0x50 && op <= 0x5f) return at;                      // push, pop
  if (op < 0x40 && (op & 7) < 4) return at + operand;           // add, or, and, sub, xor, cmp
  switch (op) {
    case 0x63:
    case 0x84:
    case 0x85:
    case 0x88:
    case 0x89:
    case 0x8a:
    case 0x8b:
    case 0x8d:
    case 0xd1:
      return at + operand;  // movsxd, test, mov, lea, shift by one
    case 0x83:
    case 0xc1:
    case 0xc6:
      return at + operand + 1;  // with a byte
    case 0x81:
    case 0xc7:
      return at + operand + 4;  // with four
    case 0x90:
      return at;
    case 0x0f:
      break;
    default:
      return 0;
  }
  const std::uint8_t second = byte_at(code, at++);
  const bool is_move = (second >= 0x10 && second <= 0x1f) || second == 0x28 || second == 0x29 ||
                       (second >= 0x40 && second <= 0x4f) || second == 0x57 || second == 0x6f ||
                       second == 0x7f || second == 0xb6 || second == 0xb7 || second == 0xbe ||
                       second == 0xbf;
  return is_move ? at + operand_size(code.substr(std::min(at, code.size()))) : 0;
}

// Does a sequence of plain instructions lead from here to the end?
bool leads_to_end(std::string_view code) {
  while (!code.empty()) {
    const std::size_t size = plain_instruction(code);
    if (size == 0 || size > code.size()) return false;
    code.remove_prefix(size);
  }
  return true;
}

// code: what comes before the call.
bool has_number_of_path(std::string_view code) {
  constexpr std::size_t kLoad = 5;  // b8 and the number: mov eax, number
  for (std::size_t back = kLoad; back <= std::min(code.size(), kReachMax); ++back) {
    const std::string_view rest = code.substr(code.size() - back);
    if (byte_at(rest, 0) != 0xb8) continue;
    const std::uint32_t number = number_at(rest, 1);
    if (number < kConcernsPaths.size() && kConcernsPaths[number] &&
        leads_to_end(rest.substr(kLoad)))
      return true;
  }
  return false;
}

bool has_raw_call(std::string_view code) {
  for (std::size_t at = code.find('\x05', 1); at != code.npos; at = code.find('\x05', at + 1))
    if (code[at - 1] == '\x0f' && has_number_of_path(code.substr(0, at - 1))) return true;
  return false;
}

}  // namespace

bool makes_raw_calls(std::string_view elf) {
  Elf64_Ehdr header;
  if (elf.size() < sizeof(header)) return false;
  std::memcpy(&header, elf.data(), sizeof(header));
  if (!elf.starts_with(ELFMAG) || header.e_ident[EI_CLASS] != ELFCLASS64 ||
      header.e_machine != EM_X86_64 || header.e_phentsize != sizeof(Elf64_Phdr) ||
      header.e_phoff > elf.size() ||
      header.e_phnum > (elf.size() - header.e_phoff) / sizeof(Elf64_Phdr))
    return false;
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, elf.data() + header.e_phoff + i * sizeof(segment), sizeof(segment));
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0 || segment.p_offset > elf.size())
      continue;
    if (has_raw_call(elf.substr(segment.p_offset, segment.p_filesz))) return true;
  }
  return false;
}

}  // namespace deja::observe
