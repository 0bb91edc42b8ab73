// SPDX-License-Identifier: Apache-2.0
#include "observe/raw_calls.h"

#include <elf.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace deja::observe {
namespace {

// A program with this machine code.
std::string program(std::string_view code, std::uint16_t machine = EM_X86_64,
                    std::uint32_t flags = PF_R | PF_X) {
  Elf64_Ehdr header = {};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_machine = machine;
  header.e_phoff = sizeof(header);
  header.e_phentsize = sizeof(Elf64_Phdr);
  header.e_phnum = 1;
  Elf64_Phdr segment = {};
  segment.p_type = PT_LOAD;
  segment.p_flags = flags;
  segment.p_offset = sizeof(header) + sizeof(segment);
  segment.p_filesz = code.size();
  std::string out(sizeof(header) + sizeof(segment), '\0');
  std::memcpy(out.data(), &header, sizeof(header));
  std::memcpy(out.data() + sizeof(header), &segment, sizeof(segment));
  return out.append(code);
}

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

const std::string kOpenat = bytes({0xb8, 0x01, 0x01, 0, 0});  // mov $257, %eax
const std::string kFutex = bytes({0xb8, 202, 0, 0, 0});
const std::string kCall = bytes({0x0f, 0x05});

TEST(RawCalls, AreFoundBehindTheirNumber) {
  EXPECT_TRUE(makes_raw_calls(program(kOpenat + kCall)));
  EXPECT_TRUE(makes_raw_calls(program("\x90\x90" + kOpenat + kCall + "\xc3")));
  // As rustix loads the arguments of fstatat: edi, r10d, and lea of an address on the stack.
  const std::string arguments =
      bytes({0xbf, 0x9c, 0xff, 0xff, 0xff, 0x41, 0xba, 0, 1,    0,    0,
             0x4c, 0x8d, 0x84, 0x24, 0xe0, 2,    0,    0, 0x4c, 0x89, 0xc2});
  EXPECT_TRUE(makes_raw_calls(program(kOpenat + arguments + kCall)));
}

TEST(RawCalls, OnlyThoseThatConcernPaths) {
  EXPECT_FALSE(makes_raw_calls(program(kFutex + kCall)));
  EXPECT_FALSE(makes_raw_calls(program(bytes({0xb8, 0xff, 0xff, 0, 0}) + kCall)));
  EXPECT_FALSE(makes_raw_calls(program(kCall)));
}

// These were found in real programs: the bytes are a part of another instruction.
TEST(RawCalls, BytesInsideOfOtherInstructionsAreNoCall) {
  EXPECT_FALSE(makes_raw_calls(program(kOpenat + bytes({0xe8, 0x0f, 0x05, 0, 0}))));
  EXPECT_FALSE(makes_raw_calls(program(kOpenat + bytes({0xe9, 0xf4, 0x0f, 0x05, 0}))));
  EXPECT_FALSE(makes_raw_calls(program(kOpenat + bytes({0xba, 0x0f, 0x05, 0, 0}))));
  EXPECT_FALSE(makes_raw_calls(program(kOpenat + bytes({0xeb, 0x78}) + kCall)));  // a jump
}

TEST(RawCalls, OnlyInMachineCodeOfThisKind) {
  EXPECT_FALSE(makes_raw_calls(program(kOpenat + kCall, EM_AARCH64)));
  EXPECT_FALSE(makes_raw_calls(program(kOpenat + kCall, EM_X86_64, PF_R)));
  EXPECT_FALSE(makes_raw_calls(""));
}

TEST(RawCalls, DamagedFilesAreRead) {
  const std::string whole = program(kOpenat + kCall);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(makes_raw_calls(whole.substr(0, size))) << size;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string other = whole;
    other[at] = '\xff';
    makes_raw_calls(other);
  }
  // Code that ends within an instruction.
  for (int op = 0; op < 256; ++op) makes_raw_calls(program(kOpenat + bytes({op, 0x84}) + kCall));
}

}  // namespace
}  // namespace deja::observe
