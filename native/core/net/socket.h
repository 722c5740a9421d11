/// One connected socket, non-blocking, watched edge-triggered.
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>

namespace meerkat {

/// Remembers what the last edge said, so that nobody asks the kernel in vain.
class Socket {
 public:
  /// Results of Receive and Send that are not a number of bytes.
  static constexpr ssize_t kEnd = 0;
  static constexpr ssize_t kBlocked = -1;
  static constexpr ssize_t kBroken = -2;

  explicit Socket(int descriptor) noexcept : descriptor_(descriptor) {}
  /// Not connected yet: an edge will say when it can be written to.
  void AwaitWritable() noexcept { writable_ = false; }
  ~Socket() { Close(); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  /// Bytes read, or one of the results above.
  [[nodiscard]] ssize_t Receive(void* to, size_t room) noexcept;
  /// The same bytes that `Receive` gives next, left where they are.
  [[nodiscard]] ssize_t Peek(void* to, size_t room) noexcept;
  /// What can be read is not enough: says no more until more has come.
  void AwaitMore() noexcept { readable_ = false; }
  [[nodiscard]] ssize_t Send(const void* from, size_t size) noexcept;
  [[nodiscard]] ssize_t Send(const iovec* pieces, int count) noexcept;
  void FinishSending() noexcept;
  /// Idempotent.
  void Close() noexcept;
  /// Closes with a reset instead of an orderly end.
  void Reset() noexcept;

  /// An edge was reported. `finished`: the peer sends no more, so the end can be read behind the last bytes.
  void OnReadable(bool finished) noexcept {
    readable_ = true;
    finished_ |= finished;
  }

  [[nodiscard]] bool readable() const noexcept { return readable_; }
  [[nodiscard]] bool writable() const noexcept { return writable_; }
  void OnWritable() noexcept { writable_ = true; }
  [[nodiscard]] bool finished() const noexcept { return finished_; }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;

 private:
  [[nodiscard]] ssize_t Sent(ssize_t result, size_t wanted) noexcept;

  int descriptor_;  // owned
  bool readable_ = false;
  bool writable_ = true;
  bool finished_ = false;
};

}  // namespace meerkat
