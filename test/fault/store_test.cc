// SPDX-License-Identifier: Apache-2.0
// The store is damaged, while no engine runs and while one is running.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <vector>

#include "fault/fault.h"

namespace deja::test {
namespace {

namespace fs = std::filesystem;

enum class Damage { removed, emptied, halved, garbage, edited, directory };
const std::vector<Damage> kDamages = {Damage::removed, Damage::emptied, Damage::halved,
                                      Damage::garbage, Damage::edited,  Damage::directory};

void do_damage(const fs::path& path, Damage damage) {
  const auto size = fs::file_size(path);
  const auto put = [&](std::uintmax_t at, const std::string& bytes) {
    fs::permissions(path, static_cast<fs::perms>(0644));
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
  };
  switch (damage) {
    case Damage::removed:
      fs::remove(path);
      break;
    case Damage::emptied:
      fs::resize_file(path, 0);
      break;
    case Damage::halved:
      fs::resize_file(path, size / 2);
      break;
    case Damage::garbage:
      put(0, std::string(std::min<std::uintmax_t>(size, 1 << 16), '\x5a'));
      break;
    case Damage::edited:
      put(size / 2, "~");
      break;
    case Damage::directory:
      fs::remove(path);
      fs::create_directory(path);
      break;
  }
}

class StoreFault : public Fault {
 protected:
  std::vector<fs::path> files_below(const std::string& directory) const {
    std::vector<fs::path> out;
    for (const fs::directory_entry& entry :
         fs::recursive_directory_iterator(ws.cache() + "/" + directory)) {
      if (entry.is_regular_file()) out.push_back(entry.path());
    }
    return out;
  }
  // Applies each kind of damage to all these files, while an engine runs and between two engines.
  void expect_undisturbed_by(const std::string& directory,
                             const std::function<bool(const fs::path&)>& wanted) {
    for (const bool running : {true, false}) {
      for (const Damage damage : kDamages) {
        SCOPED_TRACE("damage " + std::to_string(static_cast<int>(damage)) +
                     (running ? ", running" : ", between"));
        ws.end_engines();
        ws.remove(ws.cache());
        warm();
        if (!running) ws.end_engines();
        for (const fs::path& file : files_below(directory)) {
          if (wanted(file)) do_damage(file, damage);
        }
        expect_undisturbed();
        expect_undisturbed();
      }
    }
  }
};

TEST_P(StoreFault, Blobs) {
  expect_undisturbed_by("blobs", [](const fs::path&) { return true; });
}

TEST_P(StoreFault, Index) {
  expect_undisturbed_by("index", [](const fs::path& p) { return p.filename() == "data.mdb"; });
}

TEST_P(StoreFault, IndexLock) {
  expect_undisturbed_by("index", [](const fs::path& p) { return p.filename() == "lock.mdb"; });
}

TEST_P(StoreFault, IndexState) {
  expect_undisturbed_by("index", [](const fs::path& p) {
    return p.filename() != "data.mdb" && p.filename() != "lock.mdb";
  });
}

TEST_P(StoreFault, Ledger) {
  expect_undisturbed_by("ledger", [](const fs::path&) { return true; });
}

TEST_P(StoreFault, Journal) {
  expect_undisturbed_by("journal",
                        [](const fs::path& p) { return p.filename() != "events.jsonl"; });
}

TEST_P(StoreFault, FormatOfANewerVersionIsLeftAlone) {
  warm();
  ws.end_engines();
  ws.write(ws.cache() + "/format", "deja store 999\n");
  expect_undisturbed();
  expect_undisturbed();
  EXPECT_EQ(ws.read(ws.cache() + "/format"), "deja store 999\n");
}

TEST_P(StoreFault, FormatOfSomethingElseIsSetAside) {
  warm();
  ws.end_engines();
  ws.write(ws.cache() + "/format", "something else\n");
  expect_undisturbed();
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit")
      << ws.events().end()[-2] << ws.last_event() << ws.troubles();
}

TEST_P(StoreFault, IndexAndLedgerAreGone) {
  warm();
  ws.end_engines();
  ws.remove(ws.cache() + "/index");
  ws.remove(ws.cache() + "/ledger");
  expect_undisturbed();
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit")
      << ws.events().end()[-2] << ws.last_event() << ws.troubles();
}

EVERY_MODE(StoreFault);

// The n-th disk operation fails, or the engine dies there; n increases until every operation was
// hit.
class FailpointFault : public Fault {
 protected:
  static constexpr int kPoints = 60;
  void expect_undisturbed_at_every_point(const std::string& kind) {
    if (kind == "kill") tolerate_leftovers();
    for (int n = 1; n <= kPoints; ++n) {
      SCOPED_TRACE(kind + "@" + std::to_string(n));
      Options options;
      options.env = {"DEJA_TEST_FAILPOINT=" + kind + "@" + std::to_string(n)};
      expect_undisturbed(options);
    }
  }
};

TEST_P(FailpointFault, DuringMisses) {
  for (const std::string kind : {"ENOSPC", "EIO", "kill"}) {
    for (int n = 1; n <= kPoints; n += kind == "ENOSPC" ? 1 : 3) {
      SCOPED_TRACE(kind + "@" + std::to_string(n));
      ws.remove(ws.cache());
      Options options;
      options.env = {"DEJA_TEST_FAILPOINT=" + kind + "@" + std::to_string(n)};
      expect_undisturbed(options);
      expect_undisturbed();  // what is left is useful or harmless
    }
  }
}

TEST_P(FailpointFault, DuringHits) {
  warm();
  for (const std::string kind : {"ENOSPC", "EIO", "EMFILE", "kill"})
    expect_undisturbed_at_every_point(kind);
  expect_undisturbed();
  EXPECT_EQ(ws.last_event().outcome, "hit");
}

TEST_P(FailpointFault, EverythingFailsFromSomePointOn) {
  for (int n = 1; n <= kPoints; n += 4) {
    SCOPED_TRACE(n);
    ws.remove(ws.cache());
    Options options;
    options.env = {"DEJA_TEST_FAILPOINT=EROFS@" + std::to_string(n) + "+"};
    expect_undisturbed(options);
  }
}

INSTANTIATE_TEST_SUITE_P(, FailpointFault, ::testing::Values(Mode::one_shot), mode_label);

}  // namespace
}  // namespace deja::test
