// SPDX-License-Identifier: Apache-2.0
// A store is damaged at random, as disks, people and programs do it: `deja verify --repair` repairs
// it or sets it aside, and reports that. Afterwards commands leave what the tool leaves.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "fault/fault.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

class VerifyFault : public Fault {
 protected:
  void SetUp() override {
    Fault::SetUp();
    if (IsSkipped()) return;
    warm();
    // More results, so that there is more to damage.
    for (const char* name : {"b", "c", "d"}) {
      ws.write(std::string(name) + ".c", "int " + std::string(name) + ";\n");
      ws.expect_miss({"gcc", "-c", std::string(name) + ".c"});
    }
    reset();
    ws.end_engines();
    ws.write(ws.base() + "/other/file", "not ours");
    fs::copy(ws.cache(), kept(), fs::copy_options::recursive);
  }
  std::string kept() const { return ws.base() + "/kept"; }
  void restore() {
    ws.end_engines();
    fs::remove_all(ws.cache());
    fs::copy(kept(), ws.cache(), fs::copy_options::recursive);
  }

  std::size_t below(std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, std::max<std::size_t>(n, 1) - 1)(random_);
  }
  template <typename T>
  const T& any_of(const std::vector<T>& list) {
    return list[below(list.size())];
  }

  void overwrite(const fs::path& path, std::size_t times) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = fs::file_size(path);
    for (std::size_t i = 0; i < times; ++i) {
      file.seekp(static_cast<std::streamoff>(below(size)));
      file.put(static_cast<char>(below(256)));
    }
  }
  void put_in_place(const fs::path& path) {
    fs::remove_all(path);
    switch (below(5)) {
      case 0:
        fs::create_directories(path / "in");
        break;
      case 1:
        ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
        break;
      case 2:
        fs::create_symlink(
            any_of<std::string>({ws.base() + "/other", "/dev/zero", "/nonexistent", path.string()}),
            path);
        break;
      case 3: {
        // The path in the cache may be too long for a socket.
        const std::string name = "/tmp/deja-socket." + std::to_string(::getpid());
        struct sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, sizeof(address.sun_path) - 1);
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        ASSERT_EQ(::bind(fd, reinterpret_cast<const struct sockaddr*>(&address), sizeof(address)),
                  0);
        ::close(fd);
        if (::rename(name.c_str(), path.c_str()) != 0) ::unlink(name.c_str());
        break;
      }
      default:
        std::ofstream(path) << std::string(below(5000), 'x');
    }
  }
  // Returns a description of the damage.
  std::string damage_something() {
    const std::vector<fs::path> all = everything();
    // Half of the time, one of the most important parts.
    const std::vector<std::string> parts = {
        "index", "index/data.mdb", "index/lock.mdb", "index/state", "ledger",
        "blobs", "format",         "lock",           "tmp",         "quarantine"};
    fs::path path = any_of(all);
    if (below(2) == 0) path = ws.cache() + "/" + any_of(parts);
    std::error_code ignored;
    const bool is_file = fs::is_regular_file(fs::symlink_status(path, ignored));
    const std::size_t what = below(8);
    if (!fs::exists(fs::symlink_status(path, ignored))) return "";
    if (is_file && what < 4) ::chmod(path.c_str(), 0644);
    if (what == 0 && is_file) overwrite(path, any_of<std::size_t>({1, 3, 30, 300}));
    if (what == 1 && is_file) fs::resize_file(path, below(fs::file_size(path) + 1));
    if (what == 2 && is_file) fs::resize_file(path, std::uintmax_t{1} << 40);
    if (what == 3) ::chmod(path.c_str(), 0);
    if (what == 4) fs::remove_all(path);
    if (what == 5 || what == 6) put_in_place(path);
    if (what == 7) {
      std::ofstream((fs::is_directory(fs::symlink_status(path)) ? path : path.parent_path()) /
                    "a name of others")
          << "?";
    }
    return std::to_string(what) + " " + path.string() + "\n";
  }
  // Everything except the file that marks the directory as deja's: without the mark and a known
  // format, deja changes nothing there.
  std::vector<fs::path> everything() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::recursive_directory_iterator(ws.cache()))
      if (entry.path().filename() != "CACHEDIR.TAG") all.push_back(entry);
    return all;
  }
  void swap_two() {
    const std::vector<fs::path> all = everything();
    const fs::path a = any_of(all), b = any_of(all), aside = ws.cache() + "/aside";
    std::error_code ignored;
    fs::rename(a, aside, ignored);
    fs::rename(b, a, ignored);
    fs::rename(aside, b, ignored);
    fs::remove_all(aside);
  }

  Result verify(const Argv& more) const {
    Argv argv = {"verify"};
    argv.insert(argv.end(), more.begin(), more.end());
    return ws.deja(argv, {.deadline = kDeadline});
  }

  std::mt19937 random_{20261129};
};

TEST_P(VerifyFault, MendsWhateverItFinds) {
  constexpr int kRounds = 100;
  for (int round = 0; round < kRounds && !HasFailure(); ++round) {
    restore();
    std::string done;
    if (below(8) == 0) swap_two(), done = "swapped two\n";
    const std::size_t times = 1 + below(3);
    for (std::size_t i = 0; i < times; ++i) done += damage_something();
    SCOPED_TRACE("round " + std::to_string(round) + ": " + done);

    const Result found = verify({});
    EXPECT_TRUE(found.exit_code == 0 || found.exit_code == 1) << found;
    const Result mended = verify({"--repair"});
    EXPECT_TRUE(mended.exit_code == 0 || mended.exit_code == 1) << mended;
    EXPECT_EQ(mended.err, "") << mended;
    EXPECT_EQ(mended.out.find("cannot"), std::string::npos) << mended;
    const Result clean = verify({});
    EXPECT_EQ(clean.exit_code, 0) << clean << "after" << mended;

    expect_undisturbed();
    expect_undisturbed();
    EXPECT_EQ(ws.last_event().outcome, "hit") << ws.last_event() << ws.troubles();
    EXPECT_EQ(tree_of(ws.base() + "/other").at("file").text, "not ours");
    EXPECT_EQ(tree_of(ws.base() + "/other").size(), 1U);
  }
}

// With closed streams, output must not go to a file of the cache.
TEST_P(VerifyFault, SubcommandsWithClosedStreams) {
  const auto index = [&] { return ws.read(ws.cache() + "/index/lock.mdb"); };
  for (const std::string closed : {">&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    for (const std::string words : {"why b.c", "why a.o", "stats", "events", "verify", "gc"})
      ws.run({"sh", "-c", "\"$0\" " + words + " " + closed, Workspace::program()});
    EXPECT_EQ(index().find("gcc"), std::string::npos) << closed;
    EXPECT_EQ(index().find("deja"), std::string::npos) << closed;
    EXPECT_EQ(verify({}).exit_code, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(, VerifyFault, ::testing::Values(Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
