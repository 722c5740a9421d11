#include "core/xml/xml_declaration.h"

#include "core/xml/characters.h"

namespace meerkat {

namespace {

constexpr std::string_view kOpening = "<?xml";
constexpr std::string_view kClosing = "?>";

bool IsLetter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) noexcept { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  bool Skip(std::string_view text) noexcept {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  bool SkipSpace() noexcept {
    const size_t before = rest_.size();
    while (!rest_.empty() && IsSpace(static_cast<uint8_t>(rest_.front()))) rest_.remove_prefix(1);
    return rest_.size() < before;
  }

  /// White space, the name, an equals sign and a value in quotes. Reads nothing but the white space when the name is another one.
  bool Attribute(std::string_view name, std::string_view& value, bool& is_there) noexcept {
    const std::string_view before = rest_;
    is_there = SkipSpace() && Skip(name);
    if (!is_there) {
      rest_ = before;
      return true;
    }
    SkipSpace();
    if (!Skip("=")) return false;
    SkipSpace();
    if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
    const size_t end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) return false;
    value = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return true;
  }

  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

/// Production 26.
bool IsVersion(std::string_view value) noexcept {
  if (value.size() < 3 || !value.starts_with("1.")) return false;
  for (char c : value.substr(2)) {
    if (!IsDigit(c)) return false;
  }
  return true;
}

/// Production 81.
bool IsEncodingName(std::string_view value) noexcept {
  if (value.empty() || !IsLetter(value.front())) return false;
  for (char c : value) {
    if (!IsLetter(c) && !IsDigit(c) && c != '.' && c != '_' && c != '-') return false;
  }
  return true;
}

bool IsUtf8(std::string_view name) noexcept {
  return name.size() == 5 && (name[0] | 0x20) == 'u' && (name[1] | 0x20) == 't' && (name[2] | 0x20) == 'f' && name[3] == '-' &&
         name[4] == '8';
}

}  // namespace

StreamFailure JudgeXmlDeclaration(std::string_view text) noexcept {
  Reader reader(text);
  std::string_view version;
  std::string_view encoding = "UTF-8";
  std::string_view standalone = "yes";
  bool has_version = false;
  bool is_there;
  const bool is_read = reader.Skip(kOpening) && reader.Attribute("version", version, has_version) &&
                       reader.Attribute("encoding", encoding, is_there) && reader.Attribute("standalone", standalone, is_there);
  reader.SkipSpace();
  if (!is_read || reader.rest() != kClosing || !has_version || !IsVersion(version) || !IsEncodingName(encoding) ||
      (standalone != "yes" && standalone != "no")) {
    return StreamFailure::kNotWellFormed;
  }
  // RFC 6120 section 11.6: nothing but UTF-8.
  return IsUtf8(encoding) ? StreamFailure::kNone : StreamFailure::kUnsupportedEncoding;
}

}  // namespace meerkat
