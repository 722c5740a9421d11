#include "core/shard/shard_registry.h"

namespace meerkat {

ShardRegistry& ShardRegistry::OfProcess() {
  static ShardRegistry* const registry = new ShardRegistry();
  return *registry;
}

bool ShardRegistry::Add(const std::string& group, uint32_t shard, std::shared_ptr<Mailbox> mailbox) {
  const std::lock_guard lock(mutex_);
  return shards_.try_emplace({group, shard}, std::move(mailbox)).second;
}

void ShardRegistry::Remove(const std::string& group, uint32_t shard) {
  const std::lock_guard lock(mutex_);
  shards_.erase({group, shard});
}

std::shared_ptr<Mailbox> ShardRegistry::Find(const std::string& group, uint32_t shard) {
  const std::lock_guard lock(mutex_);
  const auto found = shards_.find({group, shard});
  return found == shards_.end() ? nullptr : found->second;
}

}  // namespace meerkat
