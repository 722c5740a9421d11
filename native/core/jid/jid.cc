#include "core/jid/jid.h"

#include <array>

namespace meerkat {

namespace {

constexpr uint8_t kLocal = 1;
constexpr uint8_t kResource = 2;
constexpr uint8_t kLabel = 4;
constexpr uint8_t kUpper = 8;
constexpr uint8_t kNotAscii = 16;

constexpr size_t kMostPartBytes = 1023;
constexpr size_t kMostNameBytes = 253;
constexpr size_t kMostLabelBytes = 63;

consteval std::array<uint8_t, 256> Classify() {
  constexpr std::string_view kNotInLocal = " \"&'/:<>@";
  std::array<uint8_t, 256> classes{};
  for (unsigned c = 0x20; c < 0x7f; c++) {
    const char character = static_cast<char>(c);
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_lower = c >= 'a' && c <= 'z';
    const bool is_digit = c >= '0' && c <= '9';
    classes[c] = kResource;
    // RFC 7622 section 3.3.1.
    if (kNotInLocal.find(character) == std::string_view::npos) classes[c] |= kLocal;
    // The underscore is no host name's, but names with it are in use on private networks.
    if (is_upper || is_lower || is_digit || c == '-' || c == '_') classes[c] |= kLabel;
    if (is_upper) classes[c] |= kUpper;
  }
  for (unsigned c = 0x80; c < 0x100; c++) classes[c] = kNotAscii;
  return classes;
}

constexpr std::array<uint8_t, 256> kClasses = Classify();

uint8_t ClassOf(char c) noexcept { return kClasses[static_cast<uint8_t>(c)]; }

/// A local part or resource. What stands before the first character above ASCII has to be allowed in any case.
JidStatus JudgePart(std::string_view part, uint8_t allowed, uint8_t changed) noexcept {
  uint8_t seen = 0;
  for (char c : part) {
    const uint8_t flags = ClassOf(c);
    if (flags == kNotAscii) return JidStatus::kNeedsPreparation;
    if ((flags & allowed) == 0) return JidStatus::kInvalid;
    seen |= flags;
  }
  if (part.size() > kMostPartBytes) return JidStatus::kInvalid;
  return (seen & changed) != 0 ? JidStatus::kNeedsPreparation : JidStatus::kCanonical;
}

/// RFC 5890 section 2.3.1: no hyphen at an end, and not two where A-labels have them.
bool IsPlainLabel(std::string_view label) noexcept {
  if (label.empty() || label.size() > kMostLabelBytes || label.front() == '-' || label.back() == '-') return false;
  return label.size() < 4 || label[2] != '-' || label[3] != '-';
}

JidStatus JudgeDomain(std::string_view domain) noexcept {
  // An IPv6 address.
  if (domain.front() == '[') return JidStatus::kNeedsPreparation;
  bool is_plain = domain.size() <= kMostNameBytes;
  size_t label = 0;
  for (size_t at = 0; at <= domain.size(); at++) {
    if (at == domain.size() || domain[at] == '.') {
      is_plain = is_plain && IsPlainLabel(domain.substr(label, at - label));
      label = at + 1;
      continue;
    }
    const uint8_t flags = ClassOf(domain[at]);
    if ((flags & (kLabel | kNotAscii)) == 0) return JidStatus::kInvalid;
    is_plain = is_plain && (flags & (kUpper | kNotAscii)) == 0;
  }
  return is_plain ? JidStatus::kCanonical : JidStatus::kNeedsPreparation;
}

/// Invalid outweighs needing preparation, which outweighs being canonical.
JidStatus Worse(JidStatus left, JidStatus right) noexcept {
  if (left == JidStatus::kInvalid || right == JidStatus::kInvalid) return JidStatus::kInvalid;
  return left == JidStatus::kCanonical ? right : left;
}

}  // namespace

Jid SplitJid(std::string_view text) noexcept {
  // RFC 7622 section 3.1: the resource begins at the first slash, and only what stands before it is searched for an at sign.
  Jid jid;
  const size_t slash = text.find('/');
  jid.bare = text.substr(0, slash);
  if (slash != std::string_view::npos) jid.resource = text.substr(slash + 1);
  const size_t at = jid.bare.find('@');
  jid.domain = at == std::string_view::npos ? jid.bare : jid.bare.substr(at + 1);
  if (at != std::string_view::npos) jid.local = jid.bare.substr(0, at);
  if (jid.domain.empty() || at == 0 || (slash != std::string_view::npos && jid.resource.empty())) return jid;

  jid.status = Worse(JudgePart(jid.local, kLocal, kUpper), JudgeDomain(jid.domain));
  jid.status = Worse(jid.status, JudgePart(jid.resource, kResource, 0));
  return jid;
}

uint32_t HashBareJid(std::string_view bare) noexcept {
  // FNV-1a, then the finalizer of MurmurHash3.
  uint32_t hash = 0x811c9dc5;
  for (char c : bare) hash = (hash ^ static_cast<uint8_t>(c)) * 0x01000193;
  hash = (hash ^ hash >> 16) * 0x85ebca6b;
  hash = (hash ^ hash >> 13) * 0xc2b2ae35;
  return hash ^ hash >> 16;
}

}  // namespace meerkat
