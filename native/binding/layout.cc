#include "binding/layout.h"

#include <initializer_list>
#include <utility>

#include "binding/values.h"
#include "core/xml/envelope.h"

namespace meerkat {

namespace {

using Entry = std::pair<const char*, uint32_t>;

napi_value Table(napi_env env, std::initializer_list<Entry> entries) {
  napi_value table;
  napi_create_object(env, &table);
  for (const auto& [name, number] : entries) SetProperty(env, table, name, number);
  return table;
}

template <typename T>
Entry Of(const char* name, T number) {
  return {name, static_cast<uint32_t>(number)};
}

napi_value Words(napi_env env) {
  return Table(env, {Of("KIND", word::kKind), Of("SLOT", word::kSlot), Of("GENERATION", word::kGeneration),
                     Of("START", word::kStart), Of("END", word::kEnd), Of("TO", word::kTo), Of("FROM", word::kFrom),
                     Of("ID", word::kId), Of("LANG", word::kLang), Of("STANZA", word::kStanza),
                     Of("CHILDREN_LOW", word::kChildrenLow), Of("CHILDREN_HIGH", word::kChildrenHigh),
                     Of("HEAD", word::kHead), Of("FROM_CUT", word::kFromCut), Of("DETAIL", word::kDetail),
                     Of("LEFT", word::kLeft),
                     Of("FROM_NUMBER", word::kFromNumber), Of("TO_NUMBER", word::kToNumber),
                     Of("COUNT", word::kCount)});
}

napi_value Events(napi_env env) {
  return Table(env, {Of("CONNECTED", EventKind::kConnected), Of("STREAM_OPENED", EventKind::kStreamOpened),
                     Of("ELEMENT", EventKind::kElement), Of("STREAM_CLOSED", EventKind::kStreamClosed),
                     Of("STREAM_FAILED", EventKind::kStreamFailed), Of("SECURED", EventKind::kSecured),
                     Of("CLOSED", EventKind::kClosed), Of("ROUTED", EventKind::kRouted),
                     Of("CALLED", EventKind::kCalled), Of("ARRIVED", EventKind::kArrived),
                     Of("DRAINED", EventKind::kDrained), Of("TIMED_OUT", EventKind::kTimedOut),
                     Of("REFUSED", EventKind::kRefused), Of("FRAME", EventKind::kFrame),
                     Of("READ_ON", EventKind::kReadOn), Of("RELEASED", EventKind::kReleased)});
}

napi_value Failures(napi_env env) {
  using enum StreamFailure;
  return Table(env, {Of("NONE", kNone), Of("NOT_WELL_FORMED", kNotWellFormed), Of("RESTRICTED_XML", kRestrictedXml),
                     Of("BAD_NAMESPACE_PREFIX", kBadNamespacePrefix), Of("UNSUPPORTED_ENCODING", kUnsupportedEncoding),
                     Of("BAD_CHARACTER", kBadCharacter), Of("INVALID_NAMESPACE", kInvalidNamespace),
                     Of("BAD_FORMAT", kBadFormat), Of("STANZA_TOO_LARGE", kStanzaTooLarge), Of("TOO_DEEP", kTooDeep),
                     Of("TOO_MANY_ATTRIBUTES", kTooManyAttributes), Of("TAG_TOO_LARGE", kTagTooLarge),
                     Of("TOO_MANY_CHILDREN", kTooManyChildren),
                     Of("TOO_MUCH_BEFORE_AUTHENTICATION", kTooMuchBeforeAuthentication),
                     Of("TOO_MUCH_DECOMPRESSED", kTooMuchDecompressed), Of("BAD_COMPRESSION", kBadCompression),
                     Of("BAD_FRAME", kBadFrame), Of("TOO_MUCH_UNREAD", kTooMuchUnread)});
}

napi_value CloseReasons(napi_env env) {
  using enum CloseReason;
  return Table(env, {Of("LOCAL", kLocal), Of("PEER", kPeer), Of("RESET", kReset), Of("TLS_FAILED", kTlsFailed),
                     Of("QUEUE_FULL", kQueueFull), Of("LINGER_TIMEOUT", kLingerTimeout), Of("MOVED", kMoved),
                     Of("UNREACHABLE", kUnreachable)});
}

napi_value Refusals(napi_env env) {
  using enum Refusal;
  return Table(env, {Of("MISSING", kMissing), Of("BROKEN", kBroken), Of("TOO_LONG", kTooLong),
                     Of("BAD_CHECKSUM", kBadChecksum), Of("CUT_SHORT", kCutShort), Of("LATE", kLate),
                     Of("UNTRUSTED", kUntrusted)});
}

napi_value Releases(napi_env env) {
  return Table(env, {Of("DONE", Release::kDone), Of("CUT", Release::kCut)});
}

napi_value StanzaTypes(napi_env env) {
  napi_value types;
  napi_create_array(env, &types);
  uint32_t index = 0;
  for (const std::string_view type : kStanzaTypes) napi_set_element(env, types, index++, Value(env, type));
  return types;
}

}  // namespace

napi_value DescribeLayout(napi_env env) {
  napi_value layout;
  napi_create_object(env, &layout);
  SetProperty(env, layout, "WORDS_PER_ENVELOPE", static_cast<uint32_t>(kWordsPerEnvelope));
  SetProperty(env, layout, "UNKNOWN_TYPE", uint32_t{kUnknownType});
  napi_set_named_property(env, layout, "word", Words(env));
  napi_set_named_property(env, layout, "eventKind", Events(env));
  napi_set_named_property(env, layout, "envelopeFlag",
                          Table(env, {Of("ESCAPED", envelope_flag::kEscaped), Of("NON_ASCII", envelope_flag::kNonAscii),
                                      Of("FOREIGN_SCOPE", envelope_flag::kForeignScope),
                                      Of("OWN_NAMESPACE", envelope_flag::kOwnNamespace)}));
  napi_set_named_property(env, layout, "stanzaKind",
                          Table(env, {Of("NONZA", StanzaKind::kNonza), Of("MESSAGE", StanzaKind::kMessage),
                                      Of("PRESENCE", StanzaKind::kPresence), Of("IQ", StanzaKind::kIq)}));
  napi_set_named_property(env, layout, "stanzaTypes", StanzaTypes(env));
  napi_set_named_property(env, layout, "streamFailure", Failures(env));
  napi_set_named_property(env, layout, "closeReason", CloseReasons(env));
  napi_set_named_property(env, layout, "refusal", Refusals(env));
  napi_set_named_property(env, layout, "release", Releases(env));
  return layout;
}

}  // namespace meerkat
