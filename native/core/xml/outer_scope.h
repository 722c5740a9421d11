/// The namespaces that hold around a top-level element: those that its stream header declared.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meerkat {

inline constexpr std::string_view kClientNamespace = "jabber:client";
inline constexpr std::string_view kServerNamespace = "jabber:server";
inline constexpr std::string_view kStreamNamespace = "http://etherx.jabber.org/streams";
inline constexpr std::string_view kFramingNamespace = "urn:ietf:params:xml:ns:xmpp-framing";
inline constexpr std::string_view kXmlNamespace = "http://www.w3.org/XML/1998/namespace";
inline constexpr std::string_view kXmlnsNamespace = "http://www.w3.org/2000/xmlns/";

struct PrefixBinding {
  std::string_view prefix;
  /// Decoded: no references left.
  std::string_view ns;
};

/// A view; what it points to lives as long as the framer's stream, or for ever.
struct OuterScope {
  /// As written in the header, prefix included; empty where there is no header.
  std::string_view root;
  std::string_view default_ns;
  std::span<const PrefixBinding> bindings;

  /// False when the prefix was not declared. `xml` always is.
  [[nodiscard]] bool Find(std::string_view prefix, std::string_view& ns) const noexcept;
  /// The namespace of stanzas on this stream (RFC 6120 section 4.8.2); empty when each stanza declares its own.
  [[nodiscard]] std::string_view ContentNamespace() const noexcept {
    return default_ns == kStreamNamespace ? std::string_view() : default_ns;
  }

  /// No header: `jabber:client` is the namespace around, as for stored stanzas and those from other shards.
  [[nodiscard]] static const OuterScope& Fragment() noexcept;
  /// One of the few usual headers, which need no memory of their own; null for any other.
  [[nodiscard]] static const OuterScope* Usual(const OuterScope& scope) noexcept;
};

/// A scope with its texts, for the unusual header.
class OwnedScope {
 public:
  [[nodiscard]] static std::unique_ptr<OwnedScope> Copy(const OuterScope& scope);
  [[nodiscard]] const OuterScope& view() const noexcept { return view_; }
  [[nodiscard]] size_t bytes() const noexcept;

 private:
  std::string text_;
  std::vector<PrefixBinding> bindings_;
  OuterScope view_;
};

}  // namespace meerkat
