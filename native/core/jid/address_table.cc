#include "core/jid/address_table.h"

#include <cstring>

namespace meerkat {

namespace {

constexpr uint64_t kMultiplier = 0x9fb21c651e98df25u;

uint64_t Load(const char* from, size_t size) noexcept {
  uint64_t block = 0;
  std::memcpy(&block, from, size);
  return block;
}

/// Both halves of the product: every bit of the one moves every bit of the other.
uint64_t Mix(uint64_t one, uint64_t other) noexcept {
  const auto product = static_cast<unsigned __int128>(one) * other;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

uint32_t AddressTable::Number(std::string_view text) {
  if (text.empty() || text.size() > kMostBytes) return 0;
  if (places_.empty()) places_.resize(kPlaces);
  const uint64_t hash = Hash(text);
  const auto low = static_cast<uint32_t>(hash);
  Place* const set = &places_[(hash >> 32) % kSets * kWays];
  Place* place = nullptr;
  for (uint32_t way = 0; way < kWays && !place; way++) {
    Place& known = set[way];
    if (known.hash == low && known.takings != 0 && std::string_view(known.text.get(), known.size) == text) place = &known;
  }
  if (place) {
    place->was_used = true;
  } else {
    place = Victim(set, static_cast<uint32_t>(hash >> 62));
    if (!place) return 0;
    Take(*place, low, text);
  }
  return static_cast<uint32_t>(place - places_.data()) | uint32_t{place->takings} << 16;
}

uint64_t AddressTable::Hash(std::string_view text) const noexcept {
  uint64_t hash = seed_ ^ text.size();
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 8; at += 8, left -= 8) hash = Mix(hash ^ Load(at, 8), kMultiplier);
  return Mix(hash ^ Load(at, left), kMultiplier ^ seed_);
}

/// An empty place, else one that was not used again since the last search, looked for from `start` on. A place taken as often as can
/// be told stays as it is.
AddressTable::Place* AddressTable::Victim(Place* set, uint32_t start) noexcept {
  for (uint32_t way = 0; way < kWays; way++) {
    if (set[way].takings == 0) return &set[way];
  }
  for (int round = 0; round < 2; round++) {
    for (uint32_t way = 0; way < kWays; way++) {
      Place& place = set[(start + way) % kWays];
      if (place.takings == kMostTakings) continue;
      if (!place.was_used) return &place;
      place.was_used = false;
    }
  }
  return nullptr;
}

void AddressTable::Take(Place& place, uint32_t hash, std::string_view text) {
  if (place.size != text.size()) {
    text_bytes_ += text.size() - place.size;
    place.text = std::make_unique_for_overwrite<char[]>(text.size());
    place.size = static_cast<uint8_t>(text.size());
  }
  std::memcpy(place.text.get(), text.data(), text.size());
  place.hash = hash;
  place.takings++;
}

}  // namespace meerkat
