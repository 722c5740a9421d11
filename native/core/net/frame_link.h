/// What a connection has in place of a socket: frames, whose socket somebody else on this loop owns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "core/net/carrier.h"
#include "core/net/frame_inbox.h"
#include "core/net/listener.h"
#include "core/xml/stream_framer.h"

namespace meerkat {

struct FrameLink {
  Framing framing = Framing::kStream;
  /// Everything was read up to the end of a frame, which the framer has not been told.
  bool is_frame_over = false;
  /// The owner has not let go.
  bool has_carrier = true;
  CarrierName carrier;
  /// Where the carrier is.
  FarEnd away;
  /// Of the shard of the socket, while we move away from it.
  std::shared_ptr<Mailbox> origin;
  FrameInbox inbox;
  /// Read from the inbox, and not told to a carrier that is far.
  size_t taken = 0;
  /// Of frames that the owner has, and that its socket has not taken.
  size_t under_way = 0;
  uint32_t writes_under_way = 0;
  /// When more was under way than may be, to a carrier that is far; 0 when there is not.
  uint64_t over_since_ms = 0;
  /// The last batch that frames were put into: until it was delivered, the owner cannot know of them.
  uint32_t last_batch = 0;
  /// What the owner told of the transport; only TypeScript reads it.
  std::string facts;

  /// More is under way than the limits allow.
  [[nodiscard]] bool is_over(const ConnectionPolicy& policy) const noexcept {
    return under_way > policy.max_output_bytes || (policy.max_output_writes != 0 && writes_under_way > policy.max_output_writes);
  }
  [[nodiscard]] size_t memory() const noexcept { return sizeof *this + inbox.memory() + facts.capacity(); }
};

}  // namespace meerkat
