#include "core/tls/channel_binding.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <string_view>

namespace meerkat {

namespace {

/// RFC 9266 section 4.2: below TLS 1.3 the exporter is safe only with the extended master secret.
std::vector<uint8_t> Exporter(SSL* ssl) {
  static constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
  if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
  std::vector<uint8_t> binding(32);
  static constexpr uint8_t kNoContext = 0;
  const int exported = SSL_export_keying_material(ssl, binding.data(), binding.size(), kLabel.data(), kLabel.size(),
                                                  &kNoContext, 0, 1);
  return exported == 1 ? binding : std::vector<uint8_t>();
}

/// RFC 5929 section 3.1: the first Finished message. That of the client, but ours where a session was resumed, which without the
/// extended master secret could be another one for the client (RFC 7627 section 1).
std::vector<uint8_t> Unique(SSL* ssl) {
  const bool is_resumed = SSL_session_reused(ssl) == 1;
  if (SSL_version(ssl) >= TLS1_3_VERSION || (is_resumed && SSL_get_extms_support(ssl) != 1)) return {};
  std::vector<uint8_t> binding(EVP_MAX_MD_SIZE);
  binding.resize(is_resumed ? SSL_get_finished(ssl, binding.data(), binding.size())
                            : SSL_get_peer_finished(ssl, binding.data(), binding.size()));
  return binding;
}

}  // namespace

/// RFC 5929 section 4.1: the hash of its own signature, but SHA-256 for MD5 and SHA-1.
std::vector<uint8_t> ServerEndPointOf(X509* certificate) {
  int hash = NID_undef;
  if (!certificate || X509_get_signature_info(certificate, &hash, nullptr, nullptr, nullptr) != 1 ||
      hash == NID_undef) {
    return {};
  }
  if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
  const EVP_MD* const digest = EVP_get_digestbynid(hash);
  if (!digest) return {};
  std::vector<uint8_t> binding(EVP_MAX_MD_SIZE);
  unsigned int size = 0;
  if (X509_digest(certificate, digest, binding.data(), &size) != 1) return {};
  binding.resize(size);
  return binding;
}

std::vector<uint8_t> ReadChannelBinding(SSL* ssl, ChannelBinding kind) {
  switch (kind) {
    case ChannelBinding::kTlsUnique:
      return Unique(ssl);
    case ChannelBinding::kTlsServerEndPoint:
      return ServerEndPointOf(SSL_get_certificate(ssl));
    case ChannelBinding::kTlsExporter:
      return Exporter(ssl);
  }
  return {};
}

}  // namespace meerkat
