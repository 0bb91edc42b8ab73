// What header-only parts of the C++ library want from a runtime that the front does not link: the
// one function behind string_view::substr that reports an offset beyond the end.
#include <stdlib.h>

namespace std {
// NOLINTNEXTLINE(bugprone-reserved-identifier): the library's own name for it
[[noreturn]] void __throw_out_of_range_fmt(const char*, ...);
void __throw_out_of_range_fmt(const char*, ...) { ::abort(); }
}  // namespace std
