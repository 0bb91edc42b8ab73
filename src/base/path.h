// SPDX-License-Identifier: Apache-2.0
// Path arithmetic on raw bytes; nothing here touches the file system. Paths are byte strings:
// they need not be UTF-8 and may be longer than PATH_MAX.
#pragma once

#include <string>
#include <string_view>

namespace deja {

// Joins unless path is absolute. "" joined to a base is the base.
std::string join_path(std::string_view base, std::string_view path);
// Removes "//" and "/./" and a trailing "/"; keeps ".." because only the kernel may resolve it.
std::string tidy_path(std::string_view path);
// Also resolves ".." lexically. Only for paths that are known to hold no symlink.
std::string clean_path(std::string_view path);
std::string_view parent_path(std::string_view path);  // "/" for "/x", "" for "x"
std::string_view base_name(std::string_view path);    // after the last '/'
// Cuts the part before the first slash off.
std::string take_component(std::string& path);
// Is path equal to root or below it, at a component boundary?
bool is_within(std::string_view path, std::string_view root);
std::string common_ancestor(std::string_view a, std::string_view b);  // of two absolute paths

}  // namespace deja
