/// TLS on one socket: handshake, records in and out, without buffers or a state machine while nothing flows.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/input_tail.h"
#include "core/net/output_queue.h"
#include "core/net/socket.h"
#include "core/tls/channel_binding.h"
#include "core/tls/record_layer.h"
#include "core/tls/tls_context.h"

namespace meerkat {

/// What the TLS sessions of one shard share.
struct TlsSurroundings {
  BlockPool& blocks;
  RecordCiphers& ciphers;
};

/// OpenSSL reads straight from the socket and writes straight to it; only what the kernel does not take is kept. Behind the
/// handshake of TLS 1.3 a record layer of our own takes over, because OpenSSL's state is forty times as large.
class TlsSession {
 public:
  enum class Result : uint8_t {
    kDone,
    kBlocked,
    kEnded,   // the peer closed its side
    kReset,   // the socket broke
    kFailed,  // the peer broke the protocol, or was refused
  };

  /// Null when OpenSSL has no memory. `server_name`: of a server, picks the certificate unless the client names one that there is;
  /// of a client, whom it asks for, and whose certificate has to be shown.
  [[nodiscard]] static std::unique_ptr<TlsSession> Create(std::shared_ptr<const TlsContext> context, Socket& socket,
                                                          const TlsSurroundings& shard, const std::string& server_name);
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
  [[nodiscard]] bool has_pending() noexcept;
  /// The last call ended before all was read that has arrived, though the wire has room.
  [[nodiscard]] bool was_stopped() const noexcept { return socket_.readable() && wire_.bytes() < kMostWire; }
  [[nodiscard]] const TlsContext& context() const noexcept { return *context_; }
  /// OpenSSL's state is gone, and records are handled here.
  [[nodiscard]] bool is_light() const noexcept { return records_ != nullptr; }
  /// Bytes of ours, without OpenSSL's and without the wire.
  [[nodiscard]] size_t memory() const noexcept {
    return sizeof *this + (records_ ? sizeof *records_ : 0) + tail_.capacity() + clear_.capacity();
  }

  /// The connection moved to another shard.
  void UseShard(const TlsSurroundings& shard) noexcept {
    pool_ = &shard.blocks;
    ciphers_ = &shard.ciphers;
  }

  // What the handshake agreed on.
  [[nodiscard]] std::string_view version() const;
  [[nodiscard]] std::string_view cipher() const;
  /// Empty when the client named no server.
  [[nodiscard]] std::string_view server_name() const;
  /// Null when the client sent none; owned by us.
  [[nodiscard]] X509* peer_certificate() const;
  /// Empty when this connection does not have that kind.
  [[nodiscard]] std::vector<uint8_t> Binding(ChannelBinding kind) const;

  /// True when the client sent a certificate that leads to one of our authorities, and nothing spoke against it.
  [[nodiscard]] bool is_peer_verified() const;
  /// True when all that speaks for the client's certificate is itself, and that is enough here.
  [[nodiscard]] bool is_peer_self_signed() const;
  /// Why not, in OpenSSL's words; null when nothing spoke against it.
  [[nodiscard]] const char* verify_error() const;

  /// Called by OpenSSL for each doubt about the client's certificate; true lets the handshake go on.
  [[nodiscard]] bool OnVerifyError(X509_STORE_CTX* store);
  /// Called by OpenSSL for each secret of TLS 1.3, as a line of text.
  void OnSecret(std::string_view line);
  /// Called by OpenSSL for the header of each record.
  void OnRecord(bool is_written) noexcept;

 private:
  /// The secrets of the traffic behind a handshake, while it runs.
  struct Secrets;
  /// What is still asked of a handshake when OpenSSL has forgotten it.
  struct Facts;

  TlsSession(std::shared_ptr<const TlsContext> context, Socket& socket, const TlsSurroundings& shard) noexcept;
  [[nodiscard]] Result Explain(int result);
  /// As a client. False when OpenSSL has no memory.
  [[nodiscard]] bool Ask(const std::string& server_name);
  /// Takes the traffic over from OpenSSL, where that can be done.
  void TakeOver();
  [[nodiscard]] long verify_result() const;
  [[nodiscard]] ssize_t Pull(void* to, size_t room);
  /// Hands encrypted bytes to the kernel, or keeps them. False when the socket broke.
  [[nodiscard]] bool Put(const void* from, size_t size);
  [[nodiscard]] Result ReadRecords(uint8_t* to, size_t room, size_t& size);
  /// More of the record that begins in the shard's input, of which `held` bytes are there.
  [[nodiscard]] Result PullRecord(size_t& held, size_t room);
  /// Handles what a record held; clear text goes to `to`. kBlocked: nothing for the reader.
  [[nodiscard]] Result TakeRecord(const RecordLayer::Opened& opened, uint8_t* to, size_t room, size_t& size);
  void Weigh(size_t record, size_t clear) noexcept;
  [[nodiscard]] Result TakeAlert(std::span<const uint8_t> alert);
  [[nodiscard]] Result TakeKeyUpdate(std::span<const uint8_t> message);
  [[nodiscard]] bool SendRecord(ContentType type, std::span<const uint8_t> content);
  Result Refuse(TlsAlert alert);
  [[nodiscard]] static const BIO_METHOD* SocketMethod();
  static int BioRead(BIO* bio, char* to, int room);
  static int BioWrite(BIO* bio, const char* from, int size);
  static long BioControl(BIO* bio, int command, long number, void* pointer);

  /// Encrypted bytes that one call of OpenSSL may read, more than a record. It would else go on as long as more come that
  /// hold no clear text, such as key updates, while every other connection waits.
  static constexpr size_t kMostPerCall = 20480;
  /// The same for all calls between two that brought clear text, and for our own records what is left when that has made up for
  /// some: about a thousand key updates.
  static constexpr size_t kMostBarren = 32768;
  /// Bytes of clear text that make up for one byte of records without any.
  static constexpr size_t kClearForBarren = 4;
  /// A handshake with the longest certificates that OpenSSL takes is shorter.
  static constexpr size_t kMostHandshake = 262144;

  const std::shared_ptr<const TlsContext> context_;  // shared with other sessions
  Socket& socket_;                                   // not owned; outlives us
  BlockPool* pool_;                                  // not owned: of the shard that we are on
  RecordCiphers* ciphers_;                           // the same
  SSL* ssl_ = nullptr;                               // owned; null once we have taken over
  std::unique_ptr<Secrets> secrets_;                 // null but in a handshake of TLS 1.3
  std::unique_ptr<Facts> facts_;                     // these two are null until we take over
  std::unique_ptr<RecordLayer> records_;
  InputTail tail_;   // of records that we have not handled yet
  InputTail clear_;  // opened, and not read yet
  OutputQueue wire_;
  size_t budget_ = 0;  // what the call that runs may still read
  size_t barren_ = 0;  // read without clear text
  int verify_error_ = X509_V_OK;
  bool is_reading_ = false;  // what that provokes is gathered in `wire_`
  bool established_ = false;
  bool broken_ = false;
  bool failed_ = false;
  bool finished_ = false;
  bool ended_ = false;  // the peer said so, or closed its side
};

}  // namespace meerkat
