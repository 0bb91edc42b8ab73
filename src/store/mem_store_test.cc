// SPDX-License-Identifier: Apache-2.0
#include "store/mem_store.h"

#include "store/store_contract.h"

namespace deja::store {

struct MemSubject {
  BlobStore& blobs() { return store; }
  RecordStore& records() { return store; }
  void lose_blob(const Digest& digest) { store.lose_blob(digest); }
  MemStore store;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Mem, StoreContract, MemSubject);

}  // namespace deja::store
