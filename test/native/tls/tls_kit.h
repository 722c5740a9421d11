/// A TLS session of ours and OpenSSL's client at the other end of a pair of sockets.
#pragma once

#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/tls/tls_session.h"

namespace meerkat::test {

using Bytes = std::vector<uint8_t>;

inline std::string Text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<size_t>(size));
  BIO_free(bio);
  return text;
}

/// A certificate that signed itself, valid for an hour.
inline TlsIdentity MakeIdentity() {
  EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
  X509* const certificate = X509_new();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, key);
  X509_NAME* const name = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
  X509_set_issuer_name(certificate, name);
  X509_sign(certificate, key, EVP_sha256());
  BIO* const certificate_text = BIO_new(BIO_s_mem());
  BIO* const key_text = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(certificate_text, certificate);
  PEM_write_bio_PrivateKey(key_text, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return {Text(certificate_text), Text(key_text), {}};
}

inline std::shared_ptr<const TlsContext> MakeContext() {
  const auto tickets = std::make_shared<TicketKeys>();
  (void)tickets->Set(std::string(TicketKeys::kKeyBytes, 'k'), {});
  TlsSettings settings;
  settings.identity = MakeIdentity();
  settings.versions = {TLS1_2_VERSION, TLS1_3_VERSION};
  Failure failure;
  return TlsContext::Create(settings, tickets, failure);
}

class TlsPair {
 public:
  using Result = TlsSession::Result;

  explicit TlsPair(std::shared_ptr<const TlsContext> context, int version = TLS1_3_VERSION, const char* suites = nullptr) {
    (void)socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_);
    socket_ = std::make_unique<Socket>(ends_[0]);
    server_ = TlsSession::Create(std::move(context), *socket_, {blocks_, ciphers_}, {});
    client_context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(client_context_, version);
    SSL_CTX_set_max_proto_version(client_context_, version);
    if (suites) SSL_CTX_set_ciphersuites(client_context_, suites);
    SSL_CTX_set_keylog_callback(client_context_, [](const SSL* ssl, const char* line) {
      static_cast<TlsPair*>(SSL_get_app_data(ssl))->Note(line);
    });
    client_ = SSL_new(client_context_);
    SSL_set_app_data(client_, this);
    SSL_set_fd(client_, ends_[1]);
    SSL_set_connect_state(client_);
  }
  ~TlsPair() {
    SSL_free(client_);
    SSL_CTX_free(client_context_);
    server_.reset();
    close(ends_[1]);
  }
  TlsPair(const TlsPair&) = delete;
  TlsPair& operator=(const TlsPair&) = delete;

  [[nodiscard]] TlsSession& server() { return *server_; }
  [[nodiscard]] SSL* client() { return client_; }
  [[nodiscard]] RecordCiphers& ciphers() { return ciphers_; }

  /// What the kernel would tell by epoll.
  void Edge() {
    socket_->OnReadable(false);
    socket_->OnWritable();
  }

  [[nodiscard]] bool Handshake() {
    for (int turn = 0; turn < 20; turn++) {
      const int connected = SSL_do_handshake(client_);
      Edge();
      if (!server_->is_established() && server_->Handshake() == Result::kFailed) return false;
      (void)server_->Flush();
      if (connected == 1 && server_->is_established()) return true;
    }
    return false;
  }

  /// The client's record layer, in place of OpenSSL's: for what that would not send.
  [[nodiscard]] std::unique_ptr<RecordLayer> RawClient() {
    const uint16_t suite = SSL_CIPHER_get_protocol_id(SSL_get_current_cipher(client_));
    return RecordLayer::Create(suite, {.read = secrets_["SERVER_TRAFFIC_SECRET_0"],
                                       .write = secrets_["CLIENT_TRAFFIC_SECRET_0"]});
  }

  void SendRaw(const uint8_t* bytes, size_t size) { (void)!write(ends_[1], bytes, size); }
  [[nodiscard]] Bytes ReceiveRaw() {
    Bytes all(1 << 17);
    const ssize_t size = read(ends_[1], all.data(), all.size());
    all.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return all;
  }

  /// Everything that the server has to read, `room` bytes at a time; `last` is how that ended.
  [[nodiscard]] std::string ReadAll(size_t room, Result& last) {
    std::string all;
    std::vector<char> buffer(room);
    for (int turn = 0; turn < 100'000; turn++) {
      Edge();
      size_t size = 0;
      last = server_->Read(buffer.data(), room, size);
      (void)server_->Flush();
      all.append(buffer.data(), size);
      if (last != Result::kDone && !(last == Result::kBlocked && server_->was_stopped())) break;
    }
    return all;
  }

 private:
  void Note(const std::string& line) {
    const size_t first = line.find(' ');
    const std::string hex = line.substr(line.rfind(' ') + 1);
    Bytes& secret = secrets_[line.substr(0, first)];
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
      secret.push_back(static_cast<uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
  }

  int ends_[2] = {-1, -1};  // ours belongs to socket_
  BlockPool blocks_;
  RecordCiphers ciphers_;
  std::unique_ptr<Socket> socket_;
  std::unique_ptr<TlsSession> server_;
  SSL_CTX* client_context_ = nullptr;  // owned
  SSL* client_ = nullptr;              // owned
  std::map<std::string, Bytes> secrets_;
};

}  // namespace meerkat::test
