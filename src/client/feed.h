// A tool's standard input is an input like others, but it can be read once only. When the engine
// asks for it, the front reads it to its end, keeps it, and puts what it kept in its place.
#pragma once

namespace deja::client {

// The kept bytes, from their beginning, and descriptor 0 is a copy of it; the caller closes it.
// Negative: standard input is not kept (too long, or no memory for it); whoever reads descriptor 0
// still gets every byte of it.
int keep_stdin();

}  // namespace deja::client
