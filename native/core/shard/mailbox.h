/// Carries what one shard says to another: parcels of ordered messages, one wake-up for many.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace meerkat {

/// An object that changes shards inside a parcel. Destroying it on any thread releases what it holds.
class Traveller {
 public:
  virtual ~Traveller() = default;
};

/// Behind kMoved: what the two ends of a connection with frames tell one another, a `RelayHead` in front of the bytes.
enum class MessageKind : uint32_t {
  kRouted,
  kCalled,
  kMoved,
  // From the carrier.
  kFed,       // bytes of a frame; first: the frame ends
  kLeft,      // first: bytes, second: frames
  kDetached,  // first: in an orderly way
  kOverfed,
  // From the connection.
  kFrame,     // a frame
  kTaken,     // first: bytes of input
  kReleased,  // first: a `Release`
};

/// What one shard says to another in one loop turn, in order. Owned by one thread at a time.
class Parcel {
 public:
  struct Message {
    MessageKind kind;
    /// Valid as long as the parcel is neither changed nor destroyed.
    std::string_view bytes;
  };

  explicit Parcel(uint32_t source = 0) noexcept : source_(source) {}

  void Add(MessageKind kind, std::string_view bytes) { Append(kind, {&bytes, 1}); }
  /// The message is what the pieces give one after another.
  void Add(MessageKind kind, const std::string_view* pieces, size_t count) { Append(kind, {pieces, count}); }
  void AddTraveller(std::unique_ptr<Traveller> traveller, std::string_view state);

  /// Reading: the next message, or false at the end; `Skip` goes on behind it.
  [[nodiscard]] bool Peek(Message& message) const noexcept;
  void Skip() noexcept;
  /// What came with the kMoved message at hand; once only.
  [[nodiscard]] std::unique_ptr<Traveller> TakeTraveller() noexcept {
    return std::move(travellers_[next_traveller_++]);
  }

  [[nodiscard]] bool empty() const noexcept { return bytes_.empty(); }
  [[nodiscard]] uint32_t source() const noexcept { return source_; }
  [[nodiscard]] size_t size() const noexcept { return bytes_.size(); }

 private:
  struct Head {
    MessageKind kind;
    uint32_t length;
  };
  struct Pieces {
    const std::string_view* first;
    size_t count;
  };
  void Append(MessageKind kind, Pieces pieces);

  uint32_t source_;
  size_t read_ = 0;
  size_t next_traveller_ = 0;
  std::vector<uint8_t> bytes_;                         // owned: heads and payloads
  std::vector<std::unique_ptr<Traveller>> travellers_;  // owned, in the order of their messages
};

/// Written by every shard, read by one. Outlives its reader as long as a writer holds it; then it takes nothing more.
class Mailbox {
 public:
  static constexpr size_t kMostBytes = 64u << 20;
  /// What a message counts beside its bytes, lest messages without any come without end: its head, and what travels with it.
  static constexpr size_t kMessageBytes = 64;
  using Wake = void (*)(void* context);

  /// `wake` is called on the writer's thread, never after `Close` has returned.
  Mailbox(Wake wake, void* context) noexcept : wake_(wake), context_(context) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// Sets room aside for a message of so many bytes that is posted later; false when the mailbox is full, hidden or closed.
  [[nodiscard]] bool Reserve(size_t bytes) noexcept;
  /// The same for what must not get lost, and is bounded by rules of its own; false only when the mailbox is closed.
  [[nodiscard]] bool Insist(size_t bytes) noexcept;
  /// Gives the room of that message back: it was handled, or is not posted after all.
  void Release(size_t bytes) noexcept { reserved_.fetch_sub(bytes + kMessageBytes, std::memory_order_relaxed); }

  /// False when the reader is gone; the parcel is then destroyed here.
  bool Post(Parcel parcel);

  /// Reader only: takes everything that is waiting.
  [[nodiscard]] std::vector<Parcel> Take();
  /// Reader only, idempotent: drops what is waiting and refuses what comes.
  void Close();

  /// While it is hidden nothing can be reserved: for its writers the reader does not run yet.
  void Hide(bool is_hidden) noexcept { is_hidden_.store(is_hidden, std::memory_order_release); }
  [[nodiscard]] bool is_open() const noexcept { return open_.load(std::memory_order_acquire); }
  [[nodiscard]] size_t reserved() const noexcept { return reserved_.load(std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::vector<Parcel> waiting_;  // guarded by mutex_
  bool signalled_ = false;       // guarded by mutex_: the reader is going to call Take
  std::atomic<bool> is_empty_{true};  // written under mutex_; lets the reader look without it
  Wake wake_;                    // guarded by mutex_; null once closed
  void* const context_;          // not owned
  std::atomic<bool> open_{true};
  std::atomic<bool> is_hidden_{false};
  std::atomic<size_t> reserved_{0};
};

}  // namespace meerkat
