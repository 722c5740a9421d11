/// Finds the mailboxes of the shards that run in this process.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "core/shard/mailbox.h"

namespace meerkat {

/// Shared by all threads; the one thing in this library that is.
class ShardRegistry {
 public:
  /// Never destroyed: threads may still look shards up while the process exits.
  [[nodiscard]] static ShardRegistry& OfProcess();

  /// False when a shard of that group and number runs already.
  [[nodiscard]] bool Add(const std::string& group, uint32_t shard, std::shared_ptr<Mailbox> mailbox);
  void Remove(const std::string& group, uint32_t shard);
  /// Null when that shard does not run.
  [[nodiscard]] std::shared_ptr<Mailbox> Find(const std::string& group, uint32_t shard);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, uint32_t>, std::shared_ptr<Mailbox>> shards_;  // guarded by mutex_
};

}  // namespace meerkat
