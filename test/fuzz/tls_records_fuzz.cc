/// TLS from strangers: a handshake that is none, and records behind one that was. What is read is what was sealed, in its order, up to
/// the first thing that does not belong; after that nothing more is read.
#include <algorithm>
#include <string>

#include "core/tls/record_layer.h"
#include "expect.h"
#include "tls/tls_kit.h"

using namespace meerkat;
using namespace meerkat::test;

namespace {

using Result = TlsSession::Result;

const std::shared_ptr<const TlsContext>& Context() {
  static const std::shared_ptr<const TlsContext> context = MakeContext();
  return context;
}

/// The input as a list of small numbers and pieces.
class Script {
 public:
  explicit Script(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] uint8_t Next() {
    if (bytes_.empty()) return 0;
    const uint8_t byte = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return byte;
  }
  [[nodiscard]] std::span<const uint8_t> Piece(size_t size) {
    const auto piece = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(piece.size());
    return piece;
  }

 private:
  std::span<const uint8_t> bytes_;
};

/// Bytes in place of a handshake, in pieces of one size.
void BreakHandshake(Script script) {
  TlsPair pair(Context());
  const size_t size = 1 + script.Next();
  Result result = Result::kBlocked;
  while (!script.empty() && result == Result::kBlocked) {
    const auto piece = script.Piece(size);
    pair.SendRaw(piece.data(), piece.size());
    pair.Edge();
    result = pair.server().Handshake();
    (void)pair.server().Flush();
    EXPECT(pair.server().wire().bytes() <= TlsSession::kMostWire + RecordLayer::kMostSealed);
  }
  EXPECT(result != Result::kDone && !pair.server().is_established());
  pair.server().Finish();
}

/// A client that has the keys, and does with them what the script says.
class Traffic {
 public:
  explicit Traffic(const char* suite) : pair_(Context(), TLS1_3_VERSION, suite) {
    EXPECT(pair_.Handshake() && pair_.server().is_light());
    raw_ = pair_.RawClient();
    for (Bytes ticket = pair_.ReceiveRaw(); !ticket.empty();) {
      std::span<uint8_t> rest(ticket);
      while (!rest.empty()) {
        const size_t size = RecordLayer::SizeOf(rest);
        EXPECT(size <= rest.size() && raw_->Open(pair_.ciphers(), rest.first(size)).failure == TlsAlert::kNone);
        rest = rest.subspan(size);
      }
      ticket = pair_.ReceiveRaw();
    }
  }

  void Step(Script& script) {
    const uint8_t what = script.Next();
    switch (what % 8) {
      case 0:
      case 1:
        return SendData(script.Piece(script.Next()));
      case 2:
        return SendLong(script.Next(), script.Next());
      case 3:
        return Send(raw_->SealKeyUpdate(pair_.ciphers(), record_));
      case 4: {
        const auto type = static_cast<ContentType>(script.Next());
        is_intact_ = false;
        return Send(raw_->Seal(pair_.ciphers(), type, script.Piece(script.Next()), record_));
      }
      case 5: {
        is_intact_ = false;
        const auto piece = script.Piece(script.Next());
        return pair_.SendRaw(piece.data(), piece.size());
      }
      case 6: {
        is_intact_ = false;
        const size_t size = raw_->Seal(pair_.ciphers(), ContentType::kApplicationData, script.Piece(9), record_);
        record_[script.Next() % size] ^= static_cast<uint8_t>(1 + script.Next() % 255);
        return Send(size);
      }
      default:
        return Read(1 + script.Next() * 16u);
    }
  }

  void End() {
    Read(5000);
    if (is_intact_) EXPECT(got_ == sent_ && last_ == Result::kBlocked);
    pair_.server().Finish();
  }

 private:
  void SendData(std::span<const uint8_t> data) {
    if (is_intact_) sent_.append(data.begin(), data.end());
    Send(raw_->Seal(pair_.ciphers(), ContentType::kApplicationData, data, record_));
  }
  void SendLong(uint8_t high, uint8_t low) {
    const Bytes data(std::min<size_t>(static_cast<size_t>(high) << 8 | low, RecordLayer::kMostClear), low);
    // What the socket does not hold would be lost.
    Read(4096);
    SendData(data);
  }
  void Send(size_t size) {
    EXPECT(size > 0);
    pair_.SendRaw(record_, size);
  }
  void Read(size_t room) {
    const bool was_over = last_ == Result::kFailed || last_ == Result::kEnded;
    const std::string all = pair_.ReadAll(room, last_);
    if (was_over) EXPECT(all.empty() && (last_ == Result::kFailed || last_ == Result::kEnded));
    got_ += all;
    // Data of a record that was sent behind a strange one is not in `sent_`; it may be read only where that one was legal.
    const size_t known = std::min(got_.size(), sent_.size());
    EXPECT(got_.compare(0, known, sent_, 0, known) == 0);
    EXPECT(!pair_.server().has_pending() || last_ != Result::kBlocked);
    EXPECT(pair_.server().wire().bytes() <= TlsSession::kMostWire + RecordLayer::kMostSealed);
  }

  TlsPair pair_;
  std::unique_ptr<RecordLayer> raw_;
  uint8_t record_[RecordLayer::kMostSealed];
  std::string sent_;
  std::string got_;
  Result last_ = Result::kBlocked;
  bool is_intact_ = true;  // so far all that was sent is legal, and known to us
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static constexpr const char* kSuites[] = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                            "TLS_CHACHA20_POLY1305_SHA256"};
  Script script({data, size});
  const uint8_t kind = script.Next();
  if (kind % 4 == 3) {
    BreakHandshake(script);
    return 0;
  }
  Traffic traffic(kSuites[kind % 4]);
  for (int steps = 0; steps < 200 && !script.empty(); steps++) traffic.Step(script);
  traffic.End();
  return 0;
}
