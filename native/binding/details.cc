#include "binding/details.h"

#include <openssl/x509.h>

#include "binding/values.h"
#include "core/net/proxy_facts.h"

namespace meerkat {

namespace {

napi_value PeerCertificate(napi_env env, X509* certificate) {
  unsigned char* der = nullptr;
  const int size = certificate ? i2d_X509(certificate, &der) : 0;
  if (size <= 0) return Undefined(env);
  const napi_value bytes = Bytes(env, der, static_cast<size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

napi_value OptionalText(napi_env env, const char* text) {
  return text ? Value(env, std::string_view(text)) : Undefined(env);
}

napi_value DescribeTls(napi_env env, const TlsSession& tls) {
  napi_value result;
  napi_create_object(env, &result);
  SetProperty(env, result, "version", tls.version());
  SetProperty(env, result, "cipher", tls.cipher());
  const std::string_view asked = tls.server_name();
  napi_set_named_property(env, result, "serverName", asked.empty() ? Undefined(env) : Value(env, asked));
  napi_set_named_property(env, result, "peerCertificate", PeerCertificate(env, tls.peer_certificate()));
  SetProperty(env, result, "verified", tls.is_peer_verified());
  SetProperty(env, result, "selfSigned", tls.is_peer_self_signed());
  napi_set_named_property(env, result, "verifyError", OptionalText(env, tls.verify_error()));
  return result;
}

napi_value NonEmptyText(napi_env env, std::string_view text) {
  return text.empty() ? Undefined(env) : Value(env, text);
}

napi_value DescribeProxiedTls(napi_env env, const ProxyFacts& facts) {
  napi_value result;
  napi_create_object(env, &result);
  napi_set_named_property(env, result, "version", NonEmptyText(env, facts.tls_version));
  napi_set_named_property(env, result, "cipher", NonEmptyText(env, facts.cipher));
  napi_set_named_property(env, result, "clientCommonName", NonEmptyText(env, facts.client_name));
  SetProperty(env, result, "verified", facts.is_verified);
  return result;
}

napi_value DescribeProxied(napi_env env, const Proxied& proxied) {
  const ProxyFacts facts = ReadProxyFacts({proxied.tlvs.get(), proxied.tlv_bytes});
  const std::string_view id = facts.unique_id;
  napi_value result;
  napi_create_object(env, &result);
  SetProperty(env, result, "peerAddress", std::string_view(proxied.peer.Text()));
  SetProperty(env, result, "peerPort", uint32_t{proxied.peer.port()});
  napi_set_named_property(env, result, "authority", NonEmptyText(env, facts.authority));
  napi_set_named_property(env, result, "alpn", NonEmptyText(env, facts.alpn));
  napi_set_named_property(env, result, "tls", facts.has_ssl ? DescribeProxiedTls(env, facts) : Undefined(env));
  napi_set_named_property(env, result, "uniqueId",
                          id.empty() ? Undefined(env) : Bytes(env, reinterpret_cast<const uint8_t*>(id.data()), id.size()));
  return result;
}

}  // namespace

napi_value DescribeConnection(napi_env env, const Connection& connection) {
  napi_value result;
  napi_create_object(env, &result);
  SetProperty(env, result, "bytesIn", connection.socket.bytes_in);
  SetProperty(env, result, "bytesOut", connection.socket.bytes_out);
  SetProperty(env, result, "queuedBytes", uint64_t{connection.queued_bytes()});
  if (const FrameLink* const frames = connection.frames.get()) {
    const auto* const facts = reinterpret_cast<const uint8_t*>(frames->facts.data());
    const bool is_bosh = frames->framing == Framing::kBosh;
    SetProperty(env, result, "framing", std::string_view(is_bosh ? "bosh" : "websocket"));
    napi_set_named_property(env, result, "facts", Bytes(env, facts, frames->facts.size()));
    return result;
  }
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  getsockname(connection.socket.descriptor(), reinterpret_cast<sockaddr*>(&storage), &size);
  const SocketAddress local(storage);
  const bool is_secured = connection.tls && connection.tls->is_established();
  SetProperty(env, result, "remoteAddress", std::string_view(connection.remote.Text()));
  SetProperty(env, result, "remotePort", uint32_t{connection.remote.port()});
  SetProperty(env, result, "localAddress", std::string_view(local.Text()));
  SetProperty(env, result, "localPort", uint32_t{local.port()});
  napi_set_named_property(env, result, "tls", is_secured ? DescribeTls(env, *connection.tls) : Undefined(env));
  napi_set_named_property(env, result, "proxied", connection.proxied ? DescribeProxied(env, *connection.proxied) : Undefined(env));
  napi_set_named_property(env, result, "framing", Undefined(env));
  return result;
}

napi_value ReadBinding(napi_env env, const Connection& connection, const std::string& type) {
  ChannelBinding kind = ChannelBinding::kTlsUnique;
  if (type == "tls-exporter") {
    kind = ChannelBinding::kTlsExporter;
  } else if (type == "tls-server-end-point") {
    kind = ChannelBinding::kTlsServerEndPoint;
  } else if (type != "tls-unique") {
    return Undefined(env);
  }
  if (!connection.tls || !connection.tls->is_established()) return Undefined(env);
  const std::vector<uint8_t> binding = connection.tls->Binding(kind);
  return binding.empty() ? Undefined(env) : Bytes(env, binding.data(), binding.size());
}

}  // namespace meerkat
