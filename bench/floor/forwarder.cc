/// What the kernel alone costs: forwards bytes between two clients, one read and one write each, and knows nothing of them.
///
/// A client says in its first line which pair it belongs to, as a decimal number. What it writes behind that line, at once, waits for
/// the other one: getting that, a client knows that its pair is complete. Prints `port N` once it listens on loopback.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr int kEventsPerCall = 256;
constexpr size_t kBufferBytes = 65536;

struct Client {
  int descriptor;
  Client* peer = nullptr;
  bool is_named = false;
  std::string greeting;  // until the peer has come
};

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Listen() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
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
  void Run() {
    Watch(listener_, nullptr);
    epoll_event events[kEventsPerCall];
    for (;;) {
      const int count = epoll_wait(epoll_, events, kEventsPerCall, -1);
      for (int i = 0; i < count; i++) {
        auto* const client = static_cast<Client*>(events[i].data.ptr);
        if (client) {
          Forward(*client);
        } else {
          Accept();
        }
      }
    }
  }

 private:
  void Watch(int descriptor, Client* client) {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLET;
    event.data.ptr = client;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) < 0) Fail("epoll_ctl");
  }

  void Accept() {
    for (int one; (one = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int on = 1;
      setsockopt(one, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      Watch(one, new Client{one});  // lives as long as the process
    }
  }

  void Forward(Client& client) {
    const ssize_t size = recv(client.descriptor, buffer_, kBufferBytes, 0);
    if (size <= 0) return;
    if (!client.is_named) return Name(client, static_cast<size_t>(size));
    if (client.peer) Send(*client.peer, buffer_, static_cast<size_t>(size));
  }

  void Send(const Client& to, const char* bytes, size_t size) {
    // Clients that wait for answers never fill the socket of the other; if they do, the figures mean nothing.
    if (send(to.descriptor, bytes, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) Fail("send");
  }

  void Name(Client& client, size_t size) {
    buffer_[size] = 0;
    char* rest = nullptr;
    const auto pair = static_cast<size_t>(std::strtoul(buffer_, &rest, 10));
    if (*rest == '\n') rest++;
    client.greeting.assign(rest, buffer_ + size);
    if (pairs_.size() <= pair) pairs_.resize(pair + 1);
    client.is_named = true;
    if (pairs_[pair]) {
      client.peer = pairs_[pair];
      client.peer->peer = &client;
      Greet(client, *client.peer);
      Greet(*client.peer, client);
    } else {
      pairs_[pair] = &client;
    }
  }

  void Greet(const Client& client, Client& peer) {
    if (!peer.greeting.empty()) Send(client, peer.greeting.data(), peer.greeting.size());
    peer.greeting.clear();
  }

  const int epoll_ = epoll_create1(0);
  const int listener_ = Listen();
  std::vector<Client*> pairs_;  // the first client of each
  char buffer_[kBufferBytes + 1];
};

}  // namespace

int main() {
  static Forwarder forwarder;
  forwarder.Run();
}
