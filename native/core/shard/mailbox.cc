#include "core/shard/mailbox.h"

#include <cstring>
#include <utility>

namespace meerkat {

void Parcel::Append(MessageKind kind, Pieces pieces) {
  size_t length = 0;
  for (size_t i = 0; i < pieces.count; i++) length += pieces.first[i].size();
  const size_t start = bytes_.size();
  bytes_.resize(start + sizeof(Head) + length);
  const Head head{kind, static_cast<uint32_t>(length)};
  std::memcpy(bytes_.data() + start, &head, sizeof head);
  uint8_t* to = bytes_.data() + start + sizeof head;
  for (size_t i = 0; i < pieces.count; i++) {
    if (pieces.first[i].empty()) continue;
    std::memcpy(to, pieces.first[i].data(), pieces.first[i].size());
    to += pieces.first[i].size();
  }
}

void Parcel::AddTraveller(std::unique_ptr<Traveller> traveller, std::string_view state) {
  Add(MessageKind::kMoved, state);
  travellers_.push_back(std::move(traveller));
}

bool Parcel::Peek(Message& message) const noexcept {
  if (read_ >= bytes_.size()) return false;
  Head head;
  std::memcpy(&head, bytes_.data() + read_, sizeof head);
  message = {head.kind, {reinterpret_cast<const char*>(bytes_.data()) + read_ + sizeof head, head.length}};
  return true;
}

void Parcel::Skip() noexcept {
  Head head;
  std::memcpy(&head, bytes_.data() + read_, sizeof head);
  read_ += sizeof head + head.length;
}

bool Mailbox::Reserve(size_t bytes) noexcept {
  if (!is_open() || is_hidden_.load(std::memory_order_acquire)) return false;
  const size_t room = bytes + kMessageBytes;
  if (reserved_.fetch_add(room, std::memory_order_relaxed) + room <= kMostBytes) return true;
  Release(bytes);
  return false;
}

bool Mailbox::Insist(size_t bytes) noexcept {
  if (!is_open()) return false;
  reserved_.fetch_add(bytes + kMessageBytes, std::memory_order_relaxed);
  return true;
}

bool Mailbox::Post(Parcel parcel) {
  // The wake-up happens under the lock: `Close` then knows that none is under way once it has the lock.
  const std::lock_guard lock(mutex_);
  if (!wake_) return false;
  waiting_.push_back(std::move(parcel));
  is_empty_.store(false, std::memory_order_release);
  if (!signalled_) {
    signalled_ = true;
    wake_(context_);
  }
  return true;
}

std::vector<Parcel> Mailbox::Take() {
  std::vector<Parcel> taken;
  // What is posted right behind this look wakes the reader again.
  if (is_empty_.load(std::memory_order_acquire)) return taken;
  const std::lock_guard lock(mutex_);
  taken.swap(waiting_);
  is_empty_.store(true, std::memory_order_release);
  signalled_ = false;
  return taken;
}

void Mailbox::Close() {
  open_.store(false, std::memory_order_release);
  std::vector<Parcel> dropped;
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
  dropped.swap(waiting_);
}

}  // namespace meerkat
