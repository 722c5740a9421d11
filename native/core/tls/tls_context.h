/// What TLS connections share: certificates by name, rules for peers, protocol limits.
#pragma once

#include <openssl/ssl.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/net/failure.h"
#include "core/tls/ticket_keys.h"

namespace meerkat {

struct TlsIdentity {
  std::string certificate;  // PEM, own certificate first
  std::string key;          // PEM
  std::string passphrase;
};

enum class TlsVerify : uint8_t { kNone, kPeer, kSelfSigned };

/// Which side of the connections we are.
enum class TlsRole : uint8_t { kServer, kClient };

struct TlsSettings {
  TlsRole role = TlsRole::kServer;
  TlsIdentity identity;  // a client may have none
  std::vector<int> versions;  // TLS1_VERSION and its like
  std::optional<std::string> ciphers;
  std::optional<std::string> cipher_suites;
  bool prefer_server_ciphers = true;
  std::optional<std::string> dh_parameters;
  std::optional<std::string> ca;
  std::vector<std::string> crls;
  TlsVerify verify = TlsVerify::kNone;
  bool require_certificate = false;
  bool disconnect_on_failure = true;
  std::vector<std::pair<std::string, TlsIdentity>> names;
  std::vector<std::string> alpn;
};

struct SslContextFree {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

/// Immutable once made, so sessions on any thread may share it; the last one frees it.
class TlsContext {
 public:
  /// How long a ticket is good for: as long as the key that sealed it is kept at least.
  static constexpr long kTicketSeconds = 4 * 60 * 60;

  /// Null, with `failure` filled in, when the settings cannot be used. Sessions are resumed once `tickets` are set.
  [[nodiscard]] static std::shared_ptr<const TlsContext> Create(const TlsSettings& settings,
                                                                std::shared_ptr<const TicketKeys> tickets,
                                                                Failure& failure);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  /// The certificate for a server name: exact, then `*.` for its first label; null when there is none.
  [[nodiscard]] SSL_CTX* ForName(std::string_view name) const;
  [[nodiscard]] SSL_CTX* Default() const noexcept { return default_.get(); }
  [[nodiscard]] TlsRole role() const noexcept { return role_; }
  [[nodiscard]] TlsVerify verify() const noexcept { return verify_; }
  [[nodiscard]] bool disconnect_on_failure() const noexcept { return disconnect_on_failure_; }
  /// A client that may be asked for a certificate shows it in every handshake, so that it is judged each time.
  [[nodiscard]] bool may_resume() const noexcept {
    return role_ == TlsRole::kServer && verify_ == TlsVerify::kNone && tickets_->is_set();
  }
  [[nodiscard]] const TicketKeys& tickets() const noexcept { return *tickets_; }
  /// Protocol names in the form of RFC 7301 section 3.1.
  [[nodiscard]] const std::string& alpn() const noexcept { return alpn_; }

 private:
  TlsContext(const TlsSettings& settings, std::shared_ptr<const TicketKeys> tickets);
  [[nodiscard]] static SslContext MakeClient(const TlsSettings& settings, const std::string& alpn, X509_STORE* store,
                                             Failure& failure);
  [[nodiscard]] SslContext Make(const TlsSettings& settings, const TlsIdentity& identity, X509_STORE* store,
                                const std::string& owner, Failure& failure);

  SslContext default_;                       // owned
  std::map<std::string, SslContext> names_;  // owned, by lower-case name
  const TlsRole role_;
  const TlsVerify verify_;
  const bool disconnect_on_failure_;
  std::string alpn_;
  const std::shared_ptr<const TicketKeys> tickets_;  // shared with the other contexts of the shard
  unsigned char session_owner_[32] = {};
};

}  // namespace meerkat
