// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shapes.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "observe/preload/route.h"
#include "os/directory_test.h"
#include "os/file.h"

namespace deja::pipeline {
namespace {

using action::NotStored;

constexpr std::uint64_t kLong = 50'000'000, kShort = 1'000'000;

class Shapes : public ::testing::Test {
 protected:
  void SetUp() override {
    const deja_shapes_head head = {DEJA_SHAPES_MAGIC, DEJA_SHAPES_VERSION};
    std::string bytes(DEJA_SHAPES_SIZE, '\0');
    std::memcpy(bytes.data(), &head, sizeof(head));
    ASSERT_TRUE(os::write_file_atomic(path(), bytes));
  }
  std::string path() const { return directory.at("shapes"); }
  void note(const std::vector<std::string_view>& argv, std::uint64_t elapsed_ns,
            std::optional<NotStored> why = {}) {
    Request request;
    request.argv = argv;
    note_shape(path(), request, elapsed_ns, why);
  }
  // As the interposer looks for it.
  deja_shape known(std::vector<std::string> argv) const {
    const auto bytes = os::read_file(path());
    std::vector<char*> words;
    for (std::string& word : argv) words.push_back(word.data());
    words.push_back(nullptr);
    const std::uint64_t shape = deja_shape_of(deja_base_of(words[0]), words.data() + 1);
    std::uint64_t slots[DEJA_SHAPE_PROBES];
    std::memcpy(slots, bytes->data() + deja_shape_offset(shape), sizeof(slots));
    return deja_find_shape(slots, shape);
  }

  os::ScratchDirectory directory;
};

TEST_F(Shapes, KeepWhatTakesLittleTime) {
  note({"/bin/sh", "-c", "sed s/a/b/ src/x.in > out/x"}, kShort);
  EXPECT_EQ(known({"sh", "-c", "sed s/a/b/ other/y.in > x"}), DEJA_SHAPE_SHORT);
  EXPECT_EQ(known({"sh", "-c", "sed s/a/b/ other/y.txt > x"}), DEJA_SHAPE_UNKNOWN);
}

TEST_F(Shapes, TellScriptsApart) {
  note({"python3", "tools/small.py", "a.in"}, kShort);
  EXPECT_EQ(known({"python3", "small.py", "b.in"}), DEJA_SHAPE_SHORT);
  EXPECT_EQ(known({"python3", "small.py", "b12.in"}), DEJA_SHAPE_SHORT);
  EXPECT_EQ(known({"python3", "small.py"}), DEJA_SHAPE_UNKNOWN);
  EXPECT_EQ(known({"python3", "tools/large.py", "a.in"}), DEJA_SHAPE_UNKNOWN);
}

TEST_F(Shapes, KeepWhatCannotBeStored) {
  note({"./gen", "a"}, kLong, NotStored::connected);
  EXPECT_EQ(known({"gen", "a"}), DEJA_SHAPE_UNFIT);
}

// Another run may be stored.
TEST_F(Shapes, ForgetAccidents) {
  note({"./gen", "a"}, kLong, NotStored::input_changed);
  note({"./gen", "b"}, kLong, NotStored::tool_failed);
  note({"./gen", "c"}, kLong);
  for (const char* word : {"a", "b", "c"}) EXPECT_EQ(known({"gen", word}), DEJA_SHAPE_UNKNOWN);
}

TEST_F(Shapes, TakeTheNewestVerdict) {
  note({"./gen", "a"}, kLong, NotStored::connected);
  note({"./gen", "a"}, kShort);
  EXPECT_EQ(known({"gen", "a"}), DEJA_SHAPE_SHORT);
}

TEST_F(Shapes, NeedAWholeTable) {
  ASSERT_TRUE(os::write_file_atomic(path(), "short"));
  note({"./gen", "a"}, kShort);
  EXPECT_EQ(*os::read_file(path()), "short");
  ASSERT_TRUE(os::write_file_atomic(path(), std::string(DEJA_SHAPES_SIZE, '\0')));
  note({"./gen", "a"}, kShort);
  EXPECT_EQ(*os::read_file(path()), std::string(DEJA_SHAPES_SIZE, '\0'));
}

}  // namespace
}  // namespace deja::pipeline
