/// Splits addresses (RFC 7622 section 3.1), and settles the common case of plain ASCII without the tables of PRECIS.
#pragma once

#include <cstdint>
#include <string_view>

namespace meerkat {

enum class JidStatus : uint8_t {
  /// Already in its canonical form.
  kCanonical,
  /// No preparation would make it valid.
  kInvalid,
  /// May be valid and may have another canonical form: the full path decides, in src/protocol/jid.ts.
  kNeedsPreparation,
};

/// Views into the text. An absent part is empty.
struct Jid {
  JidStatus status = JidStatus::kInvalid;
  std::string_view local;
  std::string_view domain;
  std::string_view resource;
  /// Everything before the resource.
  std::string_view bare;
};

/// `text` is UTF-8 without XML references. The parts are set whenever the address can be split, whatever the status.
[[nodiscard]] Jid SplitJid(std::string_view text) noexcept;

/// Which shard an address is at home at follows from this number, so it equals `Jid.hash` in src/protocol/jid.ts. `bare` is canonical.
[[nodiscard]] uint32_t HashBareJid(std::string_view bare) noexcept;

}  // namespace meerkat
