#include "core/xml/value.h"

#include "core/xml/lexer.h"

namespace meerkat {

int ValueReader::Next() noexcept {
  if (pending_count_ > 0) return pending_[--pending_count_];
  if (at_ == value_.text.size()) return -1;
  const uint8_t byte = static_cast<uint8_t>(value_.text[at_++]);
  if (value_.is_plain) return byte;
  if (byte == '&') return Reference();
  if (byte == '\r' && at_ < value_.text.size() && value_.text[at_] == '\n') at_++;
  return byte == '\r' || byte == '\n' || byte == '\t' ? ' ' : byte;
}

int ValueReader::Reference() noexcept {
  Lexer lexer;
  lexer.BeginReference();
  while (at_ < value_.text.size() && lexer.Next(static_cast<uint8_t>(value_.text[at_++])) == Lexer::Status::kMore) {
  }
  const uint32_t point = lexer.referenced();
  if (point < 0x80) return static_cast<int>(point);
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  for (int i = 0; i < more; i++) pending_[i] = static_cast<uint8_t>(0x80 | ((point >> (6 * i)) & 0x3f));
  pending_count_ = static_cast<uint8_t>(more);
  constexpr uint8_t kLead[] = {0, 0xc0, 0xe0, 0xf0};
  return kLead[more] | static_cast<int>(point >> (6 * more));
}

bool SameOddValue(RawValue left, RawValue right) noexcept {
  ValueReader from_left(left);
  ValueReader from_right(right);
  while (true) {
    const int byte = from_left.Next();
    if (byte != from_right.Next()) return false;
    if (byte < 0) return true;
  }
}

std::string_view ReadValue(RawValue value, char* room, size_t size, bool& fits) noexcept {
  fits = true;
  if (value.is_plain) return value.text;
  ValueReader reader(value);
  size_t length = 0;
  for (int byte = reader.Next(); byte >= 0; byte = reader.Next()) {
    if (length == size) {
      fits = false;
      return {};
    }
    room[length++] = static_cast<char>(byte);
  }
  return {room, length};
}

std::string ReadValue(RawValue value) {
  std::string text;
  ValueReader reader(value);
  for (int byte = reader.Next(); byte >= 0; byte = reader.Next()) text.push_back(static_cast<char>(byte));
  return text;
}

}  // namespace meerkat
