/// The record layer of TLS 1.3 once the handshake is over (RFC 8446 section 5), in a few hundred bytes for each connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "core/tls/record_ciphers.h"

namespace meerkat {

/// RFC 8446 section 5.1.
enum class ContentType : uint8_t { kAlert = 21, kHandshake = 22, kApplicationData = 23 };

/// RFC 8446 section 6. `kNone` stands for no alert.
enum class TlsAlert : uint8_t {
  kCloseNotify = 0,
  kUnexpectedMessage = 10,
  kBadRecordMac = 20,
  kRecordOverflow = 22,
  kIllegalParameter = 47,
  kDecodeError = 50,
  kInternalError = 80,
  kUserCanceled = 90,
  kNone = 255,
};

/// Keys of one direction (RFC 8446 section 7.3); wiped when they go.
class TrafficKeys {
 public:
  static constexpr size_t kMostSecret = 48;

  TrafficKeys() noexcept = default;
  ~TrafficKeys();
  TrafficKeys(const TrafficKeys&) = delete;
  TrafficKeys& operator=(const TrafficKeys&) = delete;

  [[nodiscard]] bool Use(RecordCipher cipher, std::span<const uint8_t> secret, uint64_t sequence);
  /// The next generation (RFC 8446 section 7.2); counting begins anew.
  [[nodiscard]] bool Update();
  /// Key and nonce of the next record, which is valid until the one after that is asked for. Null when there is none left.
  [[nodiscard]] std::optional<RecordCiphers::Key> Next(uint8_t (&nonce)[RecordCiphers::kNonceBytes]);
  [[nodiscard]] uint64_t sequence() const noexcept { return sequence_; }

 private:
  uint64_t sequence_ = 0;
  uint8_t secret_[kMostSecret];
  uint8_t key_[32];
  uint8_t iv_[RecordCiphers::kNonceBytes];
  uint8_t secret_size_ = 0;
  RecordCipher cipher_ = RecordCipher::kAes128Gcm;
};

/// What a server does with records after its handshake. Moves no bytes itself.
class RecordLayer {
 public:
  static constexpr size_t kHeaderBytes = 5;
  static constexpr size_t kMostClear = 16384;
  static constexpr size_t kMostSealed = kHeaderBytes + kMostClear + 256;
  /// Records under one key before it is changed: below what RFC 8446 section 5.5 allows for AES-GCM.
  static constexpr uint64_t kMostRecords = uint64_t{1} << 24;

  struct Secrets {
    std::span<const uint8_t> read;
    std::span<const uint8_t> write;
    /// Records that have gone out under it.
    uint64_t written = 0;
  };
  /// Null when the suite, by its number in the protocol, is none of ours, or when OpenSSL fails.
  [[nodiscard]] static std::unique_ptr<RecordLayer> Create(uint16_t suite, const Secrets& secrets,
                                                           uint64_t most_records = kMostRecords);

  /// Bytes of the record that begins here, as far as its header tells; `Open` refuses one that cannot be.
  [[nodiscard]] static size_t SizeOf(std::span<const uint8_t> bytes) noexcept;

  struct Opened {
    ContentType type;
    std::span<uint8_t> content;  // in the record
    TlsAlert failure = TlsAlert::kNone;
  };
  /// Decrypts one whole record where it lies. After a failure nothing more can be opened.
  [[nodiscard]] Opened Open(RecordCiphers& ciphers, std::span<uint8_t> record);

  /// Writes one record to `to`, which has room for kMostSealed; returns its size, 0 when OpenSSL fails.
  [[nodiscard]] size_t Seal(RecordCiphers& ciphers, ContentType type, std::span<const uint8_t> content, uint8_t* to);

  /// The keys for reading change, because the peer said so.
  [[nodiscard]] bool UpdateRead() { return read_.Update(); }
  /// Seals a KeyUpdate (RFC 8446 section 4.6.3) that asks for none in return; what follows is under new keys.
  [[nodiscard]] size_t SealKeyUpdate(RecordCiphers& ciphers, uint8_t* to);
  /// Enough was sealed under these keys.
  [[nodiscard]] bool is_write_worn() const noexcept { return write_.sequence() >= most_records_; }

 private:
  explicit RecordLayer(uint64_t most_records) noexcept : most_records_(most_records) {}

  TrafficKeys read_;
  TrafficKeys write_;
  const uint64_t most_records_;
};

}  // namespace meerkat
