/// Data that ties an authentication to the TLS connection it runs in (RFC 5929, RFC 9266).
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <vector>

namespace meerkat {

enum class ChannelBinding : uint8_t { kTlsUnique, kTlsServerEndPoint, kTlsExporter };

/// Empty when this connection does not have that kind.
[[nodiscard]] std::vector<uint8_t> ReadChannelBinding(SSL* ssl, ChannelBinding kind);

/// tls-server-end-point of a server with this certificate.
[[nodiscard]] std::vector<uint8_t> ServerEndPointOf(X509* certificate);

}  // namespace meerkat
