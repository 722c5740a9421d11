/// Cipher contexts and buffers that all TLS connections of one shard use in turn.
#pragma once

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>
#include <memory>

namespace meerkat {

/// The AEAD of a TLS 1.3 cipher suite (RFC 8446 appendix B.4).
enum class RecordCipher : uint8_t { kAes128Gcm, kAes256Gcm, kChaCha20Poly1305 };

/// One thread only. Each call sets key and nonce anew, so nothing of one connection is left for another.
class RecordCiphers {
 public:
  static constexpr size_t kNonceBytes = 12;
  static constexpr size_t kTagBytes = 16;
  /// What one read may hold: a record that was begun, and as much as one call may receive.
  static constexpr size_t kInputBytes = 40960;
  /// A whole record, with its header.
  static constexpr size_t kOutputBytes = 16896;

  RecordCiphers() noexcept = default;
  ~RecordCiphers();
  RecordCiphers(const RecordCiphers&) = delete;
  RecordCiphers& operator=(const RecordCiphers&) = delete;

  struct Key {
    RecordCipher cipher;
    const uint8_t* key;
    const uint8_t* nonce;  // kNonceBytes
  };
  /// Writes `size` bytes and kTagBytes more to `to`, which may be `from`. False when OpenSSL fails.
  [[nodiscard]] bool Seal(const Key& key, const uint8_t* header, size_t header_size, const uint8_t* from, size_t size,
                          uint8_t* to);
  /// Takes `size` bytes, the tag included; writes kTagBytes fewer to `to`, which may be `from`. False unless they are genuine.
  [[nodiscard]] bool Open(const Key& key, const uint8_t* header, size_t header_size, const uint8_t* from, size_t size,
                          uint8_t* to);

  /// Scratch memory, valid until the next call for any connection.
  [[nodiscard]] uint8_t* input() { return Buffer(input_, kInputBytes); }
  [[nodiscard]] uint8_t* output() { return Buffer(output_, kOutputBytes); }

 private:
  static constexpr size_t kCiphers = 3;
  [[nodiscard]] EVP_CIPHER_CTX* Context(RecordCipher cipher, bool is_sealing);
  [[nodiscard]] static uint8_t* Buffer(std::unique_ptr<uint8_t[]>& buffer, size_t size) {
    if (!buffer) buffer = std::make_unique_for_overwrite<uint8_t[]>(size);
    return buffer.get();
  }

  EVP_CIPHER_CTX* contexts_[2][kCiphers] = {};  // owned; null until used
  std::unique_ptr<uint8_t[]> input_;
  std::unique_ptr<uint8_t[]> output_;
};

}  // namespace meerkat
