#include "store/local_store.h"

#include "store/store_contract.h"
#include "store/temp_store.h"

namespace deja::store {

struct LocalSubject {
  BlobStore& blobs() { return *store; }
  RecordStore& records() { return *store; }
  void lose_blob(const Digest& digest) { EXPECT_TRUE(*os::remove_file(store->layout().blob(digest))); }
  TempStore store;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Local, StoreContract, LocalSubject);

}  // namespace deja::store
