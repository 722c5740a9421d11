/// Reads keys, certificates, parameters and revocation lists from PEM text.
#pragma once

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/net/failure.h"

namespace meerkat {

struct TlsIdentity;

struct CertificateStoreFree {
  void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
};
using CertificateStore = std::unique_ptr<X509_STORE, CertificateStoreFree>;

/// OpenSSL's words for its oldest queued error; the queue is empty afterwards.
[[nodiscard]] std::string OpenSslReason();

/// `owner` says in messages whose certificate it is.
[[nodiscard]] bool UseIdentity(SSL_CTX* context, const TlsIdentity& identity, const std::string& owner,
                               Failure& failure);
/// Null when the text has none; the caller owns the result.
[[nodiscard]] EVP_PKEY* ReadPemParameters(const std::string& pem);
/// What peers are verified against. Null with `failure` filled in when a certificate or list cannot be read.
[[nodiscard]] CertificateStore ReadStore(const std::optional<std::string>& ca, const std::vector<std::string>& crls,
                                         Failure& failure);
/// The subjects of all certificates in the text; the caller owns the result.
[[nodiscard]] STACK_OF(X509_NAME) * CertificateNames(const std::string& pem);

}  // namespace meerkat
