/// TLS on one socket: handshake, records in and out, without buffers while nothing flows.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/net/output_queue.h"
#include "core/net/socket.h"
#include "core/tls/tls_context.h"

namespace meerkat {

/// OpenSSL reads straight from the socket and writes straight to it; only what the kernel does not take is kept.
class TlsSession {
 public:
  enum class Result : uint8_t {
    kDone,
    kBlocked,
    kEnded,   // the peer closed its side
    kReset,   // the socket broke
    kFailed,  // the peer broke the protocol, or was refused
  };

  /// Null when OpenSSL has no memory. `server_name` picks the certificate unless the client names one that there is.
  [[nodiscard]] static std::unique_ptr<TlsSession> Create(std::shared_ptr<const TlsContext> context, Socket& socket,
                                                          BlockPool& pool, const std::string& server_name);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  [[nodiscard]] static TlsSession& Of(const SSL* ssl) noexcept {
    return *static_cast<TlsSession*>(SSL_get_app_data(ssl));
  }

  [[nodiscard]] Result Handshake();
  /// Encrypted output that the peer leaves unread, until its own input has to wait.
  static constexpr size_t kMostWire = 65536;

  /// Clear text; stops at the end of what has arrived, and long before when a lot arrived without any.
  [[nodiscard]] Result Read(void* to, size_t room, size_t& size);
  /// Takes all of `size` bytes (at most one record's worth) or none.
  [[nodiscard]] Result Write(const void* from, size_t size);
  /// Queues close_notify; once only.
  void Finish();
  /// Hands encrypted bytes that were held back to the kernel.
  [[nodiscard]] Result Flush();

  /// Encrypted bytes, and whatever has to leave before them, that the kernel has not taken yet.
  [[nodiscard]] OutputQueue& wire() noexcept { return wire_; }
  [[nodiscard]] bool is_established() const noexcept { return established_; }
  /// Clear text may be at hand without a new edge on the socket.
  [[nodiscard]] bool has_pending() const noexcept { return SSL_has_pending(ssl_) == 1; }
  /// The last call ended before all was read that has arrived, though the wire has room.
  [[nodiscard]] bool was_stopped() const noexcept { return socket_.readable() && wire_.bytes() < kMostWire; }
  [[nodiscard]] const TlsContext& context() const noexcept { return *context_; }
  [[nodiscard]] SSL* ssl() const noexcept { return ssl_; }

  /// The connection moved to a shard with another pool.
  void UsePool(BlockPool& pool) noexcept { pool_ = &pool; }

  /// True when the client sent a certificate that leads to one of our authorities, and nothing spoke against it.
  [[nodiscard]] bool is_peer_verified() const;
  /// True when all that speaks for the client's certificate is itself, and that is enough here.
  [[nodiscard]] bool is_peer_self_signed() const;
  /// Why not, in OpenSSL's words; null when nothing spoke against it.
  [[nodiscard]] const char* verify_error() const;

  /// Called by OpenSSL for each doubt about the client's certificate; true lets the handshake go on.
  [[nodiscard]] bool OnVerifyError(X509_STORE_CTX* store);

 private:
  TlsSession(std::shared_ptr<const TlsContext> context, Socket& socket, BlockPool& pool) noexcept
      : context_(std::move(context)), socket_(socket), pool_(&pool) {}
  [[nodiscard]] Result Explain(int result);
  [[nodiscard]] static const BIO_METHOD* SocketMethod();
  static int BioRead(BIO* bio, char* to, int room);
  static int BioWrite(BIO* bio, const char* from, int size);
  static long BioControl(BIO* bio, int command, long number, void* pointer);

  /// Encrypted bytes that one call of OpenSSL may read, more than a record. It would else go on as long as more come that
  /// hold no clear text, such as key updates, while every other connection waits.
  static constexpr size_t kMostPerCall = 20480;
  /// The same for all calls between two that brought clear text: about a thousand key updates.
  static constexpr size_t kMostBarren = 32768;
  /// A handshake with the longest certificates that OpenSSL takes is shorter.
  static constexpr size_t kMostHandshake = 262144;

  const std::shared_ptr<const TlsContext> context_;  // shared with other sessions
  Socket& socket_;                                   // not owned; outlives us
  BlockPool* pool_;                                  // not owned: of the shard that we are on
  SSL* ssl_ = nullptr;                               // owned
  OutputQueue wire_;
  size_t budget_ = 0;  // what the call that runs may still read
  size_t barren_ = 0;  // read since the last clear text
  int verify_error_ = X509_V_OK;
  bool is_reading_ = false;  // what that provokes is gathered in `wire_`
  bool established_ = false;
  bool broken_ = false;
  bool failed_ = false;
  bool finished_ = false;
};

}  // namespace meerkat
