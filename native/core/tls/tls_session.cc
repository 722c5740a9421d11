#include "core/tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <climits>

namespace meerkat {

std::unique_ptr<TlsSession> TlsSession::Create(std::shared_ptr<const TlsContext> context, Socket& socket,
                                               BlockPool& pool, const std::string& server_name) {
  ERR_clear_error();
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(context), socket, pool));
  SSL_CTX* const named = session->context_->ForName(server_name);
  session->ssl_ = SSL_new(named ? named : session->context_->Default());
  BIO* const bio = session->ssl_ ? BIO_new(SocketMethod()) : nullptr;
  if (!bio) return nullptr;
  BIO_set_data(bio, session.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session->ssl_, bio, bio);
  SSL_set_app_data(session->ssl_, session.get());
  SSL_set_accept_state(session->ssl_);
  return session;
}

TlsSession::~TlsSession() {
  if (ssl_) SSL_free(ssl_);
}

const BIO_METHOD* TlsSession::SocketMethod() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "meerkat socket");
    BIO_meth_set_read(made, BioRead);
    BIO_meth_set_write(made, BioWrite);
    BIO_meth_set_ctrl(made, BioControl);
    return made;
  }();
  return method;
}

int TlsSession::BioRead(BIO* bio, char* to, int room) {
  TlsSession& session = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  Socket& socket = session.socket_;
  const size_t most = session.wire_.bytes() < kMostWire ? std::min(static_cast<size_t>(room), session.budget_) : 0;
  const ssize_t size = most > 0 && socket.readable() ? socket.Receive(to, most) : Socket::kBlocked;
  if (size >= 0) {
    session.budget_ -= static_cast<size_t>(size);
    session.barren_ += static_cast<size_t>(size);
    return static_cast<int>(size);
  }
  if (size == Socket::kBlocked) {
    BIO_set_retry_read(bio);
  } else {
    session.broken_ = true;
  }
  return -1;
}

int TlsSession::BioWrite(BIO* bio, const char* from, int size) {
  TlsSession& session = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  size_t sent = 0;
  if (!session.is_reading_ && session.wire_.empty() && session.socket_.writable()) {
    const ssize_t result = session.socket_.Send(from, static_cast<size_t>(size));
    if (result == Socket::kBroken) {
      session.broken_ = true;
      return -1;
    }
    sent = static_cast<size_t>(std::max<ssize_t>(result, 0));
  }
  session.wire_.Append(*session.pool_, from + sent, static_cast<size_t>(size) - sent);
  return size;
}

long TlsSession::BioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

TlsSession::Result TlsSession::Handshake() {
  ERR_clear_error();
  budget_ = kMostPerCall;
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return Explain(result);
  established_ = true;
  barren_ = 0;
  return Result::kDone;
}

TlsSession::Result TlsSession::Read(void* to, size_t room, size_t& size) {
  ERR_clear_error();
  size = 0;
  budget_ = kMostPerCall;
  is_reading_ = true;
  const int result = SSL_read_ex(ssl_, to, room, &size);
  is_reading_ = false;
  if (result != 1) return Explain(result);
  barren_ = 0;
  return Result::kDone;
}

TlsSession::Result TlsSession::Write(const void* from, size_t size) {
  ERR_clear_error();
  size_t written = 0;
  const int result = SSL_write_ex(ssl_, from, size, &written);
  return result == 1 ? Result::kDone : Explain(result);
}

TlsSession::Result TlsSession::Explain(int result) {
  const int error = SSL_get_error(ssl_, result);
  ERR_clear_error();
  if (broken_) {
    failed_ = true;
    return Result::kReset;
  }
  switch (error) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      failed_ = barren_ > (established_ ? kMostBarren : kMostHandshake);
      return failed_ ? Result::kFailed : Result::kBlocked;
    case SSL_ERROR_ZERO_RETURN:
      return Result::kEnded;
    case SSL_ERROR_SYSCALL:
      failed_ = true;
      return Result::kEnded;
    default:
      failed_ = true;
      return Result::kFailed;
  }
}

void TlsSession::Finish() {
  // After a fatal error OpenSSL has sent its alert already, and wants no more calls.
  if (finished_ || failed_ || !established_) return;
  finished_ = true;
  ERR_clear_error();
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

TlsSession::Result TlsSession::Flush() {
  static constexpr int kPieces = 64;
  while (!wire_.empty()) {
    if (!socket_.writable()) return Result::kBlocked;
    iovec pieces[kPieces];
    const ssize_t sent = socket_.Send(pieces, wire_.Gather(pieces, kPieces));
    if (sent == Socket::kBlocked) return Result::kBlocked;
    if (sent == Socket::kBroken) return Result::kReset;
    wire_.Consume(*pool_, static_cast<size_t>(sent));
  }
  return Result::kDone;
}

bool TlsSession::OnVerifyError(X509_STORE_CTX* store) {
  const int error = X509_STORE_CTX_get_error(store);
  // The error stays in the result of the verification: by that it is told from a chain to an authority.
  if (context_->verify() == TlsVerify::kSelfSigned && error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) return true;
  if (verify_error_ == X509_V_OK) verify_error_ = error;
  return !context_->disconnect_on_failure();
}

bool TlsSession::is_peer_verified() const {
  return SSL_get0_peer_certificate(ssl_) != nullptr && verify_error_ == X509_V_OK &&
         SSL_get_verify_result(ssl_) == X509_V_OK && context_->verify() != TlsVerify::kNone;
}

bool TlsSession::is_peer_self_signed() const {
  return SSL_get0_peer_certificate(ssl_) != nullptr && verify_error_ == X509_V_OK &&
         SSL_get_verify_result(ssl_) == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT &&
         context_->verify() == TlsVerify::kSelfSigned;
}

const char* TlsSession::verify_error() const {
  return verify_error_ == X509_V_OK ? nullptr : X509_verify_cert_error_string(verify_error_);
}

}  // namespace meerkat
