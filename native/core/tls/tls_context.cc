#include "core/tls/tls_context.h"

#include <openssl/evp.h>

#include <algorithm>

#include "core/tls/pem.h"
#include "core/tls/tls_session.h"

namespace meerkat {

namespace {

std::string LowerCase(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return lower;
}

bool Fail(Failure& failure, const char* code, const std::string& what) {
  failure = {code, what + ": " + OpenSslReason() + "."};
  return false;
}

bool SetVersions(SSL_CTX* context, const std::vector<int>& versions, Failure& failure) {
  if (versions.empty()) {
    failure = {"no-tls-version", "No version of TLS is allowed."};
    return false;
  }
  static constexpr std::pair<int, uint64_t> kKnown[] = {
      {TLS1_VERSION, SSL_OP_NO_TLSv1},
      {TLS1_1_VERSION, SSL_OP_NO_TLSv1_1},
      {TLS1_2_VERSION, SSL_OP_NO_TLSv1_2},
      {TLS1_3_VERSION, SSL_OP_NO_TLSv1_3},
  };
  for (const auto& [version, off] : kKnown) {
    if (std::ranges::find(versions, version) == versions.end()) SSL_CTX_set_options(context, off);
  }
  const auto [least, most] = std::ranges::minmax_element(versions);
  if (SSL_CTX_set_min_proto_version(context, *least) != 1 || SSL_CTX_set_max_proto_version(context, *most) != 1) {
    return Fail(failure, "bad-tls-version", "The TLS versions cannot be used");
  }
  return true;
}

bool SetCiphers(SSL_CTX* context, const TlsSettings& settings, Failure& failure) {
  if (settings.ciphers && SSL_CTX_set_cipher_list(context, settings.ciphers->c_str()) != 1) {
    return Fail(failure, "bad-ciphers", "No cipher is known in '" + *settings.ciphers + "'");
  }
  if (settings.cipher_suites && SSL_CTX_set_ciphersuites(context, settings.cipher_suites->c_str()) != 1) {
    return Fail(failure, "bad-ciphers", "Not a list of TLS 1.3 cipher suites: '" + *settings.cipher_suites + "'");
  }
  if (settings.prefer_server_ciphers) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  return true;
}

bool SetDhParameters(SSL_CTX* context, const TlsSettings& settings, Failure& failure) {
  if (!settings.dh_parameters) {
    SSL_CTX_set_dh_auto(context, 1);
    return true;
  }
  EVP_PKEY* const parameters = ReadPemParameters(*settings.dh_parameters);
  if (!parameters) return Fail(failure, "bad-dh-parameters", "The Diffie-Hellman parameters cannot be read");
  if (SSL_CTX_set0_tmp_dh_pkey(context, parameters) != 1) {
    EVP_PKEY_free(parameters);
    return Fail(failure, "bad-dh-parameters", "The Diffie-Hellman parameters cannot be used");
  }
  return true;
}

int SelectAlpn(SSL* ssl, const unsigned char** out, unsigned char* out_length, const unsigned char* in,
               unsigned int in_length, void*) {
  const std::string& ours = TlsSession::Of(ssl).context().alpn();
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_length, reinterpret_cast<const unsigned char*>(ours.data()),
                                           static_cast<unsigned int>(ours.size()), in, in_length);
  *out = chosen;
  // RFC 7301 section 3.2: without a protocol in common the handshake ends with no_application_protocol.
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int SelectName(SSL* ssl, int*, void*) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (!name) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX* const chosen = TlsSession::Of(ssl).context().ForName(name);
  if (!chosen) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_SSL_CTX(ssl, chosen);
  return SSL_TLSEXT_ERR_OK;
}

int VerifyPeer(int verified, X509_STORE_CTX* store) {
  if (verified) return 1;
  SSL* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return TlsSession::Of(ssl).OnVerifyError(store) ? 1 : 0;
}

int PrepareTicket(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac,
                  int is_sealing) {
  const TlsContext& context = TlsSession::Of(ssl).context();
  return context.may_resume() ? context.tickets().Prepare(name, iv, cipher, mac, is_sealing != 0) : 0;
}

/// What a session was made under. A ticket from before any of it changed, or from another listener, is not taken, so that a client
/// meets the certificate and the rules of today.
bool NameOwner(const TlsSettings& settings, unsigned char (&owner)[32]) {
  std::string all;
  const auto add = [&all](std::string_view part) { all += std::to_string(part.size()).append(":").append(part); };
  add(std::to_string(static_cast<int>(settings.verify)));
  add(settings.ca.value_or(""));
  for (const std::string& list : settings.crls) add(list);
  add(settings.identity.certificate);
  for (const auto& [name, identity] : settings.names) {
    add(name);
    add(identity.certificate);
  }
  unsigned int size = 0;
  return EVP_Digest(all.data(), all.size(), owner, &size, EVP_sha256(), nullptr) == 1;
}

void TakeSecret(const SSL* ssl, const char* line) { TlsSession::Of(ssl).OnSecret(line); }

void CountRecord(int is_written, int, int type, const void*, size_t, SSL* ssl, void*) {
  if (type == SSL3_RT_HEADER) TlsSession::Of(ssl).OnRecord(is_written != 0);
}

void SetVerification(SSL_CTX* context, const TlsSettings& settings, X509_STORE* store) {
  SSL_CTX_set1_cert_store(context, store);
  if (settings.verify == TlsVerify::kNone) return;
  int mode = SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE;
  if (settings.require_certificate) mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(context, mode, VerifyPeer);
  // Clients choose their certificate by the authorities that we name; for self-signed ones there are none.
  if (settings.ca && settings.verify == TlsVerify::kPeer) {
    SSL_CTX_set_client_CA_list(context, CertificateNames(*settings.ca));
  }
}

/// What holds for every connection, whatever was configured.
void Harden(SSL_CTX* context) {
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                   SSL_OP_SINGLE_DH_USE | SSL_OP_SINGLE_ECDH_USE);
  // Sessions are kept by clients alone, in tickets; one of them, for a client opens one stream.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_timeout(context, TlsContext::kTicketSeconds);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context, PrepareTicket);
  SSL_CTX_set_max_early_data(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Our record layer goes on where OpenSSL stops, so nothing may be read beyond that.
  SSL_CTX_set_read_ahead(context, 0);
  SSL_CTX_set_keylog_callback(context, TakeSecret);
  SSL_CTX_set_msg_callback(context, CountRecord);
}

}  // namespace

TlsContext::TlsContext(const TlsSettings& settings, std::shared_ptr<const TicketKeys> tickets)
    : role_(settings.role),
      verify_(settings.verify),
      disconnect_on_failure_(settings.disconnect_on_failure),
      tickets_(std::move(tickets)) {
  for (const std::string& protocol : settings.alpn) {
    alpn_.push_back(static_cast<char>(protocol.size()));
    alpn_ += protocol;
  }
}

std::shared_ptr<const TlsContext> TlsContext::Create(const TlsSettings& settings,
                                                     std::shared_ptr<const TicketKeys> tickets, Failure& failure) {
  ERR_clear_error();
  for (const std::string& protocol : settings.alpn) {
    if (protocol.empty() || protocol.size() > 255) {
      failure = {"bad-alpn", "An ALPN protocol name has between 1 and 255 bytes."};
      return nullptr;
    }
  }
  const CertificateStore store = ReadStore(settings.ca, settings.crls, failure);
  if (!store) return nullptr;
  const std::shared_ptr<TlsContext> context(new TlsContext(settings, std::move(tickets)));
  if (settings.role == TlsRole::kClient) {
    context->default_ = MakeClient(settings, context->alpn_, store.get(), failure);
    return context->default_ ? context : nullptr;
  }
  if (!NameOwner(settings, context->session_owner_)) {
    Fail(failure, "out-of-memory", "No TLS context");
    return nullptr;
  }
  context->default_ = context->Make(settings, settings.identity, store.get(), "the default certificate", failure);
  if (!context->default_) return nullptr;
  for (const auto& [name, identity] : settings.names) {
    SslContext made = context->Make(settings, identity, store.get(), "the certificate for " + name, failure);
    if (!made) return nullptr;
    context->names_[LowerCase(name)] = std::move(made);
  }
  return context;
}

SslContext TlsContext::MakeClient(const TlsSettings& settings, const std::string& alpn, X509_STORE* store,
                                  Failure& failure) {
  SslContext context(SSL_CTX_new(TLS_client_method()));
  if (!context) {
    Fail(failure, "out-of-memory", "No TLS context");
    return nullptr;
  }
  SSL_CTX* const made = context.get();
  SSL_CTX_set_options(made, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(made, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const bool has_identity = !settings.identity.certificate.empty();
  if (!SetVersions(made, settings.versions, failure) || !SetCiphers(made, settings, failure) ||
      (has_identity && !UseIdentity(made, settings.identity, "the client's certificate", failure))) {
    return nullptr;
  }
  SSL_CTX_set1_cert_store(made, store);
  if (settings.verify != TlsVerify::kNone) SSL_CTX_set_verify(made, SSL_VERIFY_PEER, VerifyPeer);
  if (!alpn.empty()) {
    SSL_CTX_set_alpn_protos(made, reinterpret_cast<const unsigned char*>(alpn.data()),
                            static_cast<unsigned int>(alpn.size()));
  }
  return context;
}

SslContext TlsContext::Make(const TlsSettings& settings, const TlsIdentity& identity, X509_STORE* store,
                            const std::string& owner, Failure& failure) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) {
    Fail(failure, "out-of-memory", "No TLS context");
    return nullptr;
  }
  SSL_CTX* const made = context.get();
  Harden(made);
  SSL_CTX_set_session_id_context(made, session_owner_, sizeof session_owner_);
  if (!SetVersions(made, settings.versions, failure) || !SetCiphers(made, settings, failure) ||
      !SetDhParameters(made, settings, failure) || !UseIdentity(made, identity, owner, failure)) {
    return nullptr;
  }
  SetVerification(made, settings, store);
  SSL_CTX_set_tlsext_servername_callback(made, SelectName);
  if (!alpn_.empty()) SSL_CTX_set_alpn_select_cb(made, SelectAlpn, nullptr);
  return context;
}

SSL_CTX* TlsContext::ForName(std::string_view name) const {
  std::string wanted = LowerCase(name);
  if (wanted.ends_with('.')) wanted.pop_back();
  auto found = names_.find(wanted);
  if (found == names_.end()) {
    const size_t dot = wanted.find('.');
    if (dot == std::string::npos) return nullptr;
    wanted.replace(0, dot, 1, '*');
    found = names_.find(wanted);
  }
  return found == names_.end() ? nullptr : found->second.get();
}

}  // namespace meerkat
