#include "core/zlib/host_zlib.h"

#include <dlfcn.h>

#include <algorithm>
#include <iterator>

namespace meerkat {

bool HostHasZlib() noexcept {
  static const bool has_zlib = [] {
    static constexpr const char* kNeeded[] = {
        "inflateInit2_", "inflate",      "inflateReset2", "inflatePrime",        "inflateGetDictionary", "inflateSetDictionary",
        "inflateEnd",    "deflateInit2_", "deflate",       "deflateSetDictionary", "deflateReset",         "deflateEnd"};
    const auto version = reinterpret_cast<const char* (*)()>(dlsym(RTLD_DEFAULT, "zlibVersion"));
    if (!version || version()[0] != '1') return false;
    return std::all_of(std::begin(kNeeded), std::end(kNeeded),
                       [](const char* name) { return dlsym(RTLD_DEFAULT, name) != nullptr; });
  }();
  return has_zlib;
}

}  // namespace meerkat
