#include "binding/options.h"

#include <algorithm>

#include "binding/values.h"

namespace meerkat {

namespace {

/// A limit that may be larger than what fits, which then is as good as none.
bool ReadLimit(napi_env env, napi_value options, const char* name, uint32_t& to, uint32_t most = UINT32_MAX) {
  uint64_t number = 0;
  if (!ReadProperty(env, options, name, number)) return false;
  to = static_cast<uint32_t>(std::min<uint64_t>(number, most));
  return true;
}

bool ReadLimits(napi_env env, napi_value limits, Limits& to) {
  return ReadLimit(env, limits, "maxStanzaBytes", to.max_stanza_bytes, kMostStanzaBytes) &&
         ReadLimit(env, limits, "maxDepth", to.max_depth) &&
         ReadLimit(env, limits, "maxAttributes", to.max_attributes) &&
         ReadLimit(env, limits, "maxTagBytes", to.max_tag_bytes, kMostTagBytes) &&
         ReadLimit(env, limits, "maxChildren", to.max_children) &&
         ReadLimit(env, limits, "maxBytesBeforeAuthentication", to.max_bytes_before_authentication);
}

/// `undefined` for connections without a header.
bool ReadProxyRules(napi_env env, napi_value proxy, std::unique_ptr<const ProxyRules>& to) {
  if (IsUndefined(env, proxy)) return true;
  auto rules = std::make_unique<ProxyRules>();
  std::vector<std::string> trusted;
  if (!ReadProperty(env, proxy, "trusted", trusted) ||
      !ReadProperty(env, proxy, "headerDeadlineMs", rules->deadline_ms) ||
      !ReadLimit(env, proxy, "maxHeaderBytes", rules->max_header_bytes, kMostProxyHeader)) {
    return false;
  }
  rules->max_header_bytes = std::max(rules->max_header_bytes, kLeastProxyHeader);
  for (const std::string& text : trusted) {
    const auto range = AddressRange::Parse(text);
    if (!range) {
      Throw(env, {"bad-network", "Not an address or a network: '" + text + "'."});
      return false;
    }
    rules->trusted.push_back(*range);
  }
  to = std::move(rules);
  return true;
}

bool ReadIdentity(napi_env env, napi_value options, TlsIdentity& to) {
  std::optional<std::string> passphrase;
  if (!ReadProperty(env, options, "certificate", to.certificate) || !ReadProperty(env, options, "key", to.key) ||
      !ReadProperty(env, options, "passphrase", passphrase)) {
    return false;
  }
  to.passphrase = passphrase.value_or("");
  return true;
}

bool ReadVersions(napi_env env, napi_value options, std::vector<int>& to) {
  static constexpr std::pair<std::string_view, int> kKnown[] = {
      {"TLSv1", TLS1_VERSION}, {"TLSv1.1", TLS1_1_VERSION}, {"TLSv1.2", TLS1_2_VERSION}, {"TLSv1.3", TLS1_3_VERSION}};
  std::vector<std::string> names;
  if (!ReadProperty(env, options, "versions", names)) return false;
  for (const std::string& name : names) {
    const auto* const known = std::ranges::find(kKnown, name, &std::pair<std::string_view, int>::first);
    if (known == std::end(kKnown)) {
      Throw(env, {"bad-tls-version", "Not a version of TLS: '" + name + "'."});
      return false;
    }
    to.push_back(known->second);
  }
  return true;
}

bool ReadVerify(napi_env env, napi_value options, TlsVerify& to) {
  std::string verify;
  if (!ReadProperty(env, options, "verify", verify)) return false;
  if (verify != "none" && verify != "peer" && verify != "selfsigned") {
    Throw(env, {"bad-verify", "Not a way to verify certificates: '" + verify + "'."});
    return false;
  }
  to = verify == "none" ? TlsVerify::kNone : verify == "peer" ? TlsVerify::kPeer : TlsVerify::kSelfSigned;
  return true;
}

bool ReadNames(napi_env env, napi_value names, std::vector<std::pair<std::string, TlsIdentity>>& to) {
  uint32_t count = 0;
  if (napi_get_array_length(env, names, &count) != napi_ok) {
    ThrowType(env, "An array of certificates by name was expected.");
    return false;
  }
  to.resize(count);
  for (uint32_t i = 0; i < count; i++) {
    napi_value entry;
    if (napi_get_element(env, names, i, &entry) != napi_ok || !ReadProperty(env, entry, "name", to[i].first) ||
        !ReadIdentity(env, entry, to[i].second)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool ReadEngineSettings(napi_env env, napi_value options, Reactor::Settings& to) {
  const napi_value children = Property(env, options, "children");
  uint32_t count = 0;
  if (!ReadProperty(env, options, "group", to.group) || !ReadProperty(env, options, "shard", to.shard) ||
      !ReadProperty(env, options, "shards", to.shards) || !ReadProperty(env, options, "isHidden", to.is_hidden)) {
    return false;
  }
  if (napi_get_array_length(env, children, &count) != napi_ok) {
    ThrowType(env, "An array of child patterns was expected.");
    return false;
  }
  if (count > ChildTable::kMostPatterns || to.shard >= to.shards) {
    Throw(env, {"bad-options", "There are at most 64 child patterns, and the shard's number is below that of shards."});
    return false;
  }
  to.children.resize(count);
  for (uint32_t i = 0; i < count; i++) {
    napi_value pattern;
    if (napi_get_element(env, children, i, &pattern) != napi_ok ||
        !ReadProperty(env, pattern, "ns", to.children[i].first) ||
        !ReadProperty(env, pattern, "name", to.children[i].second)) {
      return false;
    }
  }
  return true;
}

bool ReadListenSettings(napi_env env, napi_value options, ListenSettings& to) {
  uint32_t port = 0;
  uint32_t backlog = 0;
  if (!ReadProperty(env, options, "address", to.address) || !ReadProperty(env, options, "port", port) ||
      !ReadProperty(env, options, "ipv6Only", to.ipv6_only) || !ReadProperty(env, options, "backlog", backlog) ||
      !ReadProperty(env, options, "reusePort", to.reuse_port)) {
    return false;
  }
  if (port > 65535) {
    Throw(env, {"EINVAL", "Cannot listen on port " + std::to_string(port) + ": the highest is 65535."});
    return false;
  }
  to.port = static_cast<uint16_t>(port);
  to.backlog = static_cast<int>(std::min(backlog, 65535u));
  return true;
}

bool ReadConnectSettings(napi_env env, napi_value options, ConnectSettings& to) {
  uint32_t port = 0;
  std::optional<std::string> local_address;
  const napi_value preamble = Property(env, options, "preamble");
  std::string_view bytes;
  if (!ReadProperty(env, options, "address", to.address) || !ReadProperty(env, options, "port", port) ||
      !ReadProperty(env, options, "localAddress", local_address) ||
      !ReadProperty(env, options, "deadlineMs", to.deadline_ms) ||
      (!IsUndefined(env, preamble) && !ReadBytes(env, preamble, bytes))) {
    return false;
  }
  if (port == 0 || port > 65535) {
    Throw(env, {"EINVAL", "Cannot connect to port " + std::to_string(port) + ": they go from 1 to 65535."});
    return false;
  }
  to.port = static_cast<uint16_t>(port);
  to.local_address = local_address.value_or("");
  to.preamble = bytes;
  return true;
}

bool ReadPolicy(napi_env env, napi_value options, ConnectionPolicy& to) {
  uint64_t most_output = 0;
  uint32_t most_decompressed = 0;
  if (!ReadLimits(env, Property(env, options, "limits"), to.limits) ||
      !ReadProperty(env, options, "maxOutputBytes", most_output) ||
      !ReadLimit(env, options, "maxOutputWrites", to.max_output_writes) ||
      !ReadLimit(env, options, "maxDecompressedBytes", most_decompressed) ||
      !ReadProperty(env, options, "authenticationDeadlineMs", to.authentication_deadline_ms) ||
      !ReadLimit(env, options, "maxConnections", to.max_connections) ||
      !ReadProxyRules(env, Property(env, options, "proxy"), to.proxy)) {
    return false;
  }
  to.max_output_bytes = static_cast<size_t>(most_output);
  to.compressed_limits = to.limits;
  to.compressed_limits.max_stanza_bytes = std::min(to.limits.max_stanza_bytes, most_decompressed);
  return true;
}

bool ReadFramePolicy(napi_env env, napi_value options, ConnectionPolicy& to) {
  std::string framing;
  uint64_t most_output = 0;
  uint64_t most_input = 0;
  if (!ReadLimits(env, Property(env, options, "limits"), to.limits) ||
      !ReadProperty(env, options, "framing", framing) ||
      !ReadProperty(env, options, "maxOutputBytes", most_output) ||
      !ReadLimit(env, options, "maxOutputWrites", to.max_output_writes) ||
      !ReadProperty(env, options, "maxInputBytes", most_input) ||
      !ReadProperty(env, options, "authenticationDeadlineMs", to.authentication_deadline_ms) ||
      !ReadLimit(env, options, "maxConnections", to.max_connections)) {
    return false;
  }
  if (framing != "websocket" && framing != "bosh") {
    Throw(env, {"bad-framing", "Not a kind of frames: '" + framing + "'."});
    return false;
  }
  to.max_output_bytes = static_cast<size_t>(most_output);
  // Pieces lie in memory in one block.
  to.frames.max_input_bytes = std::min<size_t>(static_cast<size_t>(most_input), kMostStanzaBytes);
  to.frames.framing = framing == "websocket" ? Framing::kWebSocket : Framing::kBosh;
  return true;
}

bool ReadTlsClientSettings(napi_env env, napi_value options, TlsSettings& to) {
  to.role = TlsRole::kClient;
  const napi_value identity = Property(env, options, "identity");
  return (IsUndefined(env, identity) || ReadIdentity(env, identity, to.identity)) &&
         ReadVersions(env, options, to.versions) && ReadProperty(env, options, "ciphers", to.ciphers) &&
         ReadProperty(env, options, "cipherSuites", to.cipher_suites) && ReadProperty(env, options, "ca", to.ca) &&
         ReadProperty(env, options, "crls", to.crls) && ReadVerify(env, options, to.verify) &&
         ReadProperty(env, options, "alpn", to.alpn);
}

bool ReadTlsSettings(napi_env env, napi_value options, TlsSettings& to) {
  return ReadIdentity(env, options, to.identity) && ReadVersions(env, options, to.versions) &&
         ReadProperty(env, options, "ciphers", to.ciphers) &&
         ReadProperty(env, options, "cipherSuites", to.cipher_suites) &&
         ReadProperty(env, options, "preferServerCiphers", to.prefer_server_ciphers) &&
         ReadProperty(env, options, "dhParameters", to.dh_parameters) && ReadProperty(env, options, "ca", to.ca) &&
         ReadProperty(env, options, "crls", to.crls) && ReadVerify(env, options, to.verify) &&
         ReadProperty(env, options, "requireCertificate", to.require_certificate) &&
         ReadProperty(env, options, "disconnectOnFailure", to.disconnect_on_failure) &&
         ReadNames(env, Property(env, options, "names"), to.names) && ReadProperty(env, options, "alpn", to.alpn);
}

}  // namespace meerkat
