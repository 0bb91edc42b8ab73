// SPDX-License-Identifier: Apache-2.0
/* The oracle: a cache that knows without looking. `oracle <stored> <output>` puts the stored output
 * in place by a hard link and checks nothing; what deja costs above it is the price of being right.
 */
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  unlink(argv[2]);
  return link(argv[1], argv[2]) == 0 ? 0 : 1;
}
