/// Cuts the bytes of one XML stream into a header and top-level elements, and tells what each is (RFC 6120 section 4).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/xml/envelope.h"
#include "core/xml/limits.h"
#include "core/xml/lexer.h"
#include "core/xml/outer_scope.h"
#include "core/xml/scan_context.h"

namespace meerkat {

/// How input goes on after an element that arrived in lockstep; the numbers of `proceed` in src/engine/port.ts.
enum class Proceed : uint8_t { kStep = 0, kRestart = 1, kStream = 2 };

/// Where elements come from; the numbers are known to this side alone.
enum class Framing : uint8_t {
  kStream = 0,     // one document (RFC 6120 section 4.2)
  kWebSocket = 1,  // at most one element in a frame (RFC 7395 section 3.3)
  kBosh = 2,       // any number in the body of a request (XEP-0124 section 7)
};

/// One per connection; holds no memory outside itself but for half-read elements and unusual stream headers. May be moved, also to
/// another thread together with its connection. `limits` outlives it.
class StreamFramer {
 public:
  enum class Status : uint8_t {
    /// Everything that could be read was read.
    kNeedMore,
    /// In lockstep: an event was told, and nothing is read until `Proceed`.
    kHeld,
    /// The sink asked to stop: call again with the rest, without waiting for more input.
    kStopped,
    /// `failure` says why. Final.
    kFailed,
    /// The peer closed its stream. Whatever comes behind is consumed and ignored, until `Proceed(kRestart)`.
    kClosed,
  };

  struct Result {
    /// Bytes that are done with. The others must stand at the beginning of the next call's bytes, at any address. They are few: the
    /// limits are checked first, so at most `max_stanza_bytes` plus what the owner chose to read at once.
    size_t consumed;
    Status status;
    StreamFailure failure;
  };

  /// Receives the events STREAM_OPENED, ELEMENT and STREAM_CLOSED.
  class Sink {
   public:
    /// START and END count from the beginning of the bytes given to `Feed`; SLOT, GENERATION and DETAIL are 0. The reference is valid
    /// until the call returns. Returns false to take no more in this `Feed`; this envelope counts as taken.
    virtual bool OnEnvelope(const Envelope& envelope) noexcept = 0;

   protected:
    ~Sink() = default;
  };

  /// Other framings than kStream begin with an `<open/>` in place of the header, end with `<close/>`, and need `EndFrame`.
  explicit StreamFramer(const Limits& limits, Framing framing = Framing::kStream) noexcept : limits_(&limits), framing_(framing) {}
  /// Expects elements at once, with `scope` around them, many in a batch. `scope` outlives the framer.
  [[nodiscard]] static StreamFramer ForFragment(const Limits& limits, const OuterScope& scope) noexcept;
  StreamFramer(StreamFramer&&) noexcept = default;
  StreamFramer& operator=(StreamFramer&&) noexcept = default;

  /// Reads what is new in `bytes`, which begin with what the last call did not consume. Nothing is read twice, save for one unfinished tag
  /// once it is complete. `context` belongs to the thread, not to the connection. Less than 4 GiB at once.
  [[nodiscard]] Result Feed(std::span<const uint8_t> bytes, ScanContext& context, Sink& sink) noexcept;

  /// Everything of a frame was given to `Feed`, which left something of it over, or not. What is left, or half read, is a failure.
  [[nodiscard]] StreamFailure EndFrame(bool has_rest) noexcept;

  /// Goes on after an event in lockstep, and sets the mode. `kRestart` sets lockstep and expects a new stream header: call it between elements only.
  void Proceed(enum Proceed how) noexcept;
  /// Other limits from here on; they outlive the framer. Between elements only.
  void Limit(const Limits& limits) noexcept { limits_ = &limits; }
  /// Lifts the limit on bytes before authentication.
  void Authenticated() noexcept { authenticated_ = true; }

  /// What the stream header declared; `Fragment` before it has come. Valid until `Proceed(kRestart)` or destruction.
  [[nodiscard]] const OuterScope& scope() const noexcept { return *scope_; }
  /// True when an element or header is half read.
  [[nodiscard]] bool is_inside() const noexcept { return state_ == State::kInside || state_ == State::kHeader; }
  /// Heap memory held, without the unconsumed bytes, which the owner keeps.
  [[nodiscard]] size_t heap_bytes() const noexcept;

 private:
  /// What is read next.
  enum class State : uint8_t {
    kProlog,       // header or XML declaration
    kDeclaration,  // inside the XML declaration
    kMisc,         // white space, then the header
    kHeader,       // inside the stream header's tag
    kBetween,      // between top-level elements
    kInside,       // inside one of them, or inside the stream's end tag
    kClosed,
    kFailed,
  };
  /// What was left in the middle.
  enum class Construct : uint8_t { kNone, kMarkup, kReference };
  class Run;

  const Limits* limits_;                              // not owned
  const OuterScope* scope_ = &OuterScope::Fragment();  // never null; `owned_scope_`, or one that lives for ever
  std::unique_ptr<OwnedScope> owned_scope_;           // owned; only for unusual headers
  std::unique_ptr<ElementScan> suspended_;            // owned; only while an element is half read
  uint32_t scanned_ = 0;                              // how much of the unconsumed bytes was read
  uint32_t construct_start_ = 0;                      // in the unconsumed bytes
  uint32_t before_authentication_ = 0;                // bytes consumed so far
  Lexer lexer_;                                       // inside `construct_`
  Construct construct_ = Construct::kNone;
  State state_ = State::kProlog;
  StreamFailure failure_ = StreamFailure::kNone;
  bool lockstep_ = true;
  bool held_ = false;
  bool authenticated_ = false;
  Framing framing_ = Framing::kStream;
  bool has_opened_ = false;         // the `<open/>` of a framed stream was read
  bool has_frame_element_ = false;  // an element began in this frame
};

static_assert(sizeof(StreamFramer) <= 96);

struct ElementResult {
  StreamFailure failure;
  Envelope envelope;
};

/// Reads one whole element that did not come by a stream, white space around it allowed. `bytes` holds nothing else; an element that
/// ends too early is not well-formed.
[[nodiscard]] ElementResult ScanElement(std::span<const uint8_t> bytes, const OuterScope& scope, const Limits& limits,
                                        ScanContext& context) noexcept;

}  // namespace meerkat
