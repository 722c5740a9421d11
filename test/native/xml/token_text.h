/// Writes XML from tokens, so that what they say can be compared with what was read.
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/xml/tokens.h"
#include "core/xml/value.h"

namespace meerkat::test {

/// Every element with its namespace as `xmlns`; text and values as they mean, escaped anew.
class TokenText {
 public:
  TokenText(const std::vector<uint32_t>& tokens, std::string_view element, std::span<const std::string_view> names)
      : tokens_(tokens), element_(element), names_(names) {}

  std::string Write() {
    while (at_ < tokens_.size()) {
      const uint32_t head = tokens_[at_++];
      switch (head & 0xff) {
        case token::kOpen: Open(head >> 8); break;
        case token::kClose: Close(); break;
        case token::kText: xml_ += Escaped(Text(false)); break;
        default: xml_ += Escaped(Text(true)); break;
      }
    }
    return xml_;
  }

 private:
  void Open(uint32_t attributes) {
    names_open_.push_back(Value());
    const bool is_parents = (tokens_[at_ + 1] & token::kParent) != 0;
    namespaces_.push_back(is_parents ? namespaces_.back() : std::string());
    if (is_parents) at_ += 2;
    else namespaces_.back() = Value();
    xml_ += "<" + names_open_.back() + " xmlns='" + Escaped(namespaces_.back()) + "'";
    for (uint32_t i = 0; i < attributes; i++) {
      const std::string name = Value();
      xml_ += " " + name + "='" + Escaped(Value()) + "'";
    }
    xml_ += ">";
  }

  void Close() {
    xml_ += "</" + names_open_.back() + ">";
    names_open_.pop_back();
    namespaces_.pop_back();
  }

  std::string_view Raw(bool& is_raw) {
    const uint32_t first = tokens_[at_++];
    const uint32_t second = tokens_[at_++];
    is_raw = (second & token::kRaw) != 0;
    if ((second & token::kInterned) != 0) return names_[first];
    const uint32_t length = second >> token::kLengthShift;
    if ((second & token::kLiteral) == 0) return element_.substr(first, length);
    const size_t place = first == 0 ? at_ : first;
    const std::string_view literal(reinterpret_cast<const char*>(tokens_.data() + place), length);
    if (first == 0) at_ += (length + 3) / 4;
    return literal;
  }

  std::string Value() {
    bool is_raw;
    const std::string_view raw = Raw(is_raw);
    return ReadValue(RawValue{raw, !is_raw});
  }

  /// Only `\r` differs from attribute values: there line ends become spaces.
  std::string Text(bool is_cdata) {
    bool is_raw;
    std::string lines;
    const std::string_view raw = Raw(is_raw);
    for (size_t i = 0; i < raw.size(); i++) {
      if (is_raw && raw[i] == '\r') {
        lines += '\n';
        if (i + 1 < raw.size() && raw[i + 1] == '\n') i++;
      } else {
        lines += raw[i];
      }
    }
    if (!is_raw || is_cdata) return lines;
    std::string text;
    for (size_t i = 0; i < lines.size(); i++) {
      const size_t end = lines[i] == '&' ? lines.find(';', i) : std::string::npos;
      if (end == std::string::npos) {
        text += lines[i];
        continue;
      }
      text += ReadValue(RawValue{std::string_view(lines).substr(i, end + 1 - i), false});
      i = end;
    }
    return text;
  }

  static std::string Escaped(std::string_view text) {
    std::string escaped;
    for (char c : text) {
      switch (c) {
        case '<': escaped += "&lt;"; break;
        case '>': escaped += "&gt;"; break;
        case '&': escaped += "&amp;"; break;
        case '\'': escaped += "&apos;"; break;
        case '\r': escaped += "&#13;"; break;
        case '\n': escaped += "&#10;"; break;
        case '\t': escaped += "&#9;"; break;
        default: escaped += c;
      }
    }
    return escaped;
  }

  const std::vector<uint32_t>& tokens_;
  const std::string_view element_;
  const std::span<const std::string_view> names_;
  size_t at_ = 0;
  std::string xml_;
  std::vector<std::string> names_open_;
  std::vector<std::string> namespaces_;
};

}  // namespace meerkat::test
