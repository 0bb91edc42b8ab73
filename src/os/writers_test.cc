// SPDX-License-Identifier: Apache-2.0
#include "os/writers.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/directory_test.h"
#include "os/file.h"

namespace deja::os {
namespace {

class WritersTest : public DirectoryTest {
 protected:
  void SetUp() override { ASSERT_TRUE(write_file_atomic(path(), "one")); }
  std::string path() const { return dir_ + "/f"; }
  Fd open(int flags) const { return Fd(::open(path().c_str(), flags | O_CLOEXEC)); }
  bool has_writer_now() const { return has_writer(open(O_RDONLY)); }
};

TEST_F(WritersTest, NobodyWrites) {
  const Fd reader = open(O_RDONLY);
  EXPECT_FALSE(has_writer(reader));
  EXPECT_FALSE(has_writer(reader)) << "the lease was given back";
}

TEST_F(WritersTest, ADescriptorForWriting) {
  {
    const Fd writer = open(O_WRONLY);
    EXPECT_TRUE(has_writer_now());
  }
  EXPECT_FALSE(has_writer_now());
}

TEST_F(WritersTest, AMappingWithoutADescriptor) {
  void* mapping = MAP_FAILED;
  {
    const Fd writer = open(O_RDWR);
    mapping = ::mmap(nullptr, 3, PROT_READ | PROT_WRITE, MAP_SHARED, writer.get(), 0);
  }
  ASSERT_NE(mapping, MAP_FAILED);
  EXPECT_TRUE(has_writer_now());
  ::munmap(mapping, 3);
  EXPECT_FALSE(has_writer_now());
}

TEST_F(WritersTest, AMappingForReadingIsNoWriter) {
  void* mapping = MAP_FAILED;
  {
    const Fd reader = open(O_RDONLY);
    mapping = ::mmap(nullptr, 3, PROT_READ, MAP_SHARED, reader.get(), 0);
  }
  ASSERT_NE(mapping, MAP_FAILED);
  EXPECT_FALSE(has_writer_now());
  ::munmap(mapping, 3);
}

TEST_F(WritersTest, AWriterCanComeAtOnce) {
  const Fd reader = open(O_RDONLY);
  EXPECT_FALSE(has_writer(reader));
  // A lease that was still held would refuse this.
  EXPECT_TRUE(open(O_WRONLY | O_NONBLOCK));
}

}  // namespace
}  // namespace deja::os
