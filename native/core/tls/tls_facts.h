/// What is left of a handshake once OpenSSL's state is freed.
#pragma once

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdint>
#include <string>
#include <vector>

#include "core/tls/record_layer.h"
#include "core/tls/tls_session.h"

namespace meerkat {

struct TlsSession::Secrets {
  Secrets() = default;
  ~Secrets();
  Secrets(const Secrets&) = delete;
  Secrets& operator=(const Secrets&) = delete;

  uint8_t client[TrafficKeys::kMostSecret];
  uint8_t server[TrafficKeys::kMostSecret];
  size_t client_size = 0;
  size_t server_size = 0;
  uint64_t read = 0;     // records under `client`
  uint64_t written = 0;  // records under `server`
};

struct TlsSession::Facts {
  explicit Facts(SSL* ssl);
  ~Facts() { X509_free(peer); }
  Facts(const Facts&) = delete;
  Facts& operator=(const Facts&) = delete;

  const char* const cipher;             // OpenSSL's own
  const std::string server_name;
  X509* const peer;                     // owned; null when the client sent none
  X509* const own;                      // of the context, which we hold
  const long verify_result;
  const std::vector<uint8_t> exporter;  // the channel binding
};

}  // namespace meerkat
