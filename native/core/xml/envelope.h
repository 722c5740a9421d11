/// The layout of an envelope: what the engine tells about one event. The same numbers as src/engine/envelope.ts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace meerkat {

inline constexpr size_t kWordsPerEnvelope = 16;

/// Sixteen words, as they lie in the array that JavaScript reads.
struct Envelope {
  uint32_t words[kWordsPerEnvelope];
};

/// Indices of words. Spans are `offset << 16 | length`, counted from the start of the element; 0 means absent.
namespace word {
inline constexpr size_t kKind = 0;
inline constexpr size_t kSlot = 1;
inline constexpr size_t kGeneration = 2;
inline constexpr size_t kStart = 3;
inline constexpr size_t kEnd = 4;
inline constexpr size_t kTo = 5;
inline constexpr size_t kFrom = 6;
inline constexpr size_t kId = 7;
inline constexpr size_t kLang = 8;
inline constexpr size_t kStanza = 9;
inline constexpr size_t kChildrenLow = 10;
inline constexpr size_t kChildrenHigh = 11;
inline constexpr size_t kHead = 12;
inline constexpr size_t kFromCut = 13;
inline constexpr size_t kDetail = 14;
/// Of kFrame, written by JavaScript.
inline constexpr size_t kLeft = 14;
/// Of stanzas, in place of `kDetail` and behind it: numbers of `AddressTable`.
inline constexpr size_t kFromNumber = 14;
inline constexpr size_t kToNumber = 15;
/// Of kRefused.
inline constexpr size_t kCount = 15;
}  // namespace word

/// Low 8 bits of `word::kKind`.
enum class EventKind : uint8_t {
  kConnected = 1,
  kStreamOpened = 2,
  kElement = 3,
  kStreamClosed = 4,
  kStreamFailed = 5,
  kSecured = 6,
  kClosed = 7,
  kRouted = 8,
  kCalled = 9,
  kArrived = 10,
  kDrained = 11,
  kTimedOut = 12,
  kRefused = 13,
  kFrame = 14,
  kReadOn = 15,
  kReleased = 16,
};

/// High 24 bits of `word::kKind`.
namespace envelope_flag {
inline constexpr uint32_t kEscaped = 1u << 8;
inline constexpr uint32_t kNonAscii = 1u << 9;
inline constexpr uint32_t kForeignScope = 1u << 10;
inline constexpr uint32_t kOwnNamespace = 1u << 11;
}  // namespace envelope_flag

enum class StanzaKind : uint8_t { kNonza = 0, kMessage = 1, kPresence = 2, kIq = 3 };

/// Index into `stanzaTypes` of envelope.ts; 0 stands for an absent `type`.
inline constexpr std::string_view kStanzaTypes[] = {
    "",    "chat",   "error",       "groupchat", "headline",   "normal",      "get",   "set",
    "result", "unavailable", "subscribe", "subscribed", "unsubscribe", "unsubscribed", "probe",
};
inline constexpr uint8_t kUnknownType = 255;

/// Why the framer gave up; the names say which stream error of RFC 6120 section 4.9.3 follows.
enum class StreamFailure : uint8_t {
  kNone = 0,
  kNotWellFormed = 1,
  kRestrictedXml = 2,
  kBadNamespacePrefix = 3,
  kUnsupportedEncoding = 4,
  kBadCharacter = 5,
  kInvalidNamespace = 6,
  kBadFormat = 7,
  kStanzaTooLarge = 8,
  kTooDeep = 9,
  kTooManyAttributes = 10,
  kTagTooLarge = 11,
  kTooManyChildren = 12,
  kTooMuchBeforeAuthentication = 13,
  kTooMuchDecompressed = 14,
  kBadCompression = 15,
  kBadFrame = 16,
  kTooMuchUnread = 17,
};

enum class CloseReason : uint8_t {
  kLocal = 0,
  kPeer = 1,
  kReset = 2,
  kTlsFailed = 3,
  kQueueFull = 4,
  kLingerTimeout = 5,
  kMoved = 6,
  kUnreachable = 7,
};

/// The detail of kReleased: how a carrier ends its socket.
enum class Release : uint8_t {
  kDone = 0,
  kCut = 1,
};

/// Low 8 bits of the detail of kRefused: why connections were closed before anybody heard of them.
enum class Refusal : uint8_t {
  kMissing = 1,
  kBroken = 2,
  kTooLong = 3,
  kBadChecksum = 4,
  kCutShort = 5,
  kLate = 6,
  kUntrusted = 7,
};

}  // namespace meerkat
