#include "core/tls/record_ciphers.h"

#include <openssl/err.h>

namespace meerkat {

RecordCiphers::~RecordCiphers() {
  for (auto& direction : contexts_) {
    for (EVP_CIPHER_CTX* const context : direction) EVP_CIPHER_CTX_free(context);
  }
}

EVP_CIPHER_CTX* RecordCiphers::Context(RecordCipher cipher, bool is_sealing) {
  static constexpr const char* kNames[kCiphers] = {"AES-128-GCM", "AES-256-GCM", "ChaCha20-Poly1305"};
  EVP_CIPHER_CTX*& context = contexts_[is_sealing ? 1 : 0][static_cast<size_t>(cipher)];
  if (context) return context;
  EVP_CIPHER* const fetched = EVP_CIPHER_fetch(nullptr, kNames[static_cast<size_t>(cipher)], nullptr);
  EVP_CIPHER_CTX* const made = EVP_CIPHER_CTX_new();
  if (fetched && made && EVP_CipherInit_ex2(made, fetched, nullptr, nullptr, is_sealing ? 1 : 0, nullptr) == 1) {
    context = made;
  } else {
    EVP_CIPHER_CTX_free(made);
  }
  EVP_CIPHER_free(fetched);
  return context;
}

bool RecordCiphers::Seal(const Key& key, const uint8_t* header, size_t header_size, const uint8_t* from, size_t size,
                         uint8_t* to) {
  EVP_CIPHER_CTX* const context = Context(key.cipher, true);
  int written = 0;
  int rest = 0;
  const bool is_sealed =
      context && EVP_CipherInit_ex2(context, nullptr, key.key, key.nonce, 1, nullptr) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &written, header, static_cast<int>(header_size)) == 1 &&
      EVP_EncryptUpdate(context, to, &written, from, static_cast<int>(size)) == 1 &&
      EVP_EncryptFinal_ex(context, to + written, &rest) == 1 && static_cast<size_t>(written + rest) == size &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, to + size) == 1;
  if (!is_sealed) ERR_clear_error();
  return is_sealed;
}

bool RecordCiphers::Open(const Key& key, const uint8_t* header, size_t header_size, const uint8_t* from, size_t size,
                         uint8_t* to) {
  if (size < kTagBytes) return false;
  EVP_CIPHER_CTX* const context = Context(key.cipher, false);
  const size_t clear = size - kTagBytes;
  void* const tag = const_cast<uint8_t*>(from + clear);
  int written = 0;
  int rest = 0;
  const bool is_genuine =
      context && EVP_CipherInit_ex2(context, nullptr, key.key, key.nonce, 0, nullptr) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &written, header, static_cast<int>(header_size)) == 1 &&
      EVP_DecryptUpdate(context, to, &written, from, static_cast<int>(clear)) == 1 &&
      EVP_DecryptFinal_ex(context, to + written, &rest) == 1 && static_cast<size_t>(written + rest) == clear;
  if (!is_genuine) ERR_clear_error();
  return is_genuine;
}

}  // namespace meerkat
