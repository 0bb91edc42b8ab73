// SPDX-License-Identifier: Apache-2.0
/* Standard input of the run: a file that the tool does not open. Records that a process of the run has
 * read from it, or reached its end; a pipe that the tool itself made (gcc -pipe) is another file. */
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#include "observe.h"

void deja_note_stdin(void) {
  struct deja_log_identity identity;
  if (!deja_recording()) return;
  const struct deja_log_header *header = (const void *)deja_state.log;
  if (header->stdin_inode != 0 && deja_identity_fd(0, &identity) &&
      identity.inode == header->stdin_inode && identity.device == header->stdin_device)
    deja_note_host("stdin", 13);
}

/* libc reads for its streams by itself; a stream that was never read has no buffer. */
void deja_look_at_stdin(void) {
  if (deja_recording() && deja_next_is_glibc() && stdin && stdin->_IO_buf_base &&
      fileno(stdin) == 0)
    deja_note_stdin();
}

#define DEFINE_READ(name, parameters, arguments) \
  EXPORT ssize_t name parameters {               \
    if (UNLIKELY(fd == 0)) deja_note_stdin();    \
    return NEXT(name) arguments;                 \
  }
ssize_t __read(int fd, void *out, size_t size);
ssize_t __read_chk(int fd, void *out, size_t size, size_t room);
DEFINE_READ(read, (int fd, void *out, size_t size), (fd, out, size))
DEFINE_READ(__read, (int fd, void *out, size_t size), (fd, out, size))
DEFINE_READ(__read_chk, (int fd, void *out, size_t size, size_t room), (fd, out, size, room))
DEFINE_READ(readv, (int fd, const struct iovec *parts, int count), (fd, parts, count))
