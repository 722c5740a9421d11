/// The forwarder of forwarder.cc over io_uring: whether the kernel is cheaper when asked that way. Needs liburing.
#include <arpa/inet.h>
#include <liburing.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

constexpr unsigned kEntries = 4096;
constexpr unsigned kBuffers = 1024;
constexpr size_t kBufferBytes = 4096;
constexpr int kGroup = 1;

/// What a completion is about: in the low bits of its number. Clients are aligned, so theirs are free.
enum Tag : uint64_t { kReceived = 0, kAccepted = 1, kSent = 2 };
constexpr uint64_t kTags = 3;

struct Client {
  int descriptor;
  Client* peer = nullptr;
  bool is_named = false;
};

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) Fail("bind");
  if (listen(listener, 4096) < 0) Fail("listen");
  socklen_t length = sizeof address;
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  std::printf("port %u\n", unsigned{ntohs(address.sin_port)});
  std::fflush(stdout);
  return listener;
}

class Forwarder {
 public:
  Forwarder() {
    io_uring_params params{};
    params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN;
    if (io_uring_queue_init_params(kEntries, &ring_, &params) < 0) Fail("io_uring");
    MakeBuffers();
  }

  void Run() {
    Accept();
    for (;;) {
      if (io_uring_submit_and_wait(&ring_, 1) < 0) Fail("io_uring_submit_and_wait");
      io_uring_cqe* done;
      unsigned head, count = 0;
      io_uring_for_each_cqe(&ring_, head, done) {
        count++;
        Handle(*done);
      }
      io_uring_cq_advance(&ring_, count);
    }
  }

 private:
  void MakeBuffers() {
    void* memory = nullptr;
    if (posix_memalign(&memory, 4096, kBuffers * sizeof(io_uring_buf)) != 0) Fail("memory");
    buffer_ring_ = static_cast<io_uring_buf_ring*>(memory);
    io_uring_buf_reg registration{};
    registration.ring_addr = reinterpret_cast<uint64_t>(buffer_ring_);
    registration.ring_entries = kBuffers;
    registration.bgid = kGroup;
    if (io_uring_register_buf_ring(&ring_, &registration, 0) < 0) Fail("buffers");
    io_uring_buf_ring_init(buffer_ring_);
    for (unsigned i = 0; i < kBuffers; i++) Recycle(i);
  }

  char* Buffer(unsigned index) { return &buffers_[index * kBufferBytes]; }

  void Recycle(unsigned index) {
    io_uring_buf_ring_add(buffer_ring_, Buffer(index), kBufferBytes, static_cast<unsigned short>(index),
                          io_uring_buf_ring_mask(kBuffers), 0);
    io_uring_buf_ring_advance(buffer_ring_, 1);
  }

  io_uring_sqe* Entry() {
    if (io_uring_sqe* const entry = io_uring_get_sqe(&ring_)) return entry;
    io_uring_submit(&ring_);
    return io_uring_get_sqe(&ring_);
  }

  void Accept() {
    io_uring_sqe* const entry = Entry();
    io_uring_prep_multishot_accept(entry, listener_, nullptr, nullptr, 0);
    io_uring_sqe_set_data64(entry, kAccepted);
  }

  void Receive(Client& client) {
    io_uring_sqe* const entry = Entry();
    io_uring_prep_recv_multishot(entry, client.descriptor, nullptr, 0, 0);
    entry->flags |= IOSQE_BUFFER_SELECT;
    entry->buf_group = kGroup;
    io_uring_sqe_set_data64(entry, reinterpret_cast<uint64_t>(&client));
  }

  void Handle(const io_uring_cqe& done) {
    switch (static_cast<Tag>(done.user_data & kTags)) {
      case kAccepted: {
        if (done.res < 0) Fail("accept");
        const int on = 1;
        setsockopt(done.res, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        return Receive(*new Client{done.res});  // lives as long as the process
      }
      case kSent:
        if (done.res < 0) return;
        return Recycle(static_cast<unsigned>(done.user_data >> 2));
      case kReceived:
        return Forward(*reinterpret_cast<Client*>(done.user_data), done);
    }
  }

  void Forward(Client& client, const io_uring_cqe& done) {
    if (done.res > 0) {
      const unsigned index = done.flags >> IORING_CQE_BUFFER_SHIFT;
      if (!client.is_named) {
        Name(client, Buffer(index), static_cast<size_t>(done.res));
        Recycle(index);
      } else {
        io_uring_sqe* const entry = Entry();
        io_uring_prep_send(entry, client.peer->descriptor, Buffer(index), static_cast<size_t>(done.res), MSG_NOSIGNAL);
        io_uring_sqe_set_data64(entry, uint64_t{index} << 2 | kSent);
      }
    }
    if (done.res != 0 && !(done.flags & IORING_CQE_F_MORE)) Receive(client);
  }

  void Name(Client& client, char* text, size_t size) {
    text[size] = 0;
    const auto pair = static_cast<size_t>(std::strtoul(text, nullptr, 10));
    if (pairs_.size() <= pair) pairs_.resize(pair + 1);
    client.is_named = true;
    if (pairs_[pair]) {
      client.peer = pairs_[pair];
      client.peer->peer = &client;
    } else {
      pairs_[pair] = &client;
    }
  }

  io_uring ring_{};
  io_uring_buf_ring* buffer_ring_ = nullptr;
  std::vector<char> buffers_ = std::vector<char>(kBuffers * kBufferBytes);
  const int listener_ = Listen();
  std::vector<Client*> pairs_;  // the first client of each
};

}  // namespace

int main() {
  static Forwarder forwarder;
  forwarder.Run();
}
