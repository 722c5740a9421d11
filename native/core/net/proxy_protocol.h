/// Reads the header by which a load balancer tells whom a connection comes from (the PROXY protocol, versions 1 and 2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace meerkat {

struct ProxyHeader {
  enum class Command : uint8_t {
    /// The balancer's own connection, such as a health check: the real addresses of the socket hold.
    kLocal,
    kProxy,
  };
  enum class Family : uint8_t { kUnknown, kIpv4, kIpv6, kUnix };
  enum class Transport : uint8_t { kUnknown, kStream, kDatagram };

  uint8_t version = 0;
  Command command = Command::kLocal;
  /// `kUnknown`, as any `kLocal`: no address is given.
  Family family = Family::kUnknown;
  Transport transport = Transport::kUnknown;
  /// In network order; 4 bytes for IPv4.
  uint8_t source[16] = {};
  uint8_t destination[16] = {};
  uint16_t source_port = 0;
  uint16_t destination_port = 0;
  /// Version 2: the TLVs behind the addresses, known to be whole. Points into the bytes that were read.
  std::span<const uint8_t> tlvs;
};

struct ProxyTlv {
  uint8_t type;
  /// Points into the bytes that were read.
  std::span<const uint8_t> value;
};

enum class ProxyStatus : uint8_t {
  kNeedMore,
  kDone,
  /// The bytes begin in no way that a header does.
  kMissing,
  /// They begin like a header, and go on like none.
  kBroken,
  kTooLong,
  /// Its checksum says that something happened to it on its way.
  kBadChecksum,
};

struct ProxyResult {
  ProxyStatus status;
  /// Bytes of the header, when done.
  size_t consumed;
  ProxyHeader header;
};

/// The longest header of version 1, its line end included.
inline constexpr size_t kMostProxyV1Bytes = 107;

/// `bytes` are all that was received so far. A header of version 2 that says it is longer than `limit` is too long at once, so that no more
/// than `limit` bytes have to be kept.
[[nodiscard]] ProxyResult ReadProxyHeader(std::span<const uint8_t> bytes, size_t limit) noexcept;

/// The TLV at `tlvs`, which is moved behind it; false at the end.
[[nodiscard]] bool NextTlv(std::span<const uint8_t>& tlvs, ProxyTlv& tlv) noexcept;

}  // namespace meerkat
