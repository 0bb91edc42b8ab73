// SPDX-License-Identifier: Apache-2.0
#include "tool/path_forms.h"

#include <gtest/gtest.h>

namespace deja::tool {
namespace {

TEST(PathForms, EveryQuotingIsThere) {
  const std::set<std::string> forms = path_forms("/w s/a$\"\xc3");
  EXPECT_TRUE(forms.contains("/w s/a$\"\xc3"));
  EXPECT_TRUE(forms.contains("_w_s_a___")) << "gcc's names of constructors";
  EXPECT_TRUE(forms.contains("/w\\ s/a$$\"\xc3")) << "a dependency file";
  EXPECT_TRUE(forms.contains("/w s/a$\\\"\\303")) << "a C string";
  EXPECT_TRUE(forms.contains("/w%20s/a%24%22%C3")) << "a URL";
  EXPECT_EQ(path_forms("/ws").size(), 2U) << "itself and the symbol";
}

bool is_location(const std::string& text) { return is_message_location(text, text.find("/ws")); }

TEST(PathForms, LocationsOfMessages) {
  for (const char* text :
       {"/ws/a.c:3:1: error: x", "/ws/a.c: In function 'f':", "a\n/ws/a.c: At top level:",
        "/ws/a.s: Assembler messages:", "/ws/a.o: warning: x", "/ws/a.rs: note: x",
        "In file included from /ws/a.h:1:", "                 from /ws/a.h:1:",
        "{\"artifact\":\"/ws/liba.rlib\""})
    EXPECT_TRUE(is_location(text)) << text;
  for (const char* text : {"error: /ws/a.c:3:1: x", "/ws/a.c", "/ws/a.c: x", "  /ws/a.c:3:1: x",
                           "note: see /ws/a.h:1:", "\"file\":\"/ws/a.c\""})
    EXPECT_FALSE(is_location(text)) << text;
}

}  // namespace
}  // namespace deja::tool
