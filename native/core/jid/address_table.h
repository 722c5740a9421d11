/// Numbers the addresses seen lately, so that a text known already is recognised without making a string of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

namespace meerkat {

/// Works on texts as they were received: it neither prepares nor checks them. Belongs to one thread.
class AddressTable {
 public:
  static constexpr uint32_t kPlaces = 65536;
  /// Longer texts are rare, and peers must not fill the memory with them.
  static constexpr size_t kMostBytes = 255;

  /// `seed` makes it hard to find texts that collide.
  explicit AddressTable(uint64_t seed) noexcept : seed_(seed) {}

  /**
   * The place of the text in the low 16 bits, and how often that place has been taken in the high 16: equal numbers mean equal
   * texts, for as long as the table lives. 0 when the text is not numbered: it is too long, or there is no place for it.
   */
  [[nodiscard]] uint32_t Number(std::string_view text);

  [[nodiscard]] size_t memory() const noexcept { return places_.capacity() * sizeof(Place) + text_bytes_; }

 private:
  static constexpr uint32_t kWays = 4;
  static constexpr uint32_t kSets = kPlaces / kWays;
  static constexpr uint16_t kMostTakings = UINT16_MAX;

  struct Place {
    uint32_t hash = 0;
    uint16_t takings = 0;      // 0 while empty
    uint8_t size = 0;
    bool was_used = false;     // again, since it was taken or passed over for replacement
    std::unique_ptr<char[]> text;  // owned: `size` bytes
  };

  [[nodiscard]] uint64_t Hash(std::string_view text) const noexcept;
  [[nodiscard]] Place* Victim(Place* set, uint32_t start) noexcept;
  void Take(Place& place, uint32_t hash, std::string_view text);

  const uint64_t seed_;
  std::vector<Place> places_;  // none until the first address comes
  size_t text_bytes_ = 0;
};

}  // namespace meerkat
