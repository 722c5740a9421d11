#include "core/net/output_queue.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace meerkat {

BlockPool::~BlockPool() {
  while (idle_) {
    OutputBlock* const next = idle_->next;
    ::operator delete(idle_);
    idle_ = next;
  }
}

OutputBlock* BlockPool::Take(size_t room) {
  OutputBlock* block = idle_;
  uint32_t capacity = kCapacity;
  if (room <= kCapacity && block) {
    idle_ = block->next;
    idle_count_--;
  } else {
    capacity = static_cast<uint32_t>(std::max<size_t>(room, kCapacity));
    block = static_cast<OutputBlock*>(::operator new(sizeof(OutputBlock) + capacity));
  }
  *block = {nullptr, 0, 0, capacity, 0};
  return block;
}

void BlockPool::Give(OutputBlock* block) noexcept {
  if (block->capacity != kCapacity || idle_count_ >= kMostIdle) {
    ::operator delete(block);
    return;
  }
  block->next = idle_;
  idle_ = block;
  idle_count_++;
}

OutputQueue::~OutputQueue() {
  while (first_) {
    OutputBlock* const next = first_->next;
    ::operator delete(first_);
    first_ = next;
  }
}

uint8_t* OutputQueue::Reserve(BlockPool& pool, size_t size) {
  if (size > room() || !last_) {
    OutputBlock* const block = pool.Take(size);
    (last_ ? last_->next : first_) = block;
    last_ = block;
  }
  return last_->bytes() + last_->end;
}

void OutputQueue::Commit(size_t size) noexcept {
  last_->end += static_cast<uint32_t>(size);
  bytes_ += size;
}

void OutputQueue::Append(BlockPool& pool, const void* data, size_t size) {
  const auto* from = static_cast<const uint8_t*>(data);
  // What fits goes behind the last bytes; a long rest gets one block of its own and is copied once.
  const size_t head = std::min(size, room());
  if (head > 0) {
    std::memcpy(last_->bytes() + last_->end, from, head);
    Commit(head);
  }
  if (head == size) return;
  std::memcpy(Reserve(pool, size - head), from + head, size - head);
  Commit(size - head);
}

void OutputQueue::Finish() noexcept {
  if (!last_) return;
  last_->writes++;
  writes_++;
}

int OutputQueue::Gather(iovec* entries, int most) const noexcept {
  int count = 0;
  for (OutputBlock* block = first_; block && count < most; block = block->next) {
    if (block->begin == block->end) continue;
    entries[count++] = {block->bytes() + block->begin, block->end - block->begin};
  }
  return count;
}

void OutputQueue::Consume(BlockPool& pool, size_t size) noexcept {
  bytes_ -= size;
  while (first_) {
    const size_t taken = std::min<size_t>(size, first_->end - first_->begin);
    first_->begin += static_cast<uint32_t>(taken);
    size -= taken;
    if (first_->begin != first_->end) return;
    OutputBlock* const next = first_->next;
    writes_ -= first_->writes;
    pool.Give(first_);
    first_ = next;
  }
  last_ = nullptr;
}

void OutputQueue::Peek(void* to, size_t size) const noexcept {
  auto* at = static_cast<uint8_t*>(to);
  for (OutputBlock* block = first_; size > 0; block = block->next) {
    const size_t taken = std::min<size_t>(block->end - block->begin, size);
    std::memcpy(at, block->bytes() + block->begin, taken);
    at += taken;
    size -= taken;
  }
}

void OutputQueue::TakeOver(OutputQueue& other) noexcept {
  if (!other.first_) return;
  (last_ ? last_->next : first_) = other.first_;
  last_ = other.last_;
  bytes_ += other.bytes_;
  writes_ += other.writes_;
  other.first_ = other.last_ = nullptr;
  other.bytes_ = other.writes_ = 0;
}

}  // namespace meerkat
