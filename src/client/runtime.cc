// SPDX-License-Identifier: Apache-2.0
// The one function that header-only parts of the C++ library need from a runtime, which the client
// does not link: string_view::substr calls it for an offset beyond the end.
#include <stdlib.h>

namespace std {
// NOLINTNEXTLINE(bugprone-reserved-identifier): the library's own name for it
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...);
void __throw_out_of_range_fmt(const char*, ...) { ::abort(); }
}  // namespace std
