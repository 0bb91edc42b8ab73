// SPDX-License-Identifier: Apache-2.0
/* Communication with other processes and machines, whose answers are inputs that no file shows. */
#include <netdb.h>
#include <netinet/in.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <wordexp.h>

#include "observe.h"

static char *put_number(char *out, unsigned value) {
  char digits[12];
  int n = 0;
  do digits[n++] = (char)('0' + value % 10);
  while ((value /= 10) != 0);
  while (n != 0) *out++ = digits[--n];
  return out;
}

/* "unix:/run/x", "unix:@abstract", "inet:1.2.3.4:80", "inet6:<hex>:80", "socket". The address
 * can be read: the call has accepted it. */
static void describe(const struct sockaddr *address, socklen_t size, char *out, size_t room) {
  static const char hex[] = "0123456789abcdef";
  strcpy(out, "socket");
  if (address->sa_family == AF_UNIX && size > sizeof(sa_family_t)) {
    const char *path = ((const struct sockaddr_un *)(const void *)address)->sun_path;
    size_t length = size - sizeof(sa_family_t);
    if (path[0]) length = strnlen(path, length);
    if (length + 6 > room) length = room - 6;
    memcpy(out, "unix:", 5);
    memcpy(out + 5, path, length);
    out[5 + length] = '\0';
    if (path[0] == '\0') out[5] = '@';
  } else if (address->sa_family == AF_INET && size >= sizeof(struct sockaddr_in)) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)address;
    const unsigned char *b = (const unsigned char *)&in->sin_addr;
    char *to = out + 5;
    memcpy(out, "inet:", 5);
    for (int i = 0; i < 4; ++i) {
      to = put_number(to, b[i]);
      *to++ = i == 3 ? ':' : '.';
    }
    *put_number(to, ntohs(in->sin_port)) = '\0';
  } else if (address->sa_family == AF_INET6 && size >= sizeof(struct sockaddr_in6)) {
    const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)(const void *)address;
    char *to = out + 6;
    memcpy(out, "inet6:", 6);
    for (int i = 0; i < 16; ++i) {
      *to++ = hex[in->sin6_addr.s6_addr[i] >> 4];
      *to++ = hex[in->sin6_addr.s6_addr[i] & 15];
    }
    *to++ = ':';
    *put_number(to, ntohs(in->sin6_port)) = '\0';
  }
}

static void note_address(const struct sockaddr *address, socklen_t size, bool failed) {
  char text[160];
  if (!deja_recording() || address == NULL || size < sizeof(sa_family_t)) return;
  const int error = failed ? errno : 0;
  if (error == EFAULT) return;
  describe(address, size, text, sizeof text);
  deja_write(&NOTE(.op = DEJA_OP_CONNECT, .path = text, .error = error));
}

static void note_talk(const char *what) {
  deja_write(&NOTE(.op = DEJA_OP_CONNECT, .path = what, .once = true));
}

#define DEFINE_CONNECT(name)                                                \
  int name(int fd, const struct sockaddr *address, socklen_t size);         \
  EXPORT int name(int fd, const struct sockaddr *address, socklen_t size) { \
    const int result = NEXT(name)(fd, address, size);                       \
    note_address(address, size, result != 0);                               \
    return result;                                                          \
  }
DEFINE_CONNECT(connect)
DEFINE_CONNECT(__connect)
DEFINE_CONNECT(bind)

EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
                      const struct sockaddr *address, socklen_t address_size) {
  const ssize_t sent = NEXT(sendto)(fd, data, size, flags, address, address_size);
  note_address(address, address_size, sent < 0);
  return sent;
}
EXPORT ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  const ssize_t sent = NEXT(sendmsg)(fd, message, flags);
  if (sent >= 0 || errno != EFAULT) note_address(message->msg_name, message->msg_namelen, sent < 0);
  return sent;
}
EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags) {
  const int sent = NEXT(sendmmsg)(fd, messages, count, flags);
  if (count) note_talk("sendmmsg");
  return sent;
}

/* libc itself looks names up in files or on a server. */
#define DEFINE_TALK(type, name, parameters, arguments, what) \
  EXPORT type name parameters {                              \
    note_talk(what);                                         \
    return NEXT(name) arguments;                             \
  }
DEFINE_TALK(int, getaddrinfo,
            (const char *restrict node, const char *restrict service,
             const struct addrinfo *restrict hints, struct addrinfo **restrict out),
            (node, service, hints, out), "names")
DEFINE_TALK(int, getnameinfo,
            (const struct sockaddr *restrict address, socklen_t size, char *restrict host,
             socklen_t host_size, char *restrict service, socklen_t service_size, int flags),
            (address, size, host, host_size, service, service_size, flags), "names")
DEFINE_TALK(struct hostent *, gethostbyname, (const char *name), (name), "names")
DEFINE_TALK(struct hostent *, gethostbyname2, (const char *name, int family), (name, family),
            "names")
DEFINE_TALK(struct hostent *, gethostbyaddr, (const void *address, socklen_t size, int family),
            (address, size, family), "names")
DEFINE_TALK(int, gethostbyname_r,
            (const char *restrict name, struct hostent *restrict out, char *restrict buffer,
             size_t size, struct hostent **restrict result, int *restrict error),
            (name, out, buffer, size, result, error), "names")
DEFINE_TALK(int, gethostbyaddr_r,
            (const void *restrict address, socklen_t address_size, int family,
             struct hostent *restrict out, char *restrict buffer, size_t size,
             struct hostent **restrict result, int *restrict error),
            (address, address_size, family, out, buffer, size, result, error), "names")
DEFINE_TALK(struct servent *, getservbyname, (const char *name, const char *protocol),
            (name, protocol), "names")
DEFINE_TALK(struct servent *, getservbyport, (int port, const char *protocol), (port, protocol),
            "names")
DEFINE_TALK(struct protoent *, getprotobyname, (const char *name), (name), "names")

DEFINE_TALK(int, getservbyname_r,
            (const char *restrict name, const char *restrict protocol, struct servent *restrict out,
             char *restrict buffer, size_t size, struct servent **restrict result),
            (name, protocol, out, buffer, size, result), "names")
DEFINE_TALK(int, getservbyport_r,
            (int port, const char *restrict protocol, struct servent *restrict out,
             char *restrict buffer, size_t size, struct servent **restrict result),
            (port, protocol, out, buffer, size, result), "names")
DEFINE_TALK(int, getprotobyname_r,
            (const char *restrict name, struct protoent *restrict out, char *restrict buffer,
             size_t size, struct protoent **restrict result),
            (name, out, buffer, size, result), "names")
DEFINE_TALK(int, getprotobynumber_r,
            (int number, struct protoent *restrict out, char *restrict buffer, size_t size,
             struct protoent **restrict result),
            (number, out, buffer, size, result), "names")
DEFINE_TALK(int, getnetbyname_r,
            (const char *restrict name, struct netent *restrict out, char *restrict buffer,
             size_t size, struct netent **restrict result, int *restrict error),
            (name, out, buffer, size, result, error), "names")
DEFINE_TALK(int, getnetbyaddr_r,
            (uint32_t net, int type, struct netent *restrict out, char *restrict buffer,
             size_t size, struct netent **restrict result, int *restrict error),
            (net, type, out, buffer, size, result, error), "names")
DEFINE_TALK(int, gethostbyname2_r,
            (const char *restrict name, int family, struct hostent *restrict out,
             char *restrict buffer, size_t size, struct hostent **restrict result,
             int *restrict error),
            (name, family, out, buffer, size, result, error), "names")

/* The resolver's own functions; its headers rename these to the names with underscores. */
#undef res_query
#undef res_search
#undef res_nquery
#undef res_nsearch
#define DEFINE_RESOLVE(name)                                                                       \
  int name(const char *host, int class, int type, unsigned char *answer, int size);                \
  DEFINE_TALK(int, name, (const char *host, int class, int type, unsigned char *answer, int size), \
              (host, class, type, answer, size), "names")
#define DEFINE_RESOLVE_N(name)                                                                   \
  int name(void *state, const char *host, int class, int type, unsigned char *answer, int size); \
  DEFINE_TALK(                                                                                   \
      int, name,                                                                                 \
      (void *state, const char *host, int class, int type, unsigned char *answer, int size),     \
      (state, host, class, type, answer, size), "names")
DEFINE_RESOLVE(res_query)
DEFINE_RESOLVE(res_search)
DEFINE_RESOLVE(__res_query)
DEFINE_RESOLVE(__res_search)
DEFINE_RESOLVE_N(res_nquery)
DEFINE_RESOLVE_N(res_nsearch)
DEFINE_RESOLVE_N(__res_nquery)
DEFINE_RESOLVE_N(__res_nsearch)

struct ifaddrs;
struct if_nameindex;
int getifaddrs(struct ifaddrs **out);
struct if_nameindex *if_nameindex(void);
unsigned if_nametoindex(const char *name);
DEFINE_TALK(int, getifaddrs, (struct ifaddrs * *out), (out), "interfaces")
DEFINE_TALK(struct if_nameindex *, if_nameindex, (void), (), "interfaces")
DEFINE_TALK(unsigned, if_nametoindex, (const char *name), (name), "interfaces")

/* System V memory, queues and semaphores; attaching comes after getting. */
DEFINE_TALK(int, shmget, (key_t key, size_t size, int flags), (key, size, flags), "shmget")
DEFINE_TALK(int, msgget, (key_t key, int flags), (key, flags), "msgget")
DEFINE_TALK(int, semget, (key_t key, int count, int flags), (key, count, flags), "semget")
DEFINE_TALK(ssize_t, process_vm_readv,
            (pid_t pid, const struct iovec *to, unsigned long to_count, const struct iovec *from,
             unsigned long from_count, unsigned long flags),
            (pid, to, to_count, from, from_count, flags), "process_vm_readv")

int mq_open(const char *name, int flags, ...);
EXPORT int mq_open(const char *name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  void *const attributes = va_arg(list, void *);
  va_end(list);
  note_talk("mq_open");
  return NEXT(mq_open)(name, flags, mode, attributes);
}

/* A named semaphore is a file that libc opens by itself. */
EXPORT sem_t *sem_open(const char *name, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  const unsigned value = va_arg(list, unsigned);
  va_end(list);
  note_talk("sem_open");
  return NEXT(sem_open)(name, flags, mode, value);
}

/* --- calls after which names mean something else --------------------------------------------------------- */

#define DEFINE_LOSS(type, name, parameters, arguments) \
  EXPORT type name parameters {                        \
    const type result = NEXT(name) arguments;          \
    if (result >= 0) deja_lose(DEJA_LOST_KERNEL);      \
    return result;                                     \
  }
DEFINE_LOSS(int, chroot, (const char *path), (path))
DEFINE_LOSS(int, mount,
            (const char *source, const char *target, const char *type, unsigned long flags,
             const void *data),
            (source, target, type, flags, data))
DEFINE_LOSS(int, umount, (const char *path), (path))
DEFINE_LOSS(int, umount2, (const char *path, int flags), (path, flags))
DEFINE_LOSS(int, unshare, (int flags), (flags))
DEFINE_LOSS(int, setns, (int fd, int type), (fd, type))
int pivot_root(const char *root, const char *old);
DEFINE_LOSS(int, pivot_root, (const char *root, const char *old), (root, old))

struct mount_attr;
/* glibc 2.36 and later */
#define DECLARE_LOSS(name, parameters, arguments) \
  int name parameters;                            \
  DEFINE_LOSS(int, name, parameters, arguments)
DECLARE_LOSS(fsopen, (const char *type, unsigned flags), (type, flags))
DECLARE_LOSS(fspick, (int at, const char *path, unsigned flags), (at, path, flags))
DECLARE_LOSS(open_tree, (int at, const char *path, unsigned flags), (at, path, flags))
DECLARE_LOSS(move_mount, (int at, const char *from, int at2, const char *to, unsigned flags),
             (at, from, at2, to, flags))
DECLARE_LOSS(mount_setattr,
             (int at, const char *path, unsigned flags, struct mount_attr *what, size_t size),
             (at, path, flags, what, size))
DECLARE_LOSS(pidfd_getfd, (int pidfd, int fd, unsigned flags), (pidfd, fd, flags))

struct file_handle;
int open_by_handle_at(int at, struct file_handle *handle, int flags);
EXPORT int open_by_handle_at(int at, struct file_handle *handle, int flags) {
  const int fd = NEXT(open_by_handle_at)(at, handle, flags);
  if (fd >= 0) deja_lose(DEJA_LOST_KERNEL);
  return fd;
}

/* libc runs "$(command)" with the program's environment, so the shell is not observed. */
EXPORT int wordexp(const char *restrict words, wordexp_t *restrict out, int flags) {
  if (deja_recording()) {
    if (!(flags & WRDE_NOCMD) && words && (strstr(words, "$(") || strchr(words, '`')))
      deja_lose(DEJA_LOST_SHELL);
    deja_write(&NOTE(.op = DEJA_OP_ENVIRON));
    deja_note_host("users", 9);
  }
  return NEXT(wordexp)(words, out, flags);
}
