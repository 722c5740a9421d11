#include "core/tls/pem.h"

#include <openssl/bio.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstring>

#include "core/tls/tls_context.h"

namespace meerkat {

namespace {

struct BioFree {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, BioFree>;

struct CertificateFree {
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Certificate = std::unique_ptr<X509, CertificateFree>;

Bio Text(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

/// Answers OpenSSL's question for a passphrase; without one it would ask on the terminal.
int Passphrase(char* to, int room, int, void* context) {
  const auto* const passphrase = static_cast<const std::string*>(context);
  if (!passphrase) return -1;
  const int size = static_cast<int>(std::min<size_t>(passphrase->size(), static_cast<size_t>(room)));
  std::memcpy(to, passphrase->data(), static_cast<size_t>(size));
  return size;
}

Certificate ReadCertificate(BIO* bio) { return Certificate(PEM_read_bio_X509(bio, nullptr, Passphrase, nullptr)); }

bool Fail(Failure& failure, const char* code, const std::string& what) {
  failure = {code, what + ": " + OpenSslReason() + "."};
  return false;
}

/// The end of the text is how reading it ends, not an error.
bool AtEnd() {
  const unsigned long error = ERR_peek_last_error();
  const bool ended = error == 0 || (ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE);
  if (ended) ERR_clear_error();
  return ended;
}

bool AddRevocations(X509_STORE* store, const std::vector<std::string>& crls, Failure& failure) {
  for (const std::string& pem : crls) {
    const Bio bio = Text(pem);
    size_t count = 0;
    while (X509_CRL* const list = PEM_read_bio_X509_CRL(bio.get(), nullptr, Passphrase, nullptr)) {
      X509_STORE_add_crl(store, list);
      X509_CRL_free(list);
      count++;
    }
    if (count == 0 || !AtEnd()) return Fail(failure, "bad-crl", "A certificate revocation list cannot be read");
  }
  if (!crls.empty()) X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return true;
}

}  // namespace

std::string OpenSslReason() {
  const unsigned long error = ERR_get_error();
  const char* const reason = error ? ERR_reason_error_string(error) : nullptr;
  ERR_clear_error();
  return reason ? reason : "the text holds nothing of that kind";
}

bool UseIdentity(SSL_CTX* context, const TlsIdentity& identity, const std::string& owner, Failure& failure) {
  const Bio chain = Text(identity.certificate);
  const Certificate own = ReadCertificate(chain.get());
  if (!own) return Fail(failure, "bad-certificate", "Cannot read " + owner);
  if (SSL_CTX_use_certificate(context, own.get()) != 1) return Fail(failure, "bad-certificate", "Cannot use " + owner);
  while (Certificate issuer = ReadCertificate(chain.get())) {
    if (SSL_CTX_add0_chain_cert(context, issuer.get()) != 1) {
      return Fail(failure, "bad-certificate", "Cannot use the chain of " + owner);
    }
    (void)issuer.release();
  }
  if (!AtEnd()) return Fail(failure, "bad-certificate", "Cannot read the chain of " + owner);

  const Bio text = Text(identity.key);
  void* const passphrase = identity.passphrase.empty() ? nullptr : const_cast<std::string*>(&identity.passphrase);
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(text.get(), nullptr, Passphrase, passphrase);
  if (!key) return Fail(failure, "bad-key", "Cannot read the key of " + owner);
  const bool used = SSL_CTX_use_PrivateKey(context, key) == 1;
  EVP_PKEY_free(key);
  if (!used || SSL_CTX_check_private_key(context) != 1) {
    return Fail(failure, "key-mismatch", "The key does not belong to " + owner);
  }
  return true;
}

EVP_PKEY* ReadPemParameters(const std::string& pem) {
  const Bio bio = Text(pem);
  return PEM_read_bio_Parameters(bio.get(), nullptr);
}

CertificateStore ReadStore(const std::optional<std::string>& ca, const std::vector<std::string>& crls,
                           Failure& failure) {
  CertificateStore store(X509_STORE_new());
  if (ca) {
    const Bio bio = Text(*ca);
    size_t count = 0;
    while (const Certificate authority = ReadCertificate(bio.get())) {
      X509_STORE_add_cert(store.get(), authority.get());
      count++;
    }
    if (count == 0 || !AtEnd()) {
      Fail(failure, "bad-ca", "The certificates that peers are verified against cannot be read");
      return nullptr;
    }
  }
  if (!AddRevocations(store.get(), crls, failure)) return nullptr;
  return store;
}

STACK_OF(X509_NAME) * CertificateNames(const std::string& pem) {
  STACK_OF(X509_NAME)* const names = sk_X509_NAME_new_null();
  const Bio bio = Text(pem);
  while (const Certificate authority = ReadCertificate(bio.get())) {
    X509_NAME* const name = X509_NAME_dup(X509_get_subject_name(authority.get()));
    if (name) sk_X509_NAME_push(names, name);
  }
  ERR_clear_error();
  return names;
}

}  // namespace meerkat
