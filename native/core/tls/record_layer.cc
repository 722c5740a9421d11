#include "core/tls/record_layer.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>
#include <string_view>

namespace meerkat {

namespace {

constexpr size_t kKeyBytes[] = {16, 32, 32};
constexpr uint8_t kKeyUpdate[] = {24, 0, 0, 1, 0};

const EVP_MD* HashOf(size_t secret_size) { return secret_size == 48 ? EVP_sha384() : EVP_sha256(); }

/// HKDF-Expand-Label (RFC 8446 section 7.1) without context, for no more than one block of the hash.
bool ExpandLabel(std::span<const uint8_t> secret, std::string_view label, uint8_t* to, size_t size) {
  static constexpr std::string_view kPrefix = "tls13 ";
  uint8_t info[64];
  size_t used = 0;
  info[used++] = 0;
  info[used++] = static_cast<uint8_t>(size);
  info[used++] = static_cast<uint8_t>(kPrefix.size() + label.size());
  for (const std::string_view part : {kPrefix, label}) {
    std::memcpy(info + used, part.data(), part.size());
    used += part.size();
  }
  info[used++] = 0;
  info[used++] = 1;  // number of the block
  uint8_t block[EVP_MAX_MD_SIZE];
  unsigned int produced = 0;
  const bool is_made = HMAC(HashOf(secret.size()), secret.data(), static_cast<int>(secret.size()), info, used, block,
                            &produced) != nullptr &&
                       produced >= size;
  if (is_made) std::memcpy(to, block, size);
  OPENSSL_cleanse(block, sizeof block);
  return is_made;
}

std::optional<RecordCipher> CipherOf(uint16_t suite) {
  switch (suite) {
    case 0x1301:
      return RecordCipher::kAes128Gcm;
    case 0x1302:
      return RecordCipher::kAes256Gcm;
    case 0x1303:
      return RecordCipher::kChaCha20Poly1305;
    default:
      return std::nullopt;
  }
}

/// The outside of every record after the handshake (RFC 8446 section 5.2).
void WriteHeader(uint8_t* to, size_t sealed) {
  to[0] = static_cast<uint8_t>(ContentType::kApplicationData);
  to[1] = to[2] = 3;
  to[3] = static_cast<uint8_t>(sealed >> 8);
  to[4] = static_cast<uint8_t>(sealed);
}

}  // namespace

TrafficKeys::~TrafficKeys() {
  OPENSSL_cleanse(secret_, sizeof secret_);
  OPENSSL_cleanse(key_, sizeof key_);
  OPENSSL_cleanse(iv_, sizeof iv_);
}

bool TrafficKeys::Use(RecordCipher cipher, std::span<const uint8_t> secret, uint64_t sequence) {
  // SHA-384 goes with AES-256, SHA-256 with the others.
  if (secret.size() != (cipher == RecordCipher::kAes256Gcm ? 48u : 32u)) return false;
  cipher_ = cipher;
  sequence_ = sequence;
  secret_size_ = static_cast<uint8_t>(secret.size());
  std::memmove(secret_, secret.data(), secret.size());
  const std::span<const uint8_t> own(secret_, secret_size_);
  return ExpandLabel(own, "key", key_, kKeyBytes[static_cast<size_t>(cipher)]) && ExpandLabel(own, "iv", iv_, sizeof iv_);
}

bool TrafficKeys::Update() {
  uint8_t next[kMostSecret];
  const bool is_made = ExpandLabel({secret_, secret_size_}, "traffic upd", next, secret_size_) &&
                       Use(cipher_, {next, secret_size_}, 0);
  OPENSSL_cleanse(next, sizeof next);
  return is_made;
}

std::optional<RecordCiphers::Key> TrafficKeys::Next(uint8_t (&nonce)[RecordCiphers::kNonceBytes]) {
  if (sequence_ == UINT64_MAX) return std::nullopt;
  std::memcpy(nonce, iv_, sizeof nonce);
  for (size_t i = 0; i < sizeof sequence_; i++) nonce[sizeof nonce - 1 - i] ^= static_cast<uint8_t>(sequence_ >> (8 * i));
  sequence_++;
  return RecordCiphers::Key{cipher_, key_, nonce};
}

std::unique_ptr<RecordLayer> RecordLayer::Create(uint16_t suite, const Secrets& secrets, uint64_t most_records) {
  const std::optional<RecordCipher> cipher = CipherOf(suite);
  if (!cipher) return nullptr;
  std::unique_ptr<RecordLayer> layer(new RecordLayer(most_records));
  if (!layer->read_.Use(*cipher, secrets.read, 0) || !layer->write_.Use(*cipher, secrets.write, secrets.written)) {
    return nullptr;
  }
  return layer;
}

size_t RecordLayer::SizeOf(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < kHeaderBytes) return kHeaderBytes;
  const size_t size = kHeaderBytes + (static_cast<size_t>(bytes[3]) << 8 | bytes[4]);
  // No more of it is waited for than its header, which is enough to refuse it.
  return bytes[0] != static_cast<uint8_t>(ContentType::kApplicationData) || size > kMostSealed ? kHeaderBytes : size;
}

RecordLayer::Opened RecordLayer::Open(RecordCiphers& ciphers, std::span<uint8_t> record) {
  const auto refuse = [](TlsAlert alert) { return Opened{ContentType::kAlert, {}, alert}; };
  // Section 5: also change_cipher_spec is no longer allowed, and nothing in clear.
  if (record[0] != static_cast<uint8_t>(ContentType::kApplicationData)) return refuse(TlsAlert::kUnexpectedMessage);
  const size_t sealed = static_cast<size_t>(record[3]) << 8 | record[4];
  if (kHeaderBytes + sealed > kMostSealed) return refuse(TlsAlert::kRecordOverflow);
  uint8_t* const content = record.data() + kHeaderBytes;
  uint8_t nonce[RecordCiphers::kNonceBytes];
  const auto key = read_.Next(nonce);
  if (!key || !ciphers.Open(*key, record.data(), kHeaderBytes, content, sealed, content)) {
    return refuse(TlsAlert::kBadRecordMac);
  }
  size_t size = sealed - RecordCiphers::kTagBytes;
  if (size > kMostClear + 1) return refuse(TlsAlert::kRecordOverflow);
  while (size > 0 && content[size - 1] == 0) size--;  // padding
  if (size == 0) return refuse(TlsAlert::kUnexpectedMessage);
  const auto type = static_cast<ContentType>(content[--size]);
  if (type != ContentType::kApplicationData && type != ContentType::kHandshake && type != ContentType::kAlert) {
    return refuse(TlsAlert::kUnexpectedMessage);
  }
  if (size == 0 && type != ContentType::kApplicationData) return refuse(TlsAlert::kUnexpectedMessage);
  return {type, {content, size}};
}

size_t RecordLayer::Seal(RecordCiphers& ciphers, ContentType type, std::span<const uint8_t> content, uint8_t* to) {
  uint8_t nonce[RecordCiphers::kNonceBytes];
  const auto key = write_.Next(nonce);
  if (!key || content.size() > kMostClear) return 0;
  const size_t inner = content.size() + 1;
  const size_t sealed = inner + RecordCiphers::kTagBytes;
  WriteHeader(to, sealed);
  uint8_t* const body = to + kHeaderBytes;
  if (!content.empty()) std::memcpy(body, content.data(), content.size());
  body[content.size()] = static_cast<uint8_t>(type);
  return ciphers.Seal(*key, to, kHeaderBytes, body, inner, body) ? kHeaderBytes + sealed : 0;
}

size_t RecordLayer::SealKeyUpdate(RecordCiphers& ciphers, uint8_t* to) {
  const size_t size = Seal(ciphers, ContentType::kHandshake, kKeyUpdate, to);
  return size > 0 && write_.Update() ? size : 0;
}

}  // namespace meerkat
