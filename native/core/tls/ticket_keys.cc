#include "core/tls/ticket_keys.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <cstring>

namespace meerkat {

TicketKeys::~TicketKeys() { OPENSSL_cleanse(keys_, sizeof keys_); }

bool TicketKeys::Set(std::string_view current, std::string_view previous) {
  if (current.size() != kKeyBytes || (!previous.empty() && previous.size() != kKeyBytes)) return false;
  OPENSSL_cleanse(keys_, sizeof keys_);
  std::memcpy(keys_[0], current.data(), kKeyBytes);
  if (!previous.empty()) std::memcpy(keys_[1], previous.data(), kKeyBytes);
  count_ = previous.empty() ? 1 : 2;
  return true;
}

int TicketKeys::Prepare(unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                        bool is_sealing) const {
  const EVP_CIPHER* const aes = EVP_aes_256_cbc();
  size_t used = 0;
  if (is_sealing) {
    if (count_ == 0) return 0;
    std::memcpy(name, keys_[0], kNameBytes);
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(aes)) != 1) return -1;
  } else {
    while (used < count_ && CRYPTO_memcmp(name, keys_[used], kNameBytes) != 0) used++;
    if (used == count_) return 0;
  }
  const uint8_t* const cipher_key = keys_[used] + kNameBytes;
  auto* const mac_key = const_cast<uint8_t*>(cipher_key + 32);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key, 32),
                                   OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                                   OSSL_PARAM_construct_end()};
  if (EVP_CipherInit_ex(cipher, aes, nullptr, cipher_key, iv, is_sealing ? 1 : 0) != 1 ||
      EVP_MAC_CTX_set_params(mac, parameters) != 1) {
    return -1;
  }
  return used == 0 ? 1 : 2;
}

}  // namespace meerkat
