/// Where a connection of our own leads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/tls/tls_context.h"

namespace meerkat {

struct ConnectSettings {
  std::string address;  // numeric
  uint16_t port = 0;
  std::string local_address;  // numeric; empty for the system's choice
  std::string preamble;       // in front of everything, TLS included
  std::shared_ptr<const TlsContext> direct_tls;  // null for plain TCP
  std::string server_name;                       // of the TLS that begins at once
  uint64_t deadline_ms = 0;
};

}  // namespace meerkat
