// SPDX-License-Identifier: Apache-2.0
// The settings of sccache, from its variables and its file (TOML).

#include "setup/migrate.h"

namespace deja::setup {
namespace {

constexpr const char* kNoCloud =
    "not supported; use a pack file with the cache of the CI system (docs/remotes.md)";
constexpr const char* kEngine = "the engine has a socket in the cache directory, for one user";
constexpr const char* kNoCluster = "distributed compiling is not planned";

constexpr char kSsl[] = "ssl", kAnonymous[] = "anonymous", kVirtual[] = "virtual",
               kRedis[] = "redis", kRedisUser[] = "redis user", kRedisDatabase[] = "redis database",
               kWebdav[] = "webdav", kWebdavPrefix[] = "webdav prefix";

// The password stays where it is: deja reads it from the same variable.
void take_redis_password(const Foreign& found, Draft& draft) {
  draft.parts["redis password variable"] = found.name;
}
void take_web_token(const Foreign& found, Draft& draft) {
  draft.parts["webdav token variable"] = found.name;
}
void leave_secret(const Foreign&, Draft& draft) {
  draft.leave(
      "a secret is not copied: put it into a file (mode 0600) and add ?password_file= or "
      "?token_file= to the address");
}

constexpr ForeignRow kSccacheRows[] = {
    {"cache.disk.size", "SCCACHE_CACHE_SIZE", take_limit_1024, ""},
    {"cache.disk.dir", "SCCACHE_DIR", nullptr, kOwnPlace},
    {"cache.disk.rw_mode", "SCCACHE_LOCAL_RW_MODE", nullptr, "the local store is always written"},
    {"cache.disk.preprocessor_cache_mode.use_preprocessor_cache_mode", "SCCACHE_DIRECT", nullptr,
     kOneMode},
    {"basedirs", "SCCACHE_BASEDIRS", take_base_dirs, ""},
    {"", "SCCACHE_IDLE_TIMEOUT", take_idle_exit, ""},
    {"", "SCCACHE_C_CUSTOM_CACHE_BUSTER", take_salt, ""},
    {"cache.s3.bucket", "SCCACHE_BUCKET", take_part<kBucket>, ""},
    {"cache.s3.endpoint", "SCCACHE_ENDPOINT", take_part<kEndpoint>, ""},
    {"cache.s3.region", "SCCACHE_REGION", take_part<kRegion>, ""},
    {"cache.s3.key_prefix", "SCCACHE_S3_KEY_PREFIX", take_part<kPrefix>, ""},
    {"cache.s3.use_ssl", "SCCACHE_S3_USE_SSL", take_part<kSsl>, ""},
    {"cache.s3.no_credentials", "SCCACHE_S3_NO_CREDENTIALS", take_part<kAnonymous>, ""},
    {"cache.s3.enable_virtual_host_style", "SCCACHE_S3_ENABLE_VIRTUAL_HOST_STYLE",
     take_part<kVirtual>, ""},
    {"cache.s3.rw_mode", "SCCACHE_S3_RW_MODE", take_read_only_remote, ""},
    {"cache.s3.server_side_encryption", "SCCACHE_S3_SERVER_SIDE_ENCRYPTION", nullptr,
     "set a default encryption on the bucket"},
    {"cache.redis.url", "SCCACHE_REDIS", take_part<kRedis>, ""},
    {"cache.redis.endpoint", "SCCACHE_REDIS_ENDPOINT", take_part<kRedis>, ""},
    {"cache.redis.cluster_endpoints", "SCCACHE_REDIS_CLUSTER_ENDPOINTS", nullptr,
     "give one server of the cluster; the others are found: remote = [\"redis://host\"]"},
    {"cache.redis.username", "SCCACHE_REDIS_USERNAME", take_part<kRedisUser>, ""},
    {"cache.redis.password", "", leave_secret, ""},
    {"", "SCCACHE_REDIS_PASSWORD", take_redis_password, ""},
    {"cache.redis.db", "SCCACHE_REDIS_DB", take_part<kRedisDatabase>, ""},
    {"cache.redis.key_prefix", "SCCACHE_REDIS_KEY_PREFIX", nullptr,
     "remotes.namespace keeps groups of machines apart"},
    {"cache.redis.expiration", "SCCACHE_REDIS_EXPIRATION", nullptr,
     "let Redis evict: maxmemory-policy allkeys-lru"},
    {"cache.redis.rw_mode", "SCCACHE_REDIS_RW_MODE", take_read_only_remote, ""},
    {"cache.webdav.endpoint", "SCCACHE_WEBDAV_ENDPOINT", take_part<kWebdav>, ""},
    {"cache.webdav.key_prefix", "SCCACHE_WEBDAV_KEY_PREFIX", take_part<kWebdavPrefix>, ""},
    {"cache.webdav.token", "", leave_secret, ""},
    {"cache.webdav.password", "", leave_secret, ""},
    {"cache.webdav.username", "SCCACHE_WEBDAV_USERNAME", leave_secret, ""},
    {"", "SCCACHE_WEBDAV_PASSWORD", leave_secret, ""},
    {"", "SCCACHE_WEBDAV_TOKEN", take_web_token, ""},
    {"cache.webdav.rw_mode", "SCCACHE_WEBDAV_RW_MODE", take_read_only_remote, ""},
    {"cache.gha.enabled", "SCCACHE_GHA_ENABLED", nullptr, kNoCloud},
    {"cache.gha.version", "SCCACHE_GHA_VERSION", nullptr, kNoCloud},
    {"cache.gcs.bucket", "SCCACHE_GCS_BUCKET", nullptr, kNoCloud},
    {"cache.azure.connection_string", "SCCACHE_AZURE_CONNECTION_STRING", nullptr, kNoCloud},
    {"cache.azure.container", "SCCACHE_AZURE_BLOB_CONTAINER", nullptr, kNoCloud},
    {"cache.memcached.url", "SCCACHE_MEMCACHED", nullptr, kNoCloud},
    {"cache.memcached.endpoint", "SCCACHE_MEMCACHED_ENDPOINT", nullptr, kNoCloud},
    {"cache.oss.bucket", "SCCACHE_OSS_BUCKET", nullptr, kNoCloud},
    {"cache.cos.bucket", "SCCACHE_COS_BUCKET", nullptr, kNoCloud},
    {"dist.scheduler_url", "", nullptr, kNoCluster},
    {"dist.auth.type", "", nullptr, kNoCluster},
    {"dist.auth.token", "", nullptr, kNoCluster},
    {"dist.toolchains", "", nullptr, kNoCluster},
    {"dist.cache_dir", "", nullptr, kNoCluster},
    {"server_startup_timeout_ms", "", nullptr, "a command never waits for an engine to start"},
    {"", "SCCACHE_SERVER_PORT", nullptr, kEngine},
    {"", "SCCACHE_SERVER_UDS", nullptr, kEngine},
    {"", "SCCACHE_NO_DAEMON", nullptr, "'deja daemon run' stays in the foreground"},
    {"", "SCCACHE_LOG", nullptr, "set DEJA_LOG to a file"},
    {"", "SCCACHE_ERROR_LOG", take_log, ""},
    {"", "SCCACHE_RECACHE", nullptr, "a choice for one run; not a setting in deja"},
    {"", "SCCACHE_CACHE_MULTIARCH", nullptr, "not needed on Linux"},
    {"", "SCCACHE_CACHE_ZSTD_LEVEL", nullptr, "deja decides this by itself"},
    {"", "SCCACHE_IGNORE_SERVER_IO_ERROR", nullptr,
     "not needed: a failure of the cache never fails a build"},
};

}  // namespace

std::span<const ForeignRow> sccache_rows() { return kSccacheRows; }

std::vector<Foreign> read_sccache(const Surroundings& surroundings) {
  const std::string named = surroundings.variable("SCCACHE_CONF");
  auto found = read_toml(named.empty() ? surroundings.config_home + "/sccache/config" : named);
  const auto variables = read_variables(surroundings, kSccacheRows);
  found.insert(found.end(), variables.begin(), variables.end());
  return found;
}

}  // namespace deja::setup
