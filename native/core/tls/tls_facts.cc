#include "core/tls/tls_facts.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <string_view>

namespace meerkat {

namespace {

std::string ServerName(SSL* ssl) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  return name ? name : "";
}

int Digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Bytes written; 0 unless all of it is hexadecimal and has room.
size_t FromHex(std::string_view hex, uint8_t* to, size_t room) {
  if (hex.size() % 2 != 0 || hex.size() / 2 > room) return 0;
  for (size_t i = 0; i < hex.size() / 2; i++) {
    const int high = Digit(hex[2 * i]);
    const int low = Digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return 0;
    to[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return hex.size() / 2;
}

}  // namespace

TlsSession::Secrets::~Secrets() {
  OPENSSL_cleanse(client, sizeof client);
  OPENSSL_cleanse(server, sizeof server);
}

TlsSession::Facts::Facts(SSL* ssl)
    : cipher(SSL_get_cipher_name(ssl)),
      server_name(ServerName(ssl)),
      peer(SSL_get1_peer_certificate(ssl)),
      own(SSL_get_certificate(ssl)),
      verify_result(SSL_get_verify_result(ssl)),
      exporter(ReadChannelBinding(ssl, ChannelBinding::kTlsExporter)) {}

void TlsSession::OnSecret(std::string_view line) {
  // The form is that of NSS: label, random of the client, secret.
  const std::string_view label = line.substr(0, line.find(' '));
  const std::string_view hex = line.substr(line.rfind(' ') + 1);
  const bool is_client = label == "CLIENT_TRAFFIC_SECRET_0";
  if (!is_client && label != "SERVER_TRAFFIC_SECRET_0") return;
  if (!secrets_) secrets_ = std::make_unique<Secrets>();
  Secrets& secrets = *secrets_;
  if (is_client) {
    secrets.client_size = FromHex(hex, secrets.client, sizeof secrets.client);
  } else {
    secrets.server_size = FromHex(hex, secrets.server, sizeof secrets.server);
  }
}

void TlsSession::OnRecord(bool is_written) noexcept {
  if (!secrets_) return;
  if (is_written && secrets_->server_size > 0) secrets_->written++;
  if (!is_written && secrets_->client_size > 0) secrets_->read++;
}

void TlsSession::TakeOver() {
  const std::unique_ptr<Secrets> secrets = std::move(secrets_);
  const bool is_complete = secrets && secrets->read == 0 && SSL_version(ssl_) == TLS1_3_VERSION && !SSL_has_pending(ssl_);
  if (is_complete) {
    const uint16_t suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(ssl_));
    records_ = RecordLayer::Create(suite, {.read = {secrets->client, secrets->client_size},
                                           .write = {secrets->server, secrets->server_size},
                                           .written = secrets->written});
    ERR_clear_error();
  }
  if (!records_) {
    // OpenSSL goes on alone, and may read as much at once as there is.
    SSL_set_read_ahead(ssl_, 1);
    return;
  }
  facts_ = std::make_unique<Facts>(ssl_);
  SSL_free(ssl_);
  ssl_ = nullptr;
}

std::string_view TlsSession::version() const { return facts_ ? "TLSv1.3" : SSL_get_version(ssl_); }

std::string_view TlsSession::cipher() const { return facts_ ? facts_->cipher : SSL_get_cipher_name(ssl_); }

std::string_view TlsSession::server_name() const {
  if (facts_) return facts_->server_name;
  const char* const name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
  return name ? name : std::string_view();
}

X509* TlsSession::peer_certificate() const { return facts_ ? facts_->peer : SSL_get0_peer_certificate(ssl_); }

long TlsSession::verify_result() const { return facts_ ? facts_->verify_result : SSL_get_verify_result(ssl_); }

std::vector<uint8_t> TlsSession::Binding(ChannelBinding kind) const {
  if (!facts_) return ReadChannelBinding(ssl_, kind);
  switch (kind) {
    case ChannelBinding::kTlsExporter:
      return facts_->exporter;
    case ChannelBinding::kTlsServerEndPoint:
      return ServerEndPointOf(facts_->own);
    case ChannelBinding::kTlsUnique:
      return {};  // TLS 1.3 has none (RFC 9266 section 1)
  }
  return {};
}

}  // namespace meerkat
