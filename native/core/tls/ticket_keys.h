/// Seals TLS sessions into tickets and opens them again (RFC 5077, RFC 8446 section 4.6.1).
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace meerkat {

/// The keys of one server, which its contexts share. They are set and used on the thread of the shard that made the contexts:
/// handshakes do not move.
class TicketKeys {
 public:
  /// A name that goes with the ticket, a key for AES-256-CBC, one for HMAC-SHA-256.
  static constexpr size_t kNameBytes = 16;
  static constexpr size_t kKeyBytes = kNameBytes + 32 + 32;

  TicketKeys() = default;
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// `current` seals; tickets of `previous`, which may be empty, are still taken. False for keys of another size.
  [[nodiscard]] bool Set(std::string_view current, std::string_view previous);
  [[nodiscard]] bool is_set() const noexcept { return count_ > 0; }

  /// In the form that OpenSSL asks in: 1 for done, 2 for done but make a new ticket, 0 for no key, -1 for a failure.
  [[nodiscard]] int Prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                            bool is_sealing) const;

 private:
  uint8_t keys_[2][kKeyBytes] = {};
  size_t count_ = 0;
};

}  // namespace meerkat
