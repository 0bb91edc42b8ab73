// SPDX-License-Identifier: Apache-2.0
/* Stands before rustc (cargo's RUSTC_WRAPPER), in one of four ways, named by RUST_ORACLE:
 *
 *   strip    takes `-C incremental` out and becomes rustc: what a cache's results are compared with
 *   record   the same, and keeps what rustc left in the directory RUST_ORACLE_STORE, by a hash of the command line
 *   link     puts that back by hard links, and says what rustc said: checks nothing, starts nothing
 *   copy     puts it back by copies, as a cache must whose files nobody may change
 *
 * link and copy are the oracle: what a cache costs above them is the price of being right. A command line that
 * was not recorded goes to rustc itself.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char* what) {
  fprintf(stderr, "rust_oracle: %s: %s\n", what, strerror(errno));
  exit(125);
}

static int must(int result, const char* what) {
  if (result < 0) fail(what);
  return result;
}

static uint64_t hash_of(char** argv) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (; *argv != NULL; ++argv) {
    const char* c = *argv;
    do hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    while (*c++ != '\0');
  }
  return hash;
}

/* Without `-C incremental=...`, in both spellings. */
static void strip_incremental(char** argv) {
  char** to = argv;
  for (char** from = argv; *from != NULL; ++from) {
    if (strcmp(*from, "-C") == 0 && from[1] != NULL && strncmp(from[1], "incremental=", 12) == 0) {
      ++from;
      continue;
    }
    if (strncmp(*from, "-Cincremental=", 14) != 0) *to++ = *from;
  }
  *to = NULL;
}

static void become(char** argv) {
  strip_incremental(argv);
  execvp(argv[0], argv);
  fail(argv[0]);
}

static void write_all(int fd, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t n = write(fd, data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("write");
    data += n;
    size -= (size_t)n;
  }
}

struct text {
  char* data;
  size_t size;
};

static struct text map_file(int fd) {
  struct stat about;
  must(fstat(fd, &about), "fstat");
  struct text text = {NULL, (size_t)about.st_size};
  if (text.size > 0) {
    text.data = mmap(NULL, text.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text.data == MAP_FAILED) fail("mmap");
  }
  return text;
}

/* Links what rustc says it has made (--json=artifacts) into the directory, and writes each name to the list. */
static int keep_artifacts(struct text messages, const char* directory, FILE* list) {
  static const char mark[] = "\"artifact\":\"";
  int count = 0;
  const char* const end = messages.data + messages.size;
  for (const char* at = messages.data; at != NULL && at < end;) {
    at = memmem(at, (size_t)(end - at), mark, sizeof mark - 1);
    if (at == NULL) break;
    at += sizeof mark - 1;
    const char* const quote = memchr(at, '"', (size_t)(end - at));
    char path[4096], place[4200];
    snprintf(path, sizeof path, "%.*s", (int)(quote - at), at);
    snprintf(place, sizeof place, "%s/%d", directory, count);
    must(link(path, place), path);
    fprintf(list, "%s\n", path);
    ++count;
  }
  return count;
}

static int record(char** argv, const char* directory) {
  char stage[4120], name[4200];
  snprintf(stage, sizeof stage, "%s.%d", directory, getpid());
  must(mkdir(stage, 0755), stage);
  int stream[2];
  for (int i = 0; i < 2; ++i) {
    snprintf(name, sizeof name, "%s/stream%d", stage, i + 1);
    stream[i] = must(open(name, O_RDWR | O_CREAT | O_TRUNC, 0644), name);
  }
  const pid_t child = must(fork(), "fork");
  if (child == 0) {
    dup2(stream[0], 1);
    dup2(stream[1], 2);
    become(argv);
  }
  int status = 0;
  must(waitpid(child, &status, 0), "waitpid");
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 124;
  const struct text out = map_file(stream[0]), err = map_file(stream[1]);
  snprintf(name, sizeof name, "%s/list", stage);
  FILE* list = fopen(name, "w+");
  if (list == NULL) fail(name);
  const int count = keep_artifacts(err, stage, list);
  fflush(list);
  const struct text names = map_file(fileno(list));
  snprintf(name, sizeof name, "%s/result", stage);
  FILE* result = fopen(name, "w");
  if (result == NULL) fail(name);
  fprintf(result, "%d %d %zu %zu %zu\n", code, count, names.size, out.size, err.size);
  fwrite(names.data, 1, names.size, result);
  fwrite(out.data, 1, out.size, result);
  fwrite(err.data, 1, err.size, result);
  fclose(result);
  /* The same question may be asked twice: the first answer stays. */
  if (rename(stage, directory) != 0 && errno != EEXIST && errno != ENOTEMPTY) fail(directory);
  write_all(1, out.data, out.size);
  write_all(2, err.data, err.size);
  return code;
}

static void copy_file(const char* from, const char* to) {
  const int in = must(open(from, O_RDONLY), from);
  struct stat about;
  must(fstat(in, &about), from);
  const int out = must(open(to, O_WRONLY | O_CREAT | O_EXCL, about.st_mode & 0777), to);
  for (off_t left = about.st_size; left > 0;) {
    const ssize_t n = copy_file_range(in, NULL, out, NULL, (size_t)left, 0);
    if (n <= 0) fail(to);
    left -= n;
  }
  close(in);
  close(out);
}

static int replay(const char* directory, int by_copy) {
  char name[4200];
  snprintf(name, sizeof name, "%s/result", directory);
  const int fd = open(name, O_RDONLY);
  if (fd < 0) return -1;
  const struct text all = map_file(fd);
  int code = 0, count = 0;
  size_t names = 0, out = 0, err = 0;
  if (sscanf(all.data, "%d %d %zu %zu %zu", &code, &count, &names, &out, &err) != 5) fail(name);
  const char* at = (const char*)memchr(all.data, '\n', all.size) + 1;
  const char* const streams = at + names;
  for (int i = 0; i < count; ++i) {
    char path[4096];
    const char* const end = strchr(at, '\n');
    snprintf(path, sizeof path, "%.*s", (int)(end - at), at);
    snprintf(name, sizeof name, "%s/%d", directory, i);
    at = end + 1;
    if (unlink(path) != 0 && errno != ENOENT) fail(path);
    if (by_copy) {
      copy_file(name, path);
    } else {
      must(link(name, path), path);
      /* Newer than what cargo has made of build scripts meanwhile, else it compiles again. */
      must(utimensat(AT_FDCWD, path, NULL, 0), path);
    }
  }
  write_all(1, streams, out);
  write_all(2, streams + out, err);
  return code;
}

int main(int argc, char** argv) {
  const char* const mode = getenv("RUST_ORACLE");
  const char* const store = getenv("RUST_ORACLE_STORE");
  if (argc < 2 || mode == NULL) return 125;
  ++argv;
  /* A source on standard input is not in the command line. */
  int reads_input = 0, asks = 0;
  for (char** word = argv; *word != NULL; ++word) {
    reads_input |= strcmp(*word, "-") == 0;
    asks |= strncmp(*word, "--print", 7) == 0;
  }
  if (strcmp(mode, "strip") == 0 || store == NULL || (reads_input && !asks)) become(argv);
  char directory[4096];
  snprintf(directory, sizeof directory, "%s/%016llx", store, (unsigned long long)hash_of(argv));
  if (strcmp(mode, "record") == 0) return record(argv, directory);
  const int code = replay(directory, strcmp(mode, "copy") == 0);
  if (code < 0) become(argv);
  return code;
}
