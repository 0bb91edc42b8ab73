// SPDX-License-Identifier: Apache-2.0
// Replaces the functions of the vDSO (vdso(7)) that read the clock, in one process, by the system calls
// they stand for. The image is the same in every process of the machine, so this process's copy gives
// their offsets. The kernel allows the write as it allows a debugger's breakpoint: the page is copied.
#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "observe/supervise/tracee.h"
#include "os/fd.h"

namespace deja::observe::supervise {
namespace {

using Code = std::vector<unsigned char>;

struct Patch {
  std::uint64_t offset = 0;  // from the image's start
  Code code, before;
};

#if defined(__x86_64__)
std::vector<unsigned char> code_of(int number) {
  const auto n = static_cast<std::uint32_t>(number);
  std::vector<unsigned char> code = {0xb8};  // mov $number, %eax
  for (int shift = 0; shift < 32; shift += 8)
    code.push_back(static_cast<unsigned char>(n >> shift));
  code.insert(code.end(), {0x0f, 0x05, 0xc3});  // syscall; ret
  return code;
}

int number_of(std::string_view name) {
  if (name == "__vdso_clock_gettime") return SYS_clock_gettime;
  if (name == "__vdso_gettimeofday") return SYS_gettimeofday;
  if (name == "__vdso_time") return SYS_time;
  return -1;
}
constexpr std::size_t kExpected = 3;
#else
std::vector<unsigned char> code_of(int number) {
  std::vector<unsigned char> code;
  const std::uint32_t kMove = 0xd2800008u | static_cast<std::uint32_t>(number) << 5;  // mov x8, #
  for (const std::uint32_t word : {kMove, 0xd4000001u /* svc #0 */, 0xd65f03c0u /* ret */})
    for (int shift = 0; shift < 32; shift += 8)
      code.push_back(static_cast<unsigned char>(word >> shift));
  return code;
}

int number_of(std::string_view name) {
  if (name == "__kernel_clock_gettime") return SYS_clock_gettime;
  if (name == "__kernel_gettimeofday") return SYS_gettimeofday;
  return -1;
}
constexpr std::size_t kExpected = 2;
#endif

template <typename T>
const T* at(const char* image, std::uint64_t offset) {
  const void* const place = image + offset;
  return static_cast<const T*>(place);
}

// Uses the section headers, which the image keeps: newer images have no DT_HASH with the number of
// symbols.
std::vector<Patch> find_patches() {
  std::vector<Patch> out;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel passes it as a number
  const char* image = reinterpret_cast<const char*>(::getauxval(AT_SYSINFO_EHDR));
  if (image == nullptr) return out;
  const auto* header = at<Elf64_Ehdr>(image, 0);
  const auto* sections = at<Elf64_Shdr>(image, header->e_shoff);
  std::uint64_t base = 0;
  const auto* segments = at<Elf64_Phdr>(image, header->e_phoff);
  for (unsigned i = 0; i < header->e_phnum; ++i)
    if (segments[i].p_type == PT_LOAD) base = segments[i].p_vaddr - segments[i].p_offset;
  for (unsigned i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_DYNSYM) continue;
    const auto* symbols = at<Elf64_Sym>(image, sections[i].sh_offset);
    const char* names = image + sections[sections[i].sh_link].sh_offset;
    for (std::size_t k = 0; k < sections[i].sh_size / sizeof(Elf64_Sym); ++k) {
      const int number = number_of(names + symbols[k].st_name);
      if (number < 0) continue;
      const std::uint64_t offset = symbols[k].st_value - base;
      const Code code = code_of(number);
      const auto* const own = at<unsigned char>(image, offset);
      out.push_back({offset, code, Code(own, own + code.size())});
    }
  }
  return out;
}

const std::vector<Patch>& patches() {
  static const std::vector<Patch> all = find_patches();
  return all;
}

// The address of the image in the process; 0: it has none, and makes the calls anyway.
std::optional<std::uint64_t> image_of(const std::string& directory) {
  const os::Fd fd(::open((directory + "auxv").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<Elf64_auxv_t, 64> entries = {};
  const ssize_t size = fd ? ::read(fd.get(), entries.data(), sizeof entries) : -1;
  if (size <= 0) return std::nullopt;
  for (const Elf64_auxv_t& entry : entries)
    if (entry.a_type == AT_SYSINFO_EHDR) return entry.a_un.a_val;
  return 0;
}

// Writes one of the two codes of each function.
bool put(const std::string& directory, Code Patch::* code) {
  const auto image = image_of(directory);
  if (!image) return false;
  if (*image == 0) return true;
  if (patches().size() < kExpected) return false;
  const os::Fd memory(::open((directory + "mem").c_str(), O_RDWR | O_CLOEXEC));
  if (!memory) return false;
  for (const Patch& patch : patches()) {
    const Code& bytes = patch.*code;
    if (::pwrite(memory.get(), bytes.data(), bytes.size(),
                 static_cast<off_t>(*image + patch.offset)) != static_cast<ssize_t>(bytes.size()))
      return false;
  }
  return true;
}

}  // namespace

bool Tracee::expose_clock() const { return put(proc(""), &Patch::code); }
void Tracee::cover_clock() const { put(proc(""), &Patch::before); }

}  // namespace deja::observe::supervise
