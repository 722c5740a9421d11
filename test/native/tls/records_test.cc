/// Records behind the handshake of TLS 1.3: RFC 8448's trace, OpenSSL as the peer, and what a peer may not send.
#include <string>

#include "check.h"
#include "core/tls/record_layer.h"
#include "tls/tls_kit.h"

namespace {

using namespace meerkat;
using namespace meerkat::test;
using Result = TlsSession::Result;

Bytes Hex(const std::string& text) {
  Bytes bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(static_cast<uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

const std::shared_ptr<const TlsContext>& Context() {
  static const std::shared_ptr<const TlsContext> context = MakeContext();
  return context;
}

/// A pair behind its handshake, and the raw client in OpenSSL's place.
struct RawPair : TlsPair {
  RawPair() : TlsPair(Context()) {
    CHECK(Handshake());
    CHECK(server().is_light());
    raw = RawClient();
    // The ticket was sealed with the same keys.
    Bytes ticket = ReceiveRaw();
    CHECK_EQUAL(raw->Open(ciphers(), ticket).type, ContentType::kHandshake);
  }
  void Send(ContentType type, const Bytes& content) {
    uint8_t record[RecordLayer::kMostSealed];
    SendRaw(record, raw->Seal(ciphers(), type, content, record));
  }
  /// The alert that the server has sent, if that is all it sent.
  [[nodiscard]] int Alert() {
    Bytes bytes = ReceiveRaw();
    if (bytes.size() < RecordLayer::kHeaderBytes) return -1;
    const auto opened = raw->Open(ciphers(), bytes);
    if (opened.failure != TlsAlert::kNone || opened.type != ContentType::kAlert || opened.content.size() != 2) return -1;
    return opened.content[0] == 2 ? opened.content[1] : -1;
  }
  std::unique_ptr<RecordLayer> raw;
};

TEST("RFC 8448 section 3: the client's first application data opens to the bytes of the trace") {
  const Bytes client = Hex("9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
  const Bytes server = Hex("a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
  Bytes record = Hex(
      "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a20441e2b62974e1f5a6292a2977"
      "014bd1e3deae63aeebb21694915e4");
  RecordCiphers ciphers;
  const auto layer = RecordLayer::Create(0x1301, {.read = client, .write = server});
  CHECK(layer != nullptr);
  CHECK_EQUAL(RecordLayer::SizeOf(record), record.size());
  const auto opened = layer->Open(ciphers, record);
  CHECK_EQUAL(opened.failure, TlsAlert::kNone);
  CHECK_EQUAL(opened.type, ContentType::kApplicationData);
  CHECK_EQUAL(opened.content.size(), 50u);
  for (size_t i = 0; i < opened.content.size(); i++) CHECK_EQUAL(opened.content[i], i);
}

TEST("each cipher suite: what OpenSSL sends is read, and OpenSSL reads what we send") {
  for (const char* const suite : {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}) {
    TlsPair pair(Context(), TLS1_3_VERSION, suite);
    CHECK(pair.Handshake());
    CHECK(pair.server().is_light());
    CHECK_EQUAL(pair.server().cipher(), suite);
    CHECK_EQUAL(pair.server().version(), "TLSv1.3");
    for (const size_t size : {1u, 100u, 16384u, 40'000u}) {
      const std::string text(size, static_cast<char>('a' + size % 26));
      CHECK_EQUAL(SSL_write(pair.client(), text.data(), static_cast<int>(size)), static_cast<int>(size));
      Result last = Result::kDone;
      CHECK(pair.ReadAll(size % 2 ? 7 : 4096, last) == text);
      CHECK_EQUAL(last, Result::kBlocked);
      std::string back;
      for (size_t at = 0; at < size; at += RecordLayer::kMostClear) {
        CHECK_EQUAL(pair.server().Write(text.data() + at, std::min(size - at, RecordLayer::kMostClear)), Result::kDone);
        std::string piece(RecordLayer::kMostClear, '\0');
        const int got = SSL_read(pair.client(), piece.data(), static_cast<int>(piece.size()));
        back += piece.substr(0, got > 0 ? static_cast<size_t>(got) : 0);
      }
      CHECK(back == text);
    }
  }
}

TEST("RFC 5705: tls-exporter is what the client exports, also when OpenSSL's state is gone") {
  TlsPair pair(Context());
  CHECK(pair.Handshake());
  Bytes expected(32);
  static constexpr uint8_t kNoContext = 0;
  SSL_export_keying_material(pair.client(), expected.data(), expected.size(), "EXPORTER-Channel-Binding", 24,
                             &kNoContext, 0, 1);
  CHECK(pair.server().Binding(ChannelBinding::kTlsExporter) == expected);
  CHECK(pair.server().Binding(ChannelBinding::kTlsUnique).empty());
  CHECK_EQUAL(pair.server().Binding(ChannelBinding::kTlsServerEndPoint).size(), 32u);
}

TEST("RFC 8446 section 4.6.3: keys change as often as a peer asks, both ways") {
  TlsPair pair(Context());
  CHECK(pair.Handshake());
  for (int round = 0; round < 20; round++) {
    SSL_key_update(pair.client(), round % 2 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED);
    CHECK_EQUAL(SSL_write(pair.client(), "hello", 5), 5);
    Result last = Result::kDone;
    CHECK_EQUAL(pair.ReadAll(100, last), "hello");
    CHECK_EQUAL(pair.server().Write("world", 5), Result::kDone);
    char back[16];
    CHECK_EQUAL(SSL_read(pair.client(), back, sizeof back), 5);
  }
}

TEST("RFC 8446 section 5.5: keys that have sealed enough are changed, and the peer follows") {
  const Bytes one(32, 1);
  const Bytes other(32, 2);
  RecordCiphers ciphers;
  const auto writer = RecordLayer::Create(0x1303, {.read = one, .write = other}, 3);
  const auto reader = RecordLayer::Create(0x1303, {.read = other, .write = one});
  uint8_t record[RecordLayer::kMostSealed];
  for (int count = 0; count < 10; count++) {
    if (writer->is_write_worn()) {
      const size_t update = writer->SealKeyUpdate(ciphers, record);
      const auto opened = reader->Open(ciphers, {record, update});
      CHECK_EQUAL(opened.type, ContentType::kHandshake);
      CHECK(reader->UpdateRead());
      CHECK(!writer->is_write_worn());
    }
    const size_t size = writer->Seal(ciphers, ContentType::kApplicationData, one, record);
    CHECK_EQUAL(reader->Open(ciphers, {record, size}).content.size(), one.size());
  }
}

TEST("records in pieces of any size, with padding, and several at once") {
  for (const size_t piece : {1u, 3u, 22u, 500u, 5000u}) {
    RawPair pair;
    std::string expected;
    Bytes wire;
    for (const size_t size : {0u, 1u, 500u, 0u, 3000u}) {
      const Bytes text(size, 'x');
      expected.append(size, 'x');
      uint8_t record[RecordLayer::kMostSealed];
      const size_t sealed = pair.raw->Seal(pair.ciphers(), ContentType::kApplicationData, text, record);
      wire.insert(wire.end(), record, record + sealed);
    }
    std::string all;
    Result last = Result::kDone;
    for (size_t at = 0; at < wire.size(); at += piece) {
      pair.SendRaw(wire.data() + at, std::min(piece, wire.size() - at));
      all += pair.ReadAll(64, last);
    }
    CHECK(all == expected);
    CHECK_EQUAL(last, Result::kBlocked);
  }
}

TEST("RFC 8446 section 6: whatever does not belong ends the connection with its alert, and nothing is read behind it") {
  struct Bad {
    TlsAlert alert;
    void (*send)(RawPair&);
  };
  static constexpr Bad kBad[] = {
      {TlsAlert::kUnexpectedMessage, [](RawPair& pair) { pair.SendRaw(Hex("140303000101").data(), 6); }},
      {TlsAlert::kUnexpectedMessage, [](RawPair& pair) { pair.SendRaw(Hex("15030300020100").data(), 7); }},
      {TlsAlert::kRecordOverflow, [](RawPair& pair) { pair.SendRaw(Hex("1703034101").data(), 5); }},
      {TlsAlert::kBadRecordMac, [](RawPair& pair) { pair.SendRaw(Hex("170303000101").data(), 6); }},
      {TlsAlert::kBadRecordMac,
       [](RawPair& pair) {
         uint8_t record[100];
         const size_t size = pair.raw->Seal(pair.ciphers(), ContentType::kApplicationData, Bytes(9), record);
         record[size - 1] ^= 1;
         pair.SendRaw(record, size);
       }},
      // A ClientHello: the attempt to negotiate anew.
      {TlsAlert::kUnexpectedMessage, [](RawPair& pair) { pair.Send(ContentType::kHandshake, {1, 0, 0, 0}); }},
      {TlsAlert::kUnexpectedMessage, [](RawPair& pair) { pair.Send(ContentType::kHandshake, {}); }},
      {TlsAlert::kUnexpectedMessage, [](RawPair& pair) { pair.Send(static_cast<ContentType>(0), {}); }},
      {TlsAlert::kUnexpectedMessage, [](RawPair& pair) { pair.Send(static_cast<ContentType>(20), {1}); }},
      {TlsAlert::kIllegalParameter, [](RawPair& pair) { pair.Send(ContentType::kHandshake, {24, 0, 0, 1, 2}); }},
      {TlsAlert::kDecodeError, [](RawPair& pair) { pair.Send(ContentType::kHandshake, {24, 0, 0, 1}); }},
      {TlsAlert::kDecodeError, [](RawPair& pair) { pair.Send(ContentType::kHandshake, {24, 0, 0, 1, 0, 0}); }},
      {TlsAlert::kDecodeError, [](RawPair& pair) { pair.Send(ContentType::kAlert, {1}); }},
  };
  for (const Bad& bad : kBad) {
    RawPair pair;
    pair.Send(ContentType::kApplicationData, {'o', 'k'});
    bad.send(pair);
    pair.Send(ContentType::kApplicationData, {'n', 'o'});
    Result last = Result::kDone;
    CHECK_EQUAL(pair.ReadAll(100, last), "ok");
    CHECK_EQUAL(last, Result::kFailed);
    CHECK_EQUAL(pair.Alert(), static_cast<int>(bad.alert));
  }
}

TEST("a fatal alert of the peer ends the connection, and is not answered") {
  RawPair pair;
  pair.Send(ContentType::kAlert, {2, 80});
  Result last = Result::kDone;
  CHECK_EQUAL(pair.ReadAll(100, last), "");
  CHECK_EQUAL(last, Result::kFailed);
  CHECK(pair.ReceiveRaw().empty());
}

TEST("RFC 8446 section 6.1: close_notify ends each direction by itself") {
  TlsPair pair(Context());
  CHECK(pair.Handshake());
  CHECK_EQUAL(SSL_write(pair.client(), "last", 4), 4);
  SSL_shutdown(pair.client());
  Result last = Result::kDone;
  CHECK_EQUAL(pair.ReadAll(100, last), "last");
  CHECK_EQUAL(last, Result::kEnded);
  CHECK_EQUAL(pair.server().Write("still here", 10), Result::kDone);
  pair.server().Finish();
  pair.server().Finish();
  char back[16];
  CHECK_EQUAL(SSL_read(pair.client(), back, sizeof back), 10);
  CHECK_EQUAL(SSL_read(pair.client(), back, sizeof back), 0);
  CHECK_EQUAL(SSL_get_shutdown(pair.client()) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
}

TEST("key updates without end are not followed without end") {
  RawPair pair;
  Result last = Result::kBlocked;
  int updates = 0;
  for (; updates < 5000 && last == Result::kBlocked; updates++) {
    uint8_t record[100];
    pair.SendRaw(record, pair.raw->SealKeyUpdate(pair.ciphers(), record));
    (void)pair.ReadAll(100, last);
  }
  CHECK_EQUAL(last, Result::kFailed);
  CHECK(updates > 500);
}

/// Reads one key update and then so much clear text, time and again; returns how often that went well.
int UpdatesWith(const Bytes& text, int most) {
  RawPair pair;
  Result last = Result::kBlocked;
  int rounds = 0;
  for (; rounds < most; rounds++) {
    uint8_t record[RecordLayer::kMostSealed];
    pair.SendRaw(record, pair.raw->SealKeyUpdate(pair.ciphers(), record));
    pair.Send(ContentType::kApplicationData, text);
    CHECK_EQUAL(pair.ReadAll(100, last).size(), text.size());
    if (last != Result::kBlocked) break;
  }
  return rounds;
}

TEST("nor are they when each of them brings a byte along; beside some traffic they are") {
  const int alone = UpdatesWith({}, 3000);
  CHECK(alone > 500 && alone < 3000);
  CHECK(UpdatesWith({'x'}, 3000) < 3000);
  CHECK_EQUAL(UpdatesWith(Bytes(200, 'x'), 3000), 3000);
}

TEST("text of one byte a record goes on for ever") {
  RawPair pair;
  Result last = Result::kBlocked;
  for (int count = 0; count < 5000; count++) {
    pair.Send(ContentType::kApplicationData, {'x'});
    CHECK_EQUAL(pair.ReadAll(100, last), "x");
  }
  CHECK_EQUAL(last, Result::kBlocked);
}

TEST("TLS 1.2 stays with OpenSSL, and a client cannot negotiate anew (RFC 5746)") {
  TlsPair pair(Context(), TLS1_2_VERSION);
  CHECK(pair.Handshake());
  CHECK(!pair.server().is_light());
  CHECK_EQUAL(pair.server().version(), "TLSv1.2");
  CHECK_EQUAL(SSL_write(pair.client(), "one", 3), 3);
  Result last = Result::kDone;
  CHECK_EQUAL(pair.ReadAll(100, last), "one");
  SSL_renegotiate(pair.client());
  bool is_refused = false;
  for (int turn = 0; turn < 10 && !is_refused; turn++) {
    const int result = SSL_do_handshake(pair.client());
    is_refused = result != 1 && SSL_get_error(pair.client(), result) == SSL_ERROR_SSL;
    CHECK(result != 1);
    CHECK_EQUAL(pair.ReadAll(100, last), "");
  }
  CHECK(is_refused);
}

}  // namespace
