// SPDX-License-Identifier: Apache-2.0
/* Inputs other than files: variables, locale, clocks, random numbers, the machine, other processes, users.
 * Most are recorded once per process. */
#include <grp.h>
#include <iconv.h>
#include <libintl.h>
#include <locale.h>
#include <nl_types.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timeb.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "observe.h"

/* --- variables ---------------------------------------------------------------------------------------- */

static void note_value(const char *name, const char *value) {
  deja_write(&NOTE(.op = DEJA_OP_GETENV, .flags = value ? 0 : DEJA_FLAG_UNSET, .path = name,
                   .text2 = value, .text2_size = value ? strlen(value) : 0, .once = true));
}

void deja_note_variable(const char *name) {
  if (deja_recording()) note_value(name, deja_variable(name));
}

/* libc's getenv searches `environ`; so does this function, without a look-up for the next one. */
EXPORT char *getenv(const char *name) {
  deja_started();
  char *const value = (char *)deja_variable(name);
  if (deja_state.log) note_value(name, value);
  return value;
}

#define DEFINE_SECURE_GETENV(name)                   \
  char *name(const char *variable);                  \
  EXPORT char *name(const char *variable) {          \
    deja_started();                                  \
    char *const value = NEXT(name)(variable);        \
    if (deja_state.log) note_value(variable, value); \
    return value;                                    \
  }
DEFINE_SECURE_GETENV(secure_getenv)
DEFINE_SECURE_GETENV(__secure_getenv)

/* getopt stops at the first operand if this variable is set. */
struct option;
int getopt_long(int count, char *const *args, const char *letters, const struct option *names,
                int *index);
int getopt_long_only(int count, char *const *args, const char *letters, const struct option *names,
                     int *index);
EXPORT int getopt(int count, char *const args[], const char *letters) {
  deja_note_variable("POSIXLY_CORRECT");
  return NEXT(getopt)(count, args, letters);
}
#define DEFINE_GETOPT(name)                                                                      \
  EXPORT int name(int count, char *const *args, const char *letters, const struct option *names, \
                  int *index) {                                                                  \
    deja_note_variable("POSIXLY_CORRECT");                                                       \
    return NEXT(name)(count, args, letters, names, index);                                       \
  }
DEFINE_GETOPT(getopt_long)
DEFINE_GETOPT(getopt_long_only)

/* --- locale -------------------------------------------------------------------------------------------- */

/* Records a file that libc reads by itself, if it exists. */
static void note_locale_file(const char *path) {
  struct deja_log_identity identity;
  const int64_t when = deja_now();
  const int error = deja_identity_at(AT_FDCWD, path, 0, &identity);
  deja_write(&NOTE(.op = DEJA_OP_STAT, .path = path, .error = error, .when = when, .once = true,
                   .identity = error ? NULL : &identity));
}

/* The order of libc: LC_ALL, then each category's own variable, then LANG. */
static void note_locale_variables(int mask) {
  static const char categories[] = /* in the order of the LC_* numbers; 6 is LC_ALL itself */
      "LC_CTYPE\0LC_NUMERIC\0LC_TIME\0LC_COLLATE\0LC_MONETARY\0LC_MESSAGES\0LC_ALL\0LC_PAPER\0"
      "LC_NAME\0LC_ADDRESS\0LC_TELEPHONE\0LC_MEASUREMENT\0LC_IDENTIFICATION\0";
  deja_note_variable("LOCPATH");
  deja_note_variable("LC_ALL");
  const char *const all = deja_variable("LC_ALL");
  if (all && all[0]) return;
  int category = 0;
  for (const char *name = categories; *name; name += strlen(name) + 1, ++category)
    if (category != LC_ALL && (mask >> category & 1)) deja_note_variable(name);
  deja_note_variable("LANG");
}

static void note_locale(int mask, const char *wanted, const char *chosen) {
  if (!deja_recording() || wanted == NULL) return;
  const int saved = errno;
  if (wanted[0] == '\0') note_locale_variables(mask);
  const bool plain = chosen ? strcmp(chosen, "C") == 0 : strcmp(wanted, "C") == 0;
  if (!plain && !deja_state.locale_active) {
    deja_state.locale_active = 1;
    deja_note_variable("LANGUAGE");
    deja_note_variable("OUTPUT_CHARSET");
    note_locale_file("/usr/lib/locale/locale-archive");
    note_locale_file("/usr/lib/locale/C.utf8/LC_CTYPE");
  }
  errno = saved;
}

EXPORT char *setlocale(int category, const char *wanted) {
  char *const chosen = NEXT(setlocale)(category, wanted);
  note_locale(category == LC_ALL ? 0x1fff : 1 << category, wanted, chosen);
  return chosen;
}
#define DEFINE_NEWLOCALE(name)                                        \
  locale_t name(int mask, const char *wanted, locale_t base);         \
  EXPORT locale_t name(int mask, const char *wanted, locale_t base) { \
    const locale_t made = NEXT(name)(mask, wanted, base);             \
    note_locale(mask, wanted, NULL);                                  \
    return made;                                                      \
  }
DEFINE_NEWLOCALE(newlocale)
DEFINE_NEWLOCALE(__newlocale)

/* libc opens message catalogues by itself at the first message in another language:
 * DIRECTORY/LANGUAGE/LC_MESSAGES/DOMAIN.mo, for the language and its shorter forms. */
static void note_catalogue(const char *directory, const char *language, size_t size,
                           const char *domain) {
  char path[1024];
  static const char middle[] = "/LC_MESSAGES/";
  const size_t a = strlen(directory), c = strlen(domain);
  if (size == 0 || a + 1 + size + sizeof middle + c + 4 > sizeof path) return;
  char *to = path;
  memcpy(to, directory, a), to += a;
  *to++ = '/';
  memcpy(to, language, size), to += size;
  memcpy(to, middle, sizeof middle - 1), to += sizeof middle - 1;
  memcpy(to, domain, c), to += c;
  memcpy(to, ".mo", 4);
  note_locale_file(path);
}

static void note_catalogues(const char *directory, const char *domain) {
  static const char sources[] = "LANGUAGE\0LC_ALL\0LC_MESSAGES\0LANG\0";
  for (const char *s = sources; *s; s += strlen(s) + 1) {
    const char *value = deja_variable(s);
    while (value && *value) {
      const char *const end = value + strcspn(value, ":");
      note_catalogue(directory, value, (size_t)(end - value), domain);
      note_catalogue(directory, value, strcspn(value, ".@:"), domain);
      note_catalogue(directory, value, strcspn(value, "_.@:"), domain);
      value = *end ? end + 1 : NULL;
    }
  }
}

EXPORT char *bindtextdomain(const char *domain, const char *directory) {
  char *const bound = NEXT(bindtextdomain)(domain, directory);
  if (deja_recording() && deja_state.locale_active && domain && directory) {
    const int saved = errno;
    note_catalogues(directory, domain);
    errno = saved;
  }
  return bound;
}

/* Opened by libc itself, somewhere along NLSPATH. */
EXPORT nl_catd catopen(const char *name, int flags) {
  deja_note_host("message catalog", 19);
  return NEXT(catopen)(name, flags);
}

/* Conversions may load modules (gconv). */
EXPORT iconv_t iconv_open(const char *to, const char *from) {
  const iconv_t made = NEXT(iconv_open)(to, from);
  deja_note_variable("GCONV_PATH");
  deja_look_at_libraries();
  return made;
}

/* --- clocks --------------------------------------------------------------------------------------------- */

static void note_clock(enum deja_clock clock, uint32_t bit) {
  if (deja_recording() && deja_first_time(bit))
    deja_write(&NOTE(.op = DEJA_OP_CLOCK, .value = clock));
}

/* The last result of time(). */
static time_t told_time;

static void note_time(time_t told) {
  __atomic_store_n(&told_time, told, __ATOMIC_RELAXED);
  if (deja_recording() &&
      (deja_first_time(DEJA_ONCE_TIME) || deja_first_time(DEJA_ONCE_TIME_AGAIN)))
    deja_write(&NOTE(.op = DEJA_OP_CLOCK, .value = DEJA_CLOCK_TIME));
}

/* libc selects its time and gettimeofday at load time (IFUNC); clock_gettime returns the same. */
EXPORT time_t time(time_t *out) {
  struct timespec now = {0};
  deja_started();
  NEXT(clock_gettime)(CLOCK_REALTIME_COARSE, &now);
  if (deja_recording() && deja_take_module_stamp()) {
    deja_write(
        &NOTE(.op = DEJA_OP_CLOCK, .flags = DEJA_CLOCK_OF_MODULES, .value = DEJA_CLOCK_TIME));
  } else {
    note_time(now.tv_sec);
  }
  if (out) *out = now.tv_sec;
  return now.tv_sec;
}

EXPORT int gettimeofday(struct timeval *restrict out, void *restrict zone) {
  struct timespec now = {0};
  deja_started();
  NEXT(clock_gettime)(CLOCK_REALTIME, &now);
  note_clock(DEJA_CLOCK_REALTIME, DEJA_ONCE_REALTIME);
  if (out) *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  if (zone) memset(zone, 0, sizeof(struct timezone));
  return 0;
}

#define DEFINE_CLOCK(name)                                                               \
  int name(clockid_t clock, struct timespec *out);                                       \
  EXPORT int name(clockid_t clock, struct timespec *out) {                               \
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI) \
      note_clock(DEJA_CLOCK_REALTIME, DEJA_ONCE_REALTIME);                               \
    return NEXT(name)(clock, out);                                                       \
  }
DEFINE_CLOCK(clock_gettime)
DEFINE_CLOCK(__clock_gettime)

EXPORT int timespec_get(struct timespec *out, int base) {
  note_clock(DEJA_CLOCK_REALTIME, DEJA_ONCE_REALTIME);
  return NEXT(timespec_get)(out, base);
}
int ftime(struct timeb *out);
EXPORT int ftime(struct timeb *out) {
  note_clock(DEJA_CLOCK_REALTIME, DEJA_ONCE_REALTIME);
  return NEXT(ftime)(out);
}

/* Local time depends on a file and a variable. */
void deja_note_zone(void) {
  if (!deja_recording() || !deja_first_time(DEJA_ONCE_ZONE)) return;
  const int saved = errno;
  deja_note_variable("TZ");
  note_locale_file("/etc/localtime");
  errno = saved;
}
#define DEFINE_ZONE(type, name, parameters, arguments) \
  EXPORT type name parameters {                        \
    deja_note_zone();                                  \
    return NEXT(name) arguments;                       \
  }
/* True if the offset to UTC stays the same from the first to the last second of the day. */
static bool is_even_day(time_t begin, const struct tm *shown) {
  const int hours = 24;
  for (int hour = 0; hour <= hours; ++hour) {
    const time_t when = begin + hour * 3600 - (hour == hours);
    struct tm then = {0};
    if (NEXT(localtime_r)(&when, &then) == NULL || then.tm_gmtoff != shown->tm_gmtoff ||
        then.tm_mday != shown->tm_mday)
      return false;
  }
  return true;
}
/* A program that calls localtime() with the result of time() depends on the day only. */
static void note_day(time_t when, const struct tm *shown) {
  if (shown == NULL || !deja_recording() || when != __atomic_load_n(&told_time, __ATOMIC_RELAXED) ||
      !deja_first_time(DEJA_ONCE_DAY))
    return;
  const int saved = errno;
  const time_t begin = when - shown->tm_hour * 3600 - shown->tm_min * 60 - shown->tm_sec;
  const bool is_even = is_even_day(begin, shown);
  struct tm again;
  NEXT(localtime_r)(&when, &again); /* also sets the zone names to those of this moment */
  if (is_even)
    deja_write(&NOTE(.op = DEJA_OP_DAY, .value = (uint32_t)(int32_t)shown->tm_gmtoff,
                     .when = (int64_t)begin * 1000000000));
  errno = saved;
}
EXPORT struct tm *localtime(const time_t *when) {
  deja_note_zone();
  struct tm *const shown = NEXT(localtime)(when);
  if (when != NULL) note_day(*when, shown);
  return shown;
}
DEFINE_ZONE(struct tm *, localtime_r, (const time_t *restrict when, struct tm *restrict out),
            (when, out))
DEFINE_ZONE(char *, ctime, (const time_t *when), (when))
DEFINE_ZONE(char *, ctime_r, (const time_t *restrict when, char *restrict out), (when, out))
DEFINE_ZONE(time_t, mktime, (struct tm * tm), (tm))
DEFINE_ZONE(size_t, strftime,
            (char *restrict out, size_t size, const char *restrict format,
             const struct tm *restrict tm),
            (out, size, format, tm))
DEFINE_ZONE(size_t, strftime_l,
            (char *restrict out, size_t size, const char *restrict format,
             const struct tm *restrict tm, locale_t locale),
            (out, size, format, tm, locale))
size_t __strftime_l(char *out, size_t size, const char *format, const struct tm *tm,
                    locale_t locale);
DEFINE_ZONE(size_t, __strftime_l,
            (char *out, size_t size, const char *format, const struct tm *tm, locale_t locale),
            (out, size, format, tm, locale))
DEFINE_ZONE(size_t, wcsftime,
            (wchar_t *restrict out, size_t size, const wchar_t *restrict format,
             const struct tm *restrict tm),
            (out, size, format, tm))
DEFINE_ZONE(size_t, wcsftime_l,
            (wchar_t *restrict out, size_t size, const wchar_t *restrict format,
             const struct tm *restrict tm, locale_t locale),
            (out, size, format, tm, locale))
size_t __wcsftime_l(wchar_t *out, size_t size, const wchar_t *format, const struct tm *tm,
                    locale_t locale);
DEFINE_ZONE(size_t, __wcsftime_l,
            (wchar_t * out, size_t size, const wchar_t *format, const struct tm *tm,
             locale_t locale),
            (out, size, format, tm, locale))
EXPORT void tzset(void) {
  deja_note_zone();
  NEXT(tzset)();
}

/* --- random numbers --------------------------------------------------------------------------------------- */

static void note_random(void) {
  if (deja_recording() && deja_first_time(DEJA_ONCE_RANDOM))
    deja_write(&NOTE(.op = DEJA_OP_RANDOM));
}
EXPORT ssize_t getrandom(void *out, size_t size, unsigned flags) {
  note_random();
  return NEXT(getrandom)(out, size, flags);
}
EXPORT int getentropy(void *out, size_t size) {
  note_random();
  return NEXT(getentropy)(out, size);
}
uint32_t arc4random(void);
uint32_t arc4random_uniform(uint32_t bound);
void arc4random_buf(void *out, size_t size);
EXPORT uint32_t arc4random(void) {
  note_random();
  return NEXT(arc4random)();
}
EXPORT uint32_t arc4random_uniform(uint32_t bound) {
  note_random();
  return NEXT(arc4random_uniform)(bound);
}
EXPORT void arc4random_buf(void *out, size_t size) {
  note_random();
  NEXT(arc4random_buf)(out, size);
}

/* --- the machine -------------------------------------------------------------------------------------------- */

/* bit: the bit of this text, 0 to 27; each text is recorded once per process. Texts: hostname 0, uname 1,
 * cpus 2, memory 3, load 4, hostid 5, pid 6, user 7, filesystem 8, users 9, groups 10, hwcap 11,
 * uptime 12, stdin 13 (stdin.c), signal 14, times of files 15 and extended attributes 16 (change.c), parent 17,
 * pause 18, message catalog 19. */
void deja_note_host(const char *what, unsigned bit) {
  if (deja_recording() && deja_first_time((uint32_t)DEJA_ONCE_HOST << bit))
    deja_write(&NOTE(.op = DEJA_OP_HOST, .path = what));
}

#define DEFINE_HOST(type, name, parameters, arguments, what, bit) \
  EXPORT type name parameters {                                   \
    deja_note_host(what, bit);                                    \
    return NEXT(name) arguments;                                  \
  }
DEFINE_HOST(int, gethostname, (char *out, size_t size), (out, size), "hostname", 0)
int __gethostname_chk(char *out, size_t size, size_t limit);
DEFINE_HOST(int, __gethostname_chk, (char *out, size_t size, size_t limit), (out, size, limit),
            "hostname", 0)
DEFINE_HOST(int, getdomainname, (char *out, size_t size), (out, size), "hostname", 0)
DEFINE_HOST(int, uname, (struct utsname * out), (out), "uname", 1)
DEFINE_HOST(int, get_nprocs, (void), (), "cpus", 2)
DEFINE_HOST(int, get_nprocs_conf, (void), (), "cpus", 2)
DEFINE_HOST(int, sched_getaffinity, (pid_t pid, size_t size, cpu_set_t *out), (pid, size, out),
            "cpus", 2)
int pthread_getaffinity_np(unsigned long thread, size_t size, cpu_set_t *out);
DEFINE_HOST(int, pthread_getaffinity_np, (unsigned long thread, size_t size, cpu_set_t *out),
            (thread, size, out), "cpus", 2)
DEFINE_HOST(int, sched_getcpu, (void), (), "cpus", 2)
DEFINE_HOST(long, get_phys_pages, (void), (), "memory", 3)
DEFINE_HOST(long, get_avphys_pages, (void), (), "memory", 3)
DEFINE_HOST(int, getloadavg, (double out[], int count), (out, count), "load", 4)
DEFINE_HOST(int, sysinfo, (struct sysinfo * out), (out), "load", 4)
DEFINE_HOST(long, gethostid, (void), (), "hostid", 5)
DEFINE_HOST(uid_t, getuid, (void), (), "user", 7)
DEFINE_HOST(uid_t, geteuid, (void), (), "user", 7)
DEFINE_HOST(gid_t, getgid, (void), (), "user", 7)
DEFINE_HOST(gid_t, getegid, (void), (), "user", 7)
DEFINE_HOST(int, getresuid, (uid_t * a, uid_t *b, uid_t *c), (a, b, c), "user", 7)
DEFINE_HOST(int, getresgid, (gid_t * a, gid_t *b, gid_t *c), (a, b, c), "user", 7)
DEFINE_HOST(char *, getlogin, (void), (), "user", 7)
DEFINE_HOST(int, getlogin_r, (char *out, size_t size), (out, size), "user", 7)
DEFINE_HOST(pid_t, getppid, (void), (), "parent", 17)

/* To another process, which a stored result would not send again. */
EXPORT int kill(pid_t pid, int sig) {
  if (pid != deja_pid()) deja_note_host("signal", 14);
  return NEXT(kill)(pid, sig);
}
DEFINE_HOST(int, killpg, (pid_t group, int sig), (group, sig), "signal", 14)
DEFINE_HOST(int, sigqueue, (pid_t pid, int sig, const union sigval value), (pid, sig, value),
            "signal", 14)
int pidfd_send_signal(int process, int sig, siginfo_t *info, unsigned flags);
DEFINE_HOST(int, pidfd_send_signal, (int process, int sig, siginfo_t *info, unsigned flags),
            (process, sig, info, flags), "signal", 14)
EXPORT int tgkill(pid_t process, pid_t thread, int sig) {
  if (process != deja_pid()) deja_note_host("signal", 14);
  return NEXT(tgkill)(process, thread, sig);
}

/* Who waits for a time waits for something that others do, or wants others to wait. */
DEFINE_HOST(unsigned, sleep, (unsigned seconds), (seconds), "pause", 18)
DEFINE_HOST(int, usleep, (useconds_t us), (us), "pause", 18)
DEFINE_HOST(int, nanosleep, (const struct timespec *wanted, struct timespec *left), (wanted, left),
            "pause", 18)
int __nanosleep(const struct timespec *wanted, struct timespec *left);
DEFINE_HOST(int, __nanosleep, (const struct timespec *wanted, struct timespec *left),
            (wanted, left), "pause", 18)
DEFINE_HOST(int, clock_nanosleep,
            (clockid_t clock, int flags, const struct timespec *wanted, struct timespec *left),
            (clock, flags, wanted, left), "pause", 18)

/* Called often by some programs (a random seed, a temporary name), so it is answered as libc would. */
EXPORT pid_t getpid(void) {
  deja_note_host("pid", 6);
  return (pid_t)raw0(SYS_getpid);
}

static void note_sysconf(int name) {
  if (name == _SC_NPROCESSORS_CONF || name == _SC_NPROCESSORS_ONLN) deja_note_host("cpus", 2);
  if (name == _SC_PHYS_PAGES || name == _SC_AVPHYS_PAGES) deja_note_host("memory", 3);
}
EXPORT long sysconf(int name) {
  note_sysconf(name);
  return NEXT(sysconf)(name);
}
long __sysconf(int name);
EXPORT long __sysconf(int name) {
  note_sysconf(name);
  return NEXT(__sysconf)(name);
}

EXPORT unsigned long getauxval(unsigned long type) {
  if (type == AT_HWCAP || type == AT_HWCAP2 || type == AT_PLATFORM) deja_note_host("hwcap", 11);
  if (type == AT_RANDOM) note_random();
  return NEXT(getauxval)(type);
}

/* --- users and groups: tables that libc reads by itself, from files or from a server ------------------------- */

#define DEFINE_USERS(type, name, parameters, arguments) \
  DEFINE_HOST(type, name, parameters, arguments, "users", 9)
#define DEFINE_GROUPS(type, name, parameters, arguments) \
  DEFINE_HOST(type, name, parameters, arguments, "groups", 10)
DEFINE_USERS(struct passwd *, getpwnam, (const char *user), (user))
DEFINE_USERS(struct passwd *, getpwuid, (uid_t user), (user))
DEFINE_USERS(struct passwd *, getpwent, (void), ())
DEFINE_USERS(int, getpwnam_r,
             (const char *restrict user, struct passwd *restrict out, char *restrict buffer,
              size_t size, struct passwd **restrict result),
             (user, out, buffer, size, result))
DEFINE_USERS(int, getpwuid_r,
             (uid_t user, struct passwd *restrict out, char *restrict buffer, size_t size,
              struct passwd **restrict result),
             (user, out, buffer, size, result))
struct spwd;
struct spwd *getspnam(const char *user);
struct spwd *getspent(void);
int getspnam_r(const char *user, struct spwd *out, char *buffer, size_t size, struct spwd **result);
DEFINE_USERS(struct spwd *, getspnam, (const char *user), (user))
DEFINE_USERS(struct spwd *, getspent, (void), ())
DEFINE_USERS(int, getspnam_r,
             (const char *user, struct spwd *out, char *buffer, size_t size, struct spwd **result),
             (user, out, buffer, size, result))
DEFINE_USERS(int, getpwent_r,
             (struct passwd *restrict out, char *restrict buffer, size_t size,
              struct passwd **restrict result),
             (out, buffer, size, result))
DEFINE_GROUPS(int, getgrent_r,
              (struct group *restrict out, char *restrict buffer, size_t size,
               struct group **restrict result),
              (out, buffer, size, result))
DEFINE_GROUPS(int, initgroups, (const char *user, gid_t group), (user, group))
DEFINE_GROUPS(struct group *, getgrnam, (const char *group), (group))
DEFINE_GROUPS(struct group *, getgrgid, (gid_t group), (group))
DEFINE_GROUPS(struct group *, getgrent, (void), ())
DEFINE_GROUPS(int, getgrnam_r,
              (const char *restrict group, struct group *restrict out, char *restrict buffer,
               size_t size, struct group **restrict result),
              (group, out, buffer, size, result))
DEFINE_GROUPS(int, getgrgid_r,
              (gid_t group, struct group *restrict out, char *restrict buffer, size_t size,
               struct group **restrict result),
              (group, out, buffer, size, result))
DEFINE_GROUPS(int, getgrouplist, (const char *user, gid_t group, gid_t *out, int *count),
              (user, group, out, count))
DEFINE_GROUPS(int, getgroups, (int size, gid_t out[]), (size, out))
