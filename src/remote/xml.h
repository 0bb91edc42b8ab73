// SPDX-License-Identifier: Apache-2.0
// The part of XML 1.0 that S3 and STS answer with: elements and text. What a server could do harm with is refused:
// document types (and so entities of its own), more than 16 elements inside each other. Attributes, comments and
// processing instructions are skipped, and so are prefixes of namespaces.
#pragma once

#include <functional>
#include <string_view>

namespace deja::remote {

struct XmlElement {
  std::string_view path;  // "ListBucketResult/Contents/Key"
  std::string_view text;  // with entities replaced; empty for an element with children
  bool has_children = false;
};

// Calls back at the end of each element, so for children before their parent. Views are valid during the call.
// False: not well-formed, or outside this part of XML; some calls may have been made.
bool read_xml(std::string_view text, const std::function<void(const XmlElement&)>& each);

}  // namespace deja::remote
