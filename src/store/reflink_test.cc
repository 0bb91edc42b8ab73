// SPDX-License-Identifier: Apache-2.0
// On file systems that share blocks, storing a file takes no blocks; elsewhere it is a copy. Needs
// the right to mount, mkfs and loop devices; the test reports if they are missing.
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>

#include "os/disk.h"
#include "store/store_support.h"
#include "store/temp_store.h"

namespace deja::store {
namespace {

constexpr int kNotHere = 77;
constexpr std::size_t kFileBytes = 64 << 20;

bool run(const std::string& command) {
  return ::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

// In a private mount namespace: stores a large file and measures how much of the disk that took.
int put_on(const std::string& mkfs, const std::string& directory) {
  const std::string image = directory + "/image";
  const std::string mounted = directory + "/mounted";
  if (::unshare(CLONE_NEWNS) != 0 ||
      ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return kNotHere;
  if (!run("truncate -s 512M " + image) || !run(mkfs + " " + image)) return kNotHere;
  if (!os::make_directory(mounted) || !run("mount -o loop " + image + " " + mounted))
    return kNotHere;
  std::string bytes(kFileBytes, '\0');
  std::mt19937_64 random(1);
  for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
    const std::uint64_t word = random();
    bytes.replace(i, 8, reinterpret_cast<const char*>(&word), 8);
  }
  LocalStore::Options options;
  options.dir = mounted + "/cache";
  auto store = LocalStore::open(options);
  if (!store || !os::write_file_atomic(mounted + "/output", bytes)) return 1;
  const auto directory_fd = os::open_directory(mounted);
  const auto source = os::open_read(mounted + "/output");
  if (!directory_fd || !source || !os::sync_file_system(*directory_fd)) return 2;
  const auto before = os::disk_space(mounted);
  const auto put = (*store)->put_blob(*source);
  if (!put || !os::sync_file_system(*directory_fd)) return 3;
  const auto after = os::disk_space(mounted);
  if (put->digest != digest::digest_bytes(bytes) || read_blob(**store, put->digest) != bytes)
    return 4;
  if (!before || !after) return 5;
  if (!put->was_cloned) return 8;
  const auto taken =
      static_cast<std::int64_t>(before->free_bytes) - static_cast<std::int64_t>(after->free_bytes);
  // The original is edited; the blob is not.
  overwrite(mounted + "/output", 0, "edited");
  if (read_blob(**store, put->digest) != bytes) return 6;
  return taken < static_cast<std::int64_t>(kFileBytes / 4) ? 0 : 7;
}

class Reflink : public testing::TestWithParam<const char*> {};

TEST_P(Reflink, PuttingAFileTakesNoBlocks) {
  const TempStore place;  // only its directory is used
  const int status = run_in_child([&] { return put_on(GetParam(), place.directory()); });
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNotHere)
    GTEST_SKIP() << "NOT TESTED: reflinks; needs root, loop devices and " << GetParam();
  EXPECT_EQ(status, 0) << "exit " << WEXITSTATUS(status);
}

INSTANTIATE_TEST_SUITE_P(FileSystems, Reflink,
                         testing::Values("mkfs.xfs -m reflink=1", "mkfs.btrfs"));

}  // namespace
}  // namespace deja::store
