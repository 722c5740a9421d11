/// One call of StreamFramer::Feed: walks over the bytes, with the framer's state in hand.
#pragma once

#include "core/xml/stream_framer.h"
#include "core/xml/text_scan.h"

namespace meerkat {

class StreamFramer::Run {
 public:
  Run(StreamFramer& framer, std::span<const uint8_t> bytes, ScanContext& context, Sink& sink) noexcept;
  [[nodiscard]] Result Read() noexcept;

 private:
  enum class Step : uint8_t { kGoOn, kNeedMore, kHeld, kStopped, kFailed, kClosed };

  Step ReadState() noexcept;
  Step ReadOutside() noexcept;
  Step BeginInFrame() noexcept;
  Step ReadDeclaration() noexcept;
  Step ReadElement() noexcept;
  Step ReadContent(uint32_t end) noexcept;
  Step ReadCdata(uint32_t end) noexcept;
  Step ReadMarkup(uint32_t start, uint32_t end_of_element) noexcept;
  Step LeaveText(const TextResult& text, uint32_t end) noexcept;
  Step ResumeConstruct() noexcept;
  Step BeginConstruct(Construct construct, uint32_t start) noexcept;
  Step TakeTag(const Tag& tag) noexcept;
  /// Behind a tag of an element.
  Step Advance(uint32_t tag_end) noexcept;
  /// An element is complete, `size` bytes from its start on.
  Step Complete(uint32_t size) noexcept;
  Step CompleteInFrame(uint32_t size) noexcept;
  Step TakeHeader(const Tag& tag) noexcept;
  Step TakeStreamEnd(const Tag& tag) noexcept;
  Step TakeCdata() noexcept;
  Step Tell(EventKind kind, uint32_t size, State next) noexcept;
  Step Fail(StreamFailure failure) noexcept;
  /// The bytes ended, or a limit did: at `at`, counted from the element's start, which is not looked at again.
  Step RunDry(uint32_t at, uint32_t end) noexcept;

  [[nodiscard]] const uint8_t* base() const noexcept { return bytes_.data() + consumed_; }
  [[nodiscard]] uint32_t available() const noexcept { return static_cast<uint32_t>(bytes_.size() - consumed_); }
  /// How far the element may be looked at, counted from its start.
  [[nodiscard]] uint32_t End() const noexcept;
  [[nodiscard]] uint32_t EndOfMarkup(uint32_t start) const noexcept;
  /// What it means to be stopped short of the bytes there are.
  [[nodiscard]] StreamFailure LimitAt(uint32_t end) const noexcept;
  [[nodiscard]] uint32_t LeftBeforeAuthentication() const noexcept;
  ElementScan& Scan() noexcept;
  void Consume(uint32_t size) noexcept;

  StreamFramer& framer_;
  const std::span<const uint8_t> bytes_;
  ScanContext& context_;
  Sink& sink_;
  size_t consumed_ = 0;
  std::unique_ptr<ElementScan> scan_;  // of the element that is read
};

}  // namespace meerkat
