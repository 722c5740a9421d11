#include "core/tls/tls_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <climits>
#include <cstring>

#include "core/tls/tls_facts.h"

namespace meerkat {

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, Socket& socket, const TlsSurroundings& shard) noexcept
    : context_(std::move(context)), socket_(socket), pool_(&shard.blocks), ciphers_(&shard.ciphers) {}

std::unique_ptr<TlsSession> TlsSession::Create(std::shared_ptr<const TlsContext> context, Socket& socket,
                                               const TlsSurroundings& shard, const std::string& server_name) {
  ERR_clear_error();
  std::unique_ptr<TlsSession> session(new TlsSession(std::move(context), socket, shard));
  SSL_CTX* const named = session->context_->ForName(server_name);
  session->ssl_ = SSL_new(named ? named : session->context_->Default());
  BIO* const bio = session->ssl_ ? BIO_new(SocketMethod()) : nullptr;
  if (!bio) return nullptr;
  BIO_set_data(bio, session.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session->ssl_, bio, bio);
  SSL_set_app_data(session->ssl_, session.get());
  if (session->context_->role() == TlsRole::kClient) {
    SSL_set_connect_state(session->ssl_);
    return session->Ask(server_name) ? std::move(session) : nullptr;
  }
  SSL_set_accept_state(session->ssl_);
  if (!session->context_->may_resume()) {
    SSL_set_options(session->ssl_, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(session->ssl_, 0);
  }
  return session;
}

bool TlsSession::Ask(const std::string& server_name) {
  if (server_name.empty()) return true;
  if (SSL_set_tlsext_host_name(ssl_, server_name.c_str()) != 1) return false;
  return context_->verify() == TlsVerify::kNone || SSL_set1_host(ssl_, server_name.c_str()) == 1;
}

TlsSession::~TlsSession() {
  if (ssl_) SSL_free(ssl_);
}

bool TlsSession::has_pending() noexcept {
  if (!records_) return SSL_has_pending(ssl_) == 1;
  return !clear_.empty() || (!tail_.empty() && RecordLayer::SizeOf({tail_.data(), tail_.size()}) <= tail_.size());
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
  const ssize_t size = session.Pull(to, static_cast<size_t>(room));
  if (size >= 0) return static_cast<int>(size);
  if (size == Socket::kBlocked) BIO_set_retry_read(bio);
  return -1;
}

ssize_t TlsSession::Pull(void* to, size_t room) {
  const size_t most = wire_.bytes() < kMostWire ? std::min(room, budget_) : 0;
  const ssize_t size = most > 0 && socket_.readable() ? socket_.Receive(to, most) : Socket::kBlocked;
  if (size >= 0) {
    budget_ -= static_cast<size_t>(size);
    // Our own records are weighed one by one instead.
    if (!records_) barren_ += static_cast<size_t>(size);
  } else if (size == Socket::kBroken) {
    broken_ = true;
  }
  return size;
}

int TlsSession::BioWrite(BIO* bio, const char* from, int size) {
  TlsSession& session = *static_cast<TlsSession*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  return session.Put(from, static_cast<size_t>(size)) ? size : -1;
}

bool TlsSession::Put(const void* from, size_t size) {
  size_t sent = 0;
  if (!is_reading_ && wire_.empty() && socket_.writable()) {
    const ssize_t result = socket_.Send(from, size);
    if (result == Socket::kBroken) {
      broken_ = true;
      return false;
    }
    sent = static_cast<size_t>(std::max<ssize_t>(result, 0));
  }
  wire_.Append(*pool_, static_cast<const uint8_t*>(from) + sent, size - sent);
  return true;
}

long TlsSession::BioControl(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

TlsSession::Result TlsSession::Handshake() {
  ERR_clear_error();
  budget_ = kMostPerCall;
  const int result = SSL_do_handshake(ssl_);
  if (result != 1) return Explain(result);
  established_ = true;
  barren_ = 0;
  TakeOver();
  return Result::kDone;
}

TlsSession::Result TlsSession::Read(void* to, size_t room, size_t& size) {
  ERR_clear_error();
  size = 0;
  budget_ = kMostPerCall;
  is_reading_ = true;
  if (records_) {
    const Result read = ReadRecords(static_cast<uint8_t*>(to), room, size);
    is_reading_ = false;
    return read;
  }
  const int result = SSL_read_ex(ssl_, to, room, &size);
  is_reading_ = false;
  if (result != 1) return Explain(result);
  barren_ = 0;
  return Result::kDone;
}

TlsSession::Result TlsSession::Write(const void* from, size_t size) {
  if (records_) {
    const bool is_sent = SendRecord(ContentType::kApplicationData, {static_cast<const uint8_t*>(from), size});
    return is_sent ? Result::kDone : broken_ ? Result::kReset : Result::kFailed;
  }
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
  if (records_) {
    static constexpr uint8_t kCloseNotify[] = {1, static_cast<uint8_t>(TlsAlert::kCloseNotify)};
    (void)SendRecord(ContentType::kAlert, kCloseNotify);
    return;
  }
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

TlsSession::Result TlsSession::ReadRecords(uint8_t* to, size_t room, size_t& size) {
  if (!clear_.empty()) {
    size = std::min(room, clear_.size());
    std::memcpy(to, clear_.data(), size);
    clear_.Assign(clear_.data() + size, clear_.size() - size);
    return Result::kDone;
  }
  if (failed_) return Result::kFailed;
  if (ended_) return Result::kEnded;
  uint8_t* const input = ciphers_->input();
  size_t held = tail_.size();
  if (held > 0) std::memcpy(input, tail_.data(), held);
  size_t at = 0;
  Result result = Result::kDone;
  while (result == Result::kDone && size < room) {
    const size_t wanted = RecordLayer::SizeOf({input + at, held - at});
    if (held - at >= wanted) {
      const RecordLayer::Opened opened = records_->Open(*ciphers_, {input + at, wanted});
      Weigh(wanted, opened.type == ContentType::kApplicationData ? opened.content.size() : 0);
      result = TakeRecord(opened, to, room, size);
      at += wanted;
    } else if (size > 0) {
      break;
    } else {
      std::memmove(input, input + at, held - at);
      held -= at;
      at = 0;
      result = PullRecord(held, room);
    }
  }
  tail_.Assign(input + at, held - at);
  const bool goes_on = result == Result::kDone || result == Result::kBlocked;
  if (goes_on && barren_ > kMostBarren) result = Refuse(TlsAlert::kUnexpectedMessage);
  return size > 0 ? Result::kDone : result;
}

/// A key update costs us far more than its 27 bytes: a byte of clear text between two of them must not buy a thousand more.
void TlsSession::Weigh(size_t record, size_t clear) noexcept {
  if (clear == 0) {
    barren_ += record;
  } else {
    barren_ -= std::min(barren_, clear / kClearForBarren);
  }
}

TlsSession::Result TlsSession::PullRecord(size_t& held, size_t room) {
  uint8_t* const input = ciphers_->input();
  // What is read ahead has to be kept, so no more than the reader has room for, unless a record needs it.
  const size_t missing = RecordLayer::SizeOf({input, held}) - held;
  const ssize_t pulled = Pull(input + held, std::min(std::max(room, missing), RecordCiphers::kInputBytes - held));
  if (pulled > 0) {
    held += static_cast<size_t>(pulled);
    return Result::kDone;
  }
  if (pulled == Socket::kBlocked) return Result::kBlocked;
  failed_ = pulled == Socket::kBroken;
  ended_ = !failed_;
  return failed_ ? Result::kReset : Result::kEnded;
}

TlsSession::Result TlsSession::TakeRecord(const RecordLayer::Opened& opened, uint8_t* to, size_t room, size_t& size) {
  if (opened.failure != TlsAlert::kNone) return Refuse(opened.failure);
  switch (opened.type) {
    case ContentType::kApplicationData: {
      const size_t taken = std::min(room - size, opened.content.size());
      if (taken > 0) std::memcpy(to + size, opened.content.data(), taken);
      size += taken;
      clear_.Assign(opened.content.data() + taken, opened.content.size() - taken);
      return Result::kDone;
    }
    case ContentType::kHandshake:
      return TakeKeyUpdate(opened.content);
    case ContentType::kAlert:
      return TakeAlert(opened.content);
  }
  return Refuse(TlsAlert::kUnexpectedMessage);
}

/// RFC 8446 section 6: every alert but these two is fatal.
TlsSession::Result TlsSession::TakeAlert(std::span<const uint8_t> alert) {
  if (alert.size() != 2) return Refuse(TlsAlert::kDecodeError);
  if (alert[1] == static_cast<uint8_t>(TlsAlert::kUserCanceled)) return Result::kDone;
  if (alert[1] == static_cast<uint8_t>(TlsAlert::kCloseNotify)) {
    ended_ = true;
    return Result::kEnded;
  }
  failed_ = true;
  return Result::kFailed;
}

/// RFC 8446 section 4.6.3. We ask for no certificate behind the handshake, and there is no renegotiation: nothing else is expected.
/// The message ends its record (section 5.1), and we take none that is spread over several.
TlsSession::Result TlsSession::TakeKeyUpdate(std::span<const uint8_t> message) {
  static constexpr uint8_t kHead[] = {24, 0, 0, 1};
  if (message[0] != kHead[0]) return Refuse(TlsAlert::kUnexpectedMessage);
  if (message.size() != sizeof kHead + 1 || !std::equal(kHead, kHead + sizeof kHead, message.begin())) {
    return Refuse(TlsAlert::kDecodeError);
  }
  const uint8_t is_requested = message.back();
  if (is_requested > 1) return Refuse(TlsAlert::kIllegalParameter);
  if (!records_->UpdateRead()) return Refuse(TlsAlert::kInternalError);
  if (is_requested == 0) return Result::kDone;
  const size_t size = records_->SealKeyUpdate(*ciphers_, ciphers_->output());
  if (size == 0) return Refuse(TlsAlert::kInternalError);
  return Put(ciphers_->output(), size) ? Result::kDone : Result::kReset;
}

bool TlsSession::SendRecord(ContentType type, std::span<const uint8_t> content) {
  uint8_t* const output = ciphers_->output();
  if (records_->is_write_worn()) {
    const size_t update = records_->SealKeyUpdate(*ciphers_, output);
    if (update == 0 || !Put(output, update)) return false;
  }
  const size_t size = records_->Seal(*ciphers_, type, content, output);
  return size > 0 && Put(output, size);
}

TlsSession::Result TlsSession::Refuse(TlsAlert alert) {
  const uint8_t fatal[] = {2, static_cast<uint8_t>(alert)};
  // Said once, and whether it leaves changes nothing.
  if (!failed_) (void)SendRecord(ContentType::kAlert, fatal);
  failed_ = true;
  return Result::kFailed;
}

bool TlsSession::OnVerifyError(X509_STORE_CTX* store) {
  const int error = X509_STORE_CTX_get_error(store);
  // The error stays in the result of the verification: by that it is told from a chain to an authority.
  if (context_->verify() == TlsVerify::kSelfSigned && error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT) return true;
  if (verify_error_ == X509_V_OK) verify_error_ = error;
  return !context_->disconnect_on_failure();
}

bool TlsSession::is_peer_verified() const {
  return peer_certificate() != nullptr && verify_error_ == X509_V_OK && verify_result() == X509_V_OK &&
         context_->verify() != TlsVerify::kNone;
}

bool TlsSession::is_peer_self_signed() const {
  return peer_certificate() != nullptr && verify_error_ == X509_V_OK &&
         verify_result() == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT && context_->verify() == TlsVerify::kSelfSigned;
}

const char* TlsSession::verify_error() const {
  return verify_error_ == X509_V_OK ? nullptr : X509_verify_cert_error_string(verify_error_);
}

}  // namespace meerkat
