/// Runs all connections of one shard on its event loop.
#pragma once

#include <uv.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/jid/address_table.h"
#include "core/net/batch.h"
#include "core/net/carrier.h"
#include "core/net/connect_settings.h"
#include "core/net/connection.h"
#include "core/net/listener.h"
#include "core/net/proxy_protocol.h"
#include "core/net/refusals.h"
#include "core/shard/mailbox.h"
#include "core/shard/shard_registry.h"
#include "core/tls/channel_binding.h"
#include "core/xml/child_table.h"
#include "core/xml/scan_context.h"
#include "core/xml/stream_framer.h"
#include "core/zlib/compression.h"

namespace meerkat {

/// Everything happens on the thread that made it. JavaScript is called between the handling of two connections, never
/// within one, so it may close, move or free anything. A connection that is gone stays readable until the batch with
/// its CLOSED was delivered.
class Reactor {
 public:
  /// What the reactor needs from the side that knows JavaScript.
  class Host {
   public:
    /// Delivers the batch, and calls `EndBatch` before anything else of JavaScript's runs. False when JavaScript can no
    /// longer be called: the reactor then does nothing more.
    [[nodiscard]] virtual bool OnBatch(uint32_t count) = 0;
    /// Gives the batch an arena of at least this size, as long as the batch is empty.
    virtual void EnlargeArena(size_t bytes) = 0;
    /// The usual arena is large enough again; only while the batch is empty.
    virtual void RestoreArena() = 0;

   protected:
    ~Host() = default;
  };

  struct Settings {
    std::string group;
    uint32_t shard = 0;
    uint32_t shards = 1;
    /// Other shards do not reach this one before `Show`.
    bool is_hidden = false;
    /// Namespace and name, in the order of the bits.
    std::vector<std::pair<std::string, std::string>> children;
  };

  /// Null with `failure` filled in when this shard runs already or the system refuses.
  [[nodiscard]] static std::unique_ptr<Reactor> Create(uv_loop_t* loop, Host& host, Settings settings,
                                                       Failure& failure);
  ~Reactor();
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  [[nodiscard]] Batch& batch() noexcept { return batch_; }
  /// The words and bytes of the running batch are used again from here on. Does nothing outside a batch.
  void EndBatch();

  // Listeners
  [[nodiscard]] Listener* Listen(const ListenSettings& settings, std::shared_ptr<const ConnectionPolicy> policy,
                                 Failure& failure);
  void Unlisten(uint32_t listener);
  /// For connections accepted from now on. False, and nothing changes, for a listener without direct TLS; a closed one is no matter.
  [[nodiscard]] bool SetDirectTls(uint32_t listener, std::shared_ptr<const TlsContext> context);

  // Frames: connections whose socket somebody else on this loop owns. Carriers are what that owner knows them by.
  /// Like a listener, but nothing is bound: connections come by `Attach`.
  [[nodiscard]] uint32_t ListenFrames(std::shared_ptr<const ConnectionPolicy> policy);
  /// False when nobody listens there any more, or has all the connections it may have.
  [[nodiscard]] bool Attach(uint32_t listener, std::string facts, CarrierName& carrier);
  /// Bytes of a frame. False once the owner should feed no more before kReadOn.
  bool Feed(CarrierName carrier, std::string_view bytes, bool is_last);
  /// So many bytes of frames have left.
  void Sent(CarrierName carrier, size_t bytes);
  /// The owner's last word: its socket is gone, by the peer's orderly end or otherwise.
  void Detach(CarrierName carrier, bool is_orderly);

  /// A connection that we begin: CONNECTED follows, or CLOSED with kUnreachable. Null with `failure` filled in when it cannot even be tried.
  [[nodiscard]] Connection* Connect(const ConnectSettings& settings, std::shared_ptr<const ConnectionPolicy> policy,
                                    Failure& failure);

  // Connections. Slots and generations that do not fit together name nobody: such calls do nothing.
  /// Also for a connection that is closing.
  [[nodiscard]] Connection* Find(uint32_t slot, uint32_t generation) noexcept;
  /// Room for one write of at most `size` bytes; `Queue` ends it. Valid until the next call.
  [[nodiscard]] uint8_t* Reserve(Connection& connection, size_t size) {
    return connection.output.Reserve(blocks_, size);
  }
  /// Not for connections with frames, which know their writes as wholes.
  bool Queue(Connection& connection, size_t size) {
    connection.output.Commit(size);
    return FinishWrite(connection, true);
  }
  /// False once the queue is over half of its limit, or went over the whole, which closes the connection.
  bool Send(Connection& connection, std::string_view bytes);
  [[nodiscard]] bool Deliver(Connection& connection, uint32_t envelope);
  void Stamp(Connection& connection, std::string_view from);
  void Continue(Connection& connection, enum Proceed how);
  void Pause(Connection& connection) noexcept { connection.is_paused = true; }
  void Resume(Connection& connection);
  void Shape(Connection& connection, uint64_t bytes_per_second);
  void Authenticated(Connection& connection);
  void SetDeadline(Connection& connection, uint64_t ms);
  [[nodiscard]] bool StartTls(Connection& connection, std::shared_ptr<const TlsContext> context,
                              const std::string& name);
  /// Sends `confirmation` in clear; what follows it is compressed, both ways.
  [[nodiscard]] bool StartCompression(Connection& connection, std::string_view confirmation);
  void Close(Connection& connection);
  void Abort(Connection& connection);

  // Shards
  [[nodiscard]] bool Move(Connection& connection, uint32_t shard, std::string_view state);
  [[nodiscard]] bool Forward(uint32_t shard, uint32_t envelope);
  void Show() { mailbox_->Hide(false); }
  [[nodiscard]] bool Post(uint32_t shard, MessageKind kind, std::string_view bytes);

  /// The one element that the text is, without white space around it; empty unless it is well-formed and unrestricted.
  [[nodiscard]] std::string_view FindElement(std::string_view xml) noexcept;

  /// Words of the running batch at `envelope`; null when there is no such thing.
  [[nodiscard]] const uint32_t* Words(uint32_t envelope) noexcept;
  /// The bytes that words of the running batch span.
  [[nodiscard]] std::string_view Span(const uint32_t* words) noexcept;
  /// The connection that the words are about; null for what came from other shards.
  [[nodiscard]] Connection* SenderOf(const uint32_t* words) noexcept;

  struct Counters {
    uint64_t connections, accepted, bytes_in, bytes_out, memory, refused, decompressions_refused;
  };
  [[nodiscard]] Counters Count() const noexcept;

  /// Closes everything; no event follows. Idempotent. The loop must run on until `is_stopped`.
  void Stop(void (*stopped)(void*), void* context);

 private:
  struct Slot {
    Connection* connection = nullptr;  // owned, unless it moves
    uint32_t generation = 0;
  };
  struct Notice {
    EventKind kind;
    uint32_t slot, generation, detail;
  };
  /// A connection here whose carrier is there.
  struct Guest {
    uint32_t carrier_generation = 0;
    uint32_t slot = 0;
    uint32_t generation = 0;
  };
  struct Neighbour {
    std::shared_ptr<Mailbox> mailbox;  // shared with its owner; null until first used
    Parcel parcel;
    std::vector<Guest> guests;  // by the carrier's slot
  };
  /// A connection whose CLOSED is delivered once so many notices were.
  struct Gone {
    Connection* connection;
    uint64_t notices;
  };
  /// A parcel that is posted once so many notices were delivered: before that, a connection in it may still be looked at.
  struct Outgoing {
    std::shared_ptr<Mailbox> mailbox;
    Parcel parcel;
    uint64_t notices;
  };
  class Sink;

  static constexpr size_t kElementPieces = 4;

  Reactor(uv_loop_t* loop, Host& host, Settings settings);

  // reactor.cc: the loop
  [[nodiscard]] bool Open(Failure& failure);
  bool OnEvents();
  void OnConnectionEvent(Connection& connection, uint32_t events);
  void RunTurn();
  [[nodiscard]] bool RunRound();
  void HandleReady();
  void DeliverBatch();
  void AfterBatch();
  void Tell(EventKind kind, Connection& connection, uint32_t detail);
  void Note(const Notice& notice);
  void WriteNotices();
  void SetTimer(ConnectionTimer& timer, uint64_t ms);
  void StartTicking();
  void OnTick();
  void OnTimer(ConnectionTimer& timer);
  void UpdateHandles();
  [[nodiscard]] bool has_work() const noexcept;
  [[nodiscard]] bool is_active() const noexcept { return is_running_ && !is_silenced_; }

  // reactor_accept.cc
  void Accept(Listener& listener);
  void ShedConnection(Listener& listener);
  void RestListener(Listener& listener);
  void WatchListener(Listener& listener, bool is_watched);
  [[nodiscard]] bool Adopt(std::unique_ptr<Connection> connection);
  void Begin(Connection& connection, uint32_t listener, const std::shared_ptr<const TlsContext>& direct_tls);

  // reactor_connect.cc
  [[nodiscard]] bool FinishConnecting(Connection& connection, uint32_t events);

  // reactor_proxy.cc
  void AwaitHeader(Connection& connection, const Listener& listener);
  [[nodiscard]] bool ReadHeader(Connection& connection);
  void AcceptHeader(Connection& connection, const ProxyHeader& header);
  void Refuse(Connection& connection, Refusal reason);
  void Dismiss(Connection& connection);
  void NoteRefusal(uint32_t listener, Refusal reason, const SocketAddress& from);
  void Discard(Connection& connection);
  void TellRefusals();

  // reactor_frames.cc
  [[nodiscard]] Carrier* FindCarrier(CarrierName carrier) noexcept;
  [[nodiscard]] Connection* CarriedBy(const Carrier& carrier) noexcept;
  void TellCarrier(EventKind kind, CarrierName carrier, uint32_t detail);
  [[nodiscard]] size_t ReceiveFrames(Connection& connection, uint8_t* to, size_t room);
  [[nodiscard]] bool EndFrame(Connection& connection);
  void QueueFrame(Connection& connection, const std::string_view* pieces, size_t count);
  void QueueElementFrame(Connection& connection, const uint32_t* words, const std::string_view* pieces, size_t count);
  [[nodiscard]] bool HandOverFrames(Connection& connection);
  [[nodiscard]] bool IsStuck(Connection& connection);
  void Stall(Connection& connection);
  void Release(Connection& connection, enum Release how);
  void Input(Connection& connection, std::string_view bytes, bool is_last);
  void Left(Connection& connection, size_t bytes, uint32_t frames);
  void LoseCarrier(Connection& connection, bool is_orderly);
  void Taken(Carrier& carrier, size_t bytes);
  void TellReleased(Carrier& carrier, enum Release how);
  void WriteFrame(CarrierName carrier, std::string_view frame);
  void CountLeft();

  // reactor_relays.cc
  void Relay(const FarEnd& away, MessageKind kind, const RelayHead& head, std::string_view bytes);
  void Watch(const FarEnd& away);
  void LeaveCarrier(Connection& connection, FarEnd to);
  void TakeIn(Connection& connection, uint32_t source);
  [[nodiscard]] Connection* GuestOf(uint32_t source, CarrierName carrier) noexcept;
  void ReportLeft(Carrier& carrier);
  void TakeRelayed(uint32_t source, MessageKind kind, std::string_view message);
  void TakeForGuest(Connection& guest, MessageKind kind, const RelayHead& head, std::string_view bytes);
  void TakeForCarrier(Carrier& carrier, MessageKind kind, const RelayHead& head, std::string_view bytes);
  void TickRelays();

  // reactor_input.cc
  void ScheduleInput(Connection& connection);
  void HandleInput(Connection& connection);
  [[nodiscard]] bool BeginTls(Connection& connection, std::shared_ptr<const TlsContext> context,
                              const std::string& name);
  [[nodiscard]] bool Handshake(Connection& connection);
  [[nodiscard]] bool ReadChunk(Connection& connection);
  [[nodiscard]] size_t ReadLimit(Connection& connection);
  [[nodiscard]] size_t Receive(Connection& connection, uint8_t* to, size_t room);
  [[nodiscard]] size_t ReceiveWire(Connection& connection, uint8_t* to, size_t room);
  [[nodiscard]] size_t ReceiveTls(Connection& connection, uint8_t* to, size_t room);
  void Scan(Connection& connection, uint8_t* base, size_t size, bool is_in_arena);
  [[nodiscard]] bool ScanTail(Connection& connection);
  void NumberAddresses(uint32_t* words);
  void FailStream(Connection& connection, StreamFailure failure);
  void OnEnd(Connection& connection);
  [[nodiscard]] bool EnsureArena(size_t bytes);

  // reactor_compression.cc
  [[nodiscard]] size_t ReceiveCompressed(Connection& connection, uint8_t* to, size_t room);
  [[nodiscard]] bool CompressOutput(Connection& connection);

  // reactor_output.cc
  bool FinishWrite(Connection& connection, bool wants_drained);
  void ScheduleOutput(Connection& connection);
  void FlushOutputs();
  void WriteOutput(Connection& connection);
  [[nodiscard]] bool WriteQueued(Connection& connection);
  [[nodiscard]] bool WritePlain(Connection& connection);
  [[nodiscard]] bool WriteTls(Connection& connection);
  [[nodiscard]] bool WriteRecord(Connection& connection);
  [[nodiscard]] size_t GatherElement(uint32_t envelope, std::string_view (&pieces)[kElementPieces]) noexcept;

  // reactor_closing.cc
  void CompleteClose(Connection& connection);
  void Break(Connection& connection, CloseReason reason);
  void Retire(Connection& connection, CloseReason reason, Connection::State state);
  void Depart(Connection& connection, CloseReason reason, Connection::State state);
  void Drain(Connection& connection);
  void Drop(Connection& connection);
  void Forget(Connection& connection);
  void Destroy(Connection* connection);
  void DestroyConnections();

  // reactor_shards.cc
  [[nodiscard]] bool OpenMail();
  [[nodiscard]] Neighbour& NeighbourOf(uint32_t shard);
  [[nodiscard]] Neighbour* Reach(uint32_t shard, size_t bytes);
  void PostParcels();
  void TakeMail();
  void TakeMessage(Parcel& parcel, const Parcel::Message& message);
  void TakeStanza(std::string_view stanza);
  [[nodiscard]] Connection* TakeConnection(std::unique_ptr<Traveller> traveller, uint32_t source);

  uv_loop_t* const loop_;  // not owned
  Host& host_;             // not owned; outlives us
  const Settings settings_;
  const ChildTable children_;
  ScanContext scan_context_{children_};
  AddressTable addresses_;
  Batch batch_;
  BlockPool blocks_;
  RecordCiphers ciphers_;
  TimerWheel wheel_;
  Refusals refusals_;

  int epoll_ = -1;    // owned
  int reserve_ = -1;  // owned: given up for a moment when the process runs out of descriptors
  uv_poll_t poll_{};
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  uv_idle_t idle_{};
  uv_timer_t timer_{};
  uv_async_t async_{};
  int open_handles_ = 0;
  void (*stopped_)(void*) = nullptr;
  void* stopped_context_ = nullptr;

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<std::unique_ptr<Listener>> listeners_;  // by id; null once closed
  std::vector<Listener*> resting_;                    // not accepting for want of descriptors
  /// By the listener's id, beside `listeners_`; null for a port, and once closed.
  std::vector<std::shared_ptr<const ConnectionPolicy>> frame_policies_;
  std::vector<Carrier> carriers_;
  std::vector<uint32_t> free_carriers_;
  std::vector<CarrierName> reporting_;                // carriers with something that their connections, far away, have not been told
  std::vector<std::shared_ptr<Mailbox>> far_ends_;    // of shards with other ends of ours
  std::vector<Connection*> stalled_;                  // with frames that wait for room in the next batch
  std::vector<Connection*> ready_;
  std::vector<Connection*> dirty_;
  std::deque<Gone> gone_;                           // to be destroyed once the batch with their CLOSED is delivered
  std::unordered_set<Connection*> lingering_;       // owned
  std::vector<Connection*> dead_;                   // owned: lingered enough; destroyed when no event can name them
  std::deque<Notice> notices_;                      // what did not fit into the batch
  std::vector<Neighbour> neighbours_;               // by shard
  std::shared_ptr<Mailbox> mailbox_;                // shared with the shards that write to us
  std::deque<Parcel> mail_;
  std::deque<Outgoing> outgoing_;                   // in the order in which they leave
  CompressionTools compression_;
  std::unique_ptr<uint8_t[]> packet_;               // compressed bytes as they were read
  std::unique_ptr<uint8_t[]> record_;               // one TLS record of clear text, gathered
  uint64_t notices_queued_ = 0;   // ever
  uint64_t notices_written_ = 0;  // into batches, ever
  uint64_t last_move_ = 0;        // `notices_queued_` behind the CLOSED of the last connection that moved
  uint32_t batch_number_ = 1;
  int handshakes_left_ = 0;  // in this turn
  uint64_t large_needed_ms_ = 0;  // when an arena over the usual size was last asked for
  bool in_batch_ = false;
  uint32_t frames_in_batch_ = 0;
  bool has_parcels_ = false;
  bool keeps_alive_ = false;  // the loop runs on for us
  bool is_running_ = false;
  bool is_silenced_ = false;  // JavaScript can no longer be called
  bool is_stopping_ = false;
  uint64_t connections_ = 0;
  uint64_t accepted_ = 0;
  uint64_t decompressions_refused_ = 0;
  uint64_t bytes_in_ = 0;   // of connections that are gone
  uint64_t bytes_out_ = 0;  // of connections that are gone
};

}  // namespace meerkat
