/// Connections with frames whose socket is on another shard: what the two ends tell one another through mailboxes.
#include <algorithm>
#include <cstring>

#include "core/net/reactor.h"

namespace meerkat {

/// To the shard at the other end. What it can no longer take is lost, as that end is.
void Reactor::Relay(const FarEnd& away, MessageKind kind, const RelayHead& head, std::string_view bytes) {
  Neighbour& neighbour = neighbours_[away.shard];
  if (neighbour.mailbox != away.mailbox || !away.mailbox->Insist(sizeof head + bytes.size())) return;
  const std::string_view pieces[] = {{reinterpret_cast<const char*>(&head), sizeof head}, bytes};
  neighbour.parcel.Add(kind, pieces, std::size(pieces));
  has_parcels_ = true;
}

/// From here on we look whether that shard still runs.
void Reactor::Watch(const FarEnd& away) {
  if (std::ranges::count(far_ends_, away.mailbox) == 0) far_ends_.push_back(away.mailbox);
  StartTicking();
}

/// The connection moves, and its carrier stays.
void Reactor::LeaveCarrier(Connection& connection, FarEnd to) {
  FrameLink& link = *connection.frames;
  Carrier* const carrier = link.has_carrier ? FindCarrier(link.carrier) : nullptr;
  if (!carrier) return;
  link.origin = mailbox_;
  carrier->away = std::move(to);
  Watch(carrier->away);
}

/// Takes in a connection whose carrier stays with the shard that it came from.
void Reactor::TakeIn(Connection& connection, uint32_t source) {
  FrameLink& link = *connection.frames;
  Neighbour& neighbour = NeighbourOf(source);
  link.away = {std::move(link.origin), source};
  if (neighbour.guests.size() <= link.carrier.slot) neighbour.guests.resize(link.carrier.slot + 1);
  neighbour.guests[link.carrier.slot] = {link.carrier.generation, connection.slot, connection.generation};
  Watch(link.away);
}

Connection* Reactor::GuestOf(uint32_t source, CarrierName carrier) noexcept {
  const std::vector<Guest>& guests = neighbours_[source].guests;
  if (carrier.slot >= guests.size() || guests[carrier.slot].carrier_generation != carrier.generation) return nullptr;
  const Guest& guest = guests[carrier.slot];
  Connection* const connection = Find(guest.slot, guest.generation);
  return connection && connection->frames && connection->frames->has_carrier ? connection : nullptr;
}

void Reactor::ReportLeft(Carrier& carrier) {
  const RelayHead head{carrier.name, static_cast<uint32_t>(carrier.sent_bytes), carrier.sent_frames};
  if (carrier.away.is_far()) Relay(carrier.away, MessageKind::kLeft, head, {});
  carrier.sent_bytes = carrier.sent_frames = 0;
}

void Reactor::TakeRelayed(uint32_t source, MessageKind kind, std::string_view message) {
  RelayHead head;
  std::memcpy(&head, message.data(), sizeof head);
  const std::string_view bytes = message.substr(sizeof head);
  if (kind < MessageKind::kFrame) {
    if (Connection* const guest = GuestOf(source, head.carrier)) TakeForGuest(*guest, kind, head, bytes);
  } else if (Carrier* const carrier = FindCarrier(head.carrier); carrier && carrier->away.is_far() && carrier->away.shard == source) {
    TakeForCarrier(*carrier, kind, head, bytes);
  }
}

void Reactor::TakeForGuest(Connection& guest, MessageKind kind, const RelayHead& head, std::string_view bytes) {
  switch (kind) {
    case MessageKind::kFed: return Input(guest, bytes, head.first != 0);
    case MessageKind::kLeft: return Left(guest, head.first, head.second);
    case MessageKind::kDetached: return LoseCarrier(guest, head.first != 0);
    case MessageKind::kOverfed:
      if (guest.is_open() && !guest.has_failed) FailStream(guest, StreamFailure::kTooMuchUnread);
      return;
    default: return;
  }
}

void Reactor::TakeForCarrier(Carrier& carrier, MessageKind kind, const RelayHead& head, std::string_view bytes) {
  switch (kind) {
    case MessageKind::kFrame:
      carrier.sizes.Add(static_cast<uint32_t>(bytes.size()));
      return WriteFrame(carrier.name, bytes);
    case MessageKind::kTaken: return Taken(carrier, head.first);
    case MessageKind::kReleased: return TellReleased(carrier, static_cast<enum Release>(head.first));
    default: return;
  }
}

/// Once a second: small things are told, and ends whose other one is lost go with it.
void Reactor::TickRelays() {
  for (const CarrierName& name : reporting_) {
    Carrier* const carrier = FindCarrier(name);
    if (!carrier) continue;
    carrier->is_reporting = false;
    ReportLeft(*carrier);
  }
  reporting_.clear();
  if (std::erase_if(far_ends_, [](const auto& mailbox) { return !mailbox->is_open(); }) == 0) return;
  for (Carrier& carrier : carriers_) {
    if (carrier.away.is_lost()) TellReleased(carrier, Release::kCut);
  }
  for (const Slot& slot : slots_) {
    Connection* const connection = slot.connection;
    if (!connection || !connection->may_write() || !connection->frames || !connection->frames->away.is_lost()) continue;
    connection->frames->has_carrier = false;
    Break(*connection, CloseReason::kReset);
  }
}

}  // namespace meerkat
