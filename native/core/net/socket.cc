#include "core/net/socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace meerkat {

ssize_t Socket::Receive(void* to, size_t room) noexcept {
  ssize_t size;
  do {
    size = recv(descriptor_, to, room, 0);
  } while (size < 0 && errno == EINTR);
  if (size > 0) {
    bytes_in += static_cast<uint64_t>(size);
    // A short read has emptied the socket; the next bytes raise a new edge. An end that was announced does not.
    if (static_cast<size_t>(size) < room && !finished_) readable_ = false;
    return size;
  }
  if (size == 0) return kEnd;
  if (errno != EAGAIN) return kBroken;
  readable_ = false;
  return kBlocked;
}

ssize_t Socket::Peek(void* to, size_t room) noexcept {
  ssize_t size;
  do {
    size = recv(descriptor_, to, room, MSG_PEEK);
  } while (size < 0 && errno == EINTR);
  if (size >= 0) return size;
  if (errno != EAGAIN) return kBroken;
  readable_ = false;
  return kBlocked;
}

ssize_t Socket::Send(const void* from, size_t size) noexcept {
  ssize_t sent;
  do {
    sent = send(descriptor_, from, size, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return Sent(sent, size);
}

ssize_t Socket::Send(const iovec* pieces, int count) noexcept {
  if (count == 1) return Send(pieces->iov_base, pieces->iov_len);
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(pieces);
  message.msg_iovlen = static_cast<size_t>(count);
  size_t wanted = 0;
  for (int i = 0; i < count; i++) wanted += pieces[i].iov_len;
  ssize_t sent;
  do {
    sent = sendmsg(descriptor_, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return Sent(sent, wanted);
}

ssize_t Socket::Sent(ssize_t result, size_t wanted) noexcept {
  if (result < 0) {
    if (errno != EAGAIN) return kBroken;
    writable_ = false;
    return kBlocked;
  }
  if (static_cast<size_t>(result) < wanted) writable_ = false;
  bytes_out += static_cast<uint64_t>(result);
  return result;
}

void Socket::FinishSending() noexcept { shutdown(descriptor_, SHUT_WR); }

void Socket::Close() noexcept {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

void Socket::Reset() noexcept {
  const linger now{1, 0};
  if (descriptor_ >= 0) setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  Close();
}

}  // namespace meerkat
