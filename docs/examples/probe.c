// SPDX-License-Identifier: Apache-2.0
/* A job that is run by its own program and remembered by deja: how often each byte is in a file.
 *
 *   cc -std=c99 probe.c -ldeja -o probe
 *   ./probe FILE...
 */
#include <deja.h>
#include <stdio.h>
#include <string.h>

enum { BYTES = 256, TEXT_MAX = 32 * BYTES };

/* The job itself. Returns 0 when it could not do its work. */
static int count_bytes(char** files, char* text) {
  unsigned long counts[BYTES] = {0};
  for (; *files != NULL; ++files) {
    FILE* file = fopen(*files, "rb");
    int c;
    if (file == NULL) return 0;
    while ((c = getc(file)) != EOF) ++counts[c];
    fclose(file);
  }
  *text = '\0';
  for (int c = 0; c < BYTES; ++c)
    if (counts[c] != 0)
      snprintf(text + strlen(text), TEXT_MAX - strlen(text), "%02x %lu\n", (unsigned)c, counts[c]);
  return 1;
}

int main(int argc, char** argv) {
  char text[TEXT_MAX];
  deja_cache* cache = NULL;
  deja_job* job = NULL;
  int ok = 0;

  deja_action action = {0};
  action.name = "count bytes, version 1";
  action.inputs = (const char* const*)argv + 1; /* ends with a NULL */

  if (argc < 2) return 2;
  /* Whatever goes wrong here, the job can still be done. */
  if (deja_open(NULL, NULL, &cache) == DEJA_OK && deja_probe(cache, &action, &job) == DEJA_OK &&
      deja_job_is_hit(job)) {
    size_t size;
    const void* payload = deja_job_payload(job, &size);
    ok = fwrite(payload, 1, size, stdout) == size;
    fprintf(stderr, "remembered\n");
  } else {
    ok = count_bytes(argv + 1, text);
    if (ok) fputs(text, stdout);
    if (ok && job != NULL && deja_store(job, 0, text, strlen(text)) != DEJA_OK)
      fprintf(stderr, "not kept: %s\n", deja_error());
  }
  deja_job_free(job);
  deja_close(cache);
  return ok ? 0 : 1;
}
