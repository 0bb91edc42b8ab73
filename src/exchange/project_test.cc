// SPDX-License-Identifier: Apache-2.0
#include "exchange/project.h"

#include <gtest/gtest.h>

#include "os/directory_test.h"

namespace deja::exchange {
namespace {

TEST(ProjectName, IsWithoutSecretsAndOneForAllWaysToClone) {
  for (const char* url :
       {"https://host.example/team/x.git", "https://user:token@host.example/team/x",
        "ssh://git@host.example:2222/team/x.git", "git@host.example:team/x.git",
        "host.example:team/x", "https://host.example/team/x/",
        "https://host.example/team/x?token=1", "https://host.example//team/x"})
    EXPECT_EQ(project_name(url), "host.example/team/x") << url;
}

TEST(ProjectName, APathNamesNoProject) {
  for (const char* url : {"", "/srv/x.git", "../x", "file:///srv/x.git", "x", "./a:b"})
    EXPECT_EQ(project_name(url), "") << url;
}

class ProjectTest : public os::DirectoryTest {};

TEST_F(ProjectTest, OfACheckout) {
  write("x/.git/config",
        "[core]\n\tbare = false\n[remote \"other\"]\n\turl = https://other/a/b\n"
        "[remote \"origin\"]\n\turl = https://u:secret@host/a/x.git\n\tfetch = +refs\n");
  write("x/.git/HEAD", "ref: refs/heads/feature/one\n");
  write("x/.git/refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main\n");
  write("x/src/deep/a.c", "");
  const Project project = find_project(at("x/src/deep"));
  EXPECT_EQ(project, (Project{"host/a/x", "feature/one", "main"}));
  EXPECT_EQ(project.branches(), (std::vector<std::string>{"feature/one", "main", ""}));
}

TEST_F(ProjectTest, OfAWorktree) {
  write("x/.git/config", "[remote \"origin\"]\nurl=git@host:a/x\n");
  write("x/.git/worktrees/w/HEAD", "ref: refs/heads/w\n");
  write("x/.git/worktrees/w/commondir", "../..\n");
  write("w/.git", "gitdir: " + at("x/.git/worktrees/w") + "\n");
  EXPECT_EQ(find_project(at("w")), (Project{"host/a/x", "w", ""}));
}

TEST_F(ProjectTest, OfNone) {
  write("plain/a.c", "");
  EXPECT_EQ(find_project(at("plain")).name, "");
  write("lonely/.git/HEAD", "0123456789\n");
  EXPECT_EQ(find_project(at("lonely")), Project());
  EXPECT_EQ(find_project(at("lonely")).branches(), (std::vector<std::string>{""}));
}

}  // namespace
}  // namespace deja::exchange
