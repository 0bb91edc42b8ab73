// SPDX-License-Identifier: Apache-2.0
// Packs: the input is the objects and the table, behind a byte with the number of rows; the head is made to fit, so
// that the table is reached. What is accepted can be listed and read, and nothing outside of the objects is.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/check.h"
#include "os/fd.h"
#include "os/io.h"
#include "remote/pack_file.h"

namespace {

void read_all(const std::string& pack) {
  const deja::os::Fd file(::memfd_create("pack", MFD_CLOEXEC));
  CHECK(deja::os::write_all(file.get(), pack.data(), pack.size()) == 0);
  const auto opened = deja::remote::PackFile::open("/proc/self/fd/" + std::to_string(file.get()));
  if (!opened) return;
  const auto each = [&](const deja::remote::Transport::Listed& object) {
    CHECK(object.size <= pack.size());
    const auto got = (*opened)->get(object.name, pack.size(), {});
    CHECK(got && *got && (*got)->bytes.size() == object.size);
    CHECK(pack.find((*got)->bytes) != std::string::npos);
    return true;
  };
  CHECK((*opened)->list(each, {}));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_all(std::string(bytes));
  if (bytes.empty()) return 0;
  constexpr std::size_t kHead = 40, kRow = 49;
  const std::size_t rows = data[0] % 8, rest = size - 1;
  if (rows * kRow > rest) return 0;
  deja::Encoder pack;
  pack.raw("dejapack");
  pack.u32(1);
  pack.u32(0);
  pack.u64(rows);
  pack.u64(kHead + rest - rows * kRow);
  pack.u64(kHead + rest);
  pack.raw(bytes.substr(1));
  read_all(pack.view());
  return 0;
}
