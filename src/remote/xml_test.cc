// SPDX-License-Identifier: Apache-2.0
#include "remote/xml.h"

#include <gtest/gtest.h>

#include <string>

namespace deja::remote {
namespace {

// One line for each element; "error" at the end if it is not well-formed.
std::string elements_of(std::string_view text) {
  std::string out;
  const bool is_good = read_xml(text, [&out](const XmlElement& element) {
    out += std::string(element.path) +
           (element.has_children ? "/" : "=" + std::string(element.text)) + "\n";
  });
  return is_good ? out : "error";
}

TEST(Xml, GivesElementsWithTheirPath) {
  EXPECT_EQ(
      elements_of(
          "<?xml version=\"1.0\"?>\n<a xmlns=\"u\">\n <b>x</b><b y='>'/>\n <c><d>1</d></c></a>\n"),
      "a/b=x\na/b=\na/c/d=1\na/c/\na/\n");
  EXPECT_EQ(elements_of("<n:a><!-- <x> --><n:b >x</n:b ></n:a>"), "a/b=x\na/\n");
}

TEST(Xml, ReplacesEntities) {
  EXPECT_EQ(elements_of("<a>&lt;&amp;&quot;&apos;&gt;&#65;&#x20ac;</a>"),
            "a=<&\"'>A\xe2\x82\xac\n");
  EXPECT_EQ(elements_of("<a>1<![CDATA[<&]]>2</a>"), "a=1<&2\n");
  for (const std::string_view text :
       {"<a>&x;</a>", "<a>&</a>", "<a>&#0;</a>", "<a>&#xd800;</a>", "<a>&#x110000;</a>",
        "<a>&#;</a>", "<a>&#99999999999;</a>", "<a>&#xg;</a>"})
    EXPECT_EQ(elements_of(text), "error") << text;
}

TEST(Xml, IsWellFormed) {
  for (const std::string_view text :
       {"", "x", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a", "<a><b></a></b>", "<a b=\"></a>",
        "<>x</>", "< a></ a>", "<a/>x", "<!-- ", "<?xml", "<a><![CDATA[x</a>", "<![CDATA[x]]>",
        "<a<b/>></a>"})
    EXPECT_EQ(elements_of(text), "error") << text;
}

TEST(Xml, RefusesDocumentTypesAndDepth) {
  EXPECT_EQ(elements_of("<!DOCTYPE a><a/>"), "error");
  EXPECT_EQ(elements_of("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>"), "error");
  std::string deep, closing;
  for (int i = 0; i < 16; ++i) {
    deep += "<a>";
    closing += "</a>";
  }
  EXPECT_NE(elements_of(deep + closing), "error");
  EXPECT_EQ(elements_of(deep + "<b/>" + closing), "error");
}

}  // namespace
}  // namespace deja::remote
