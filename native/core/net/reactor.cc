#include "core/net/reactor.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace meerkat {

namespace {

constexpr int kEventsPerCall = 256;
constexpr int kCallsPerTurn = 4;
/// Rounds of input and delivery in one loop turn; then other work of the loop gets its share.
constexpr int kRoundsPerTurn = 8;
/// From so many connections with input in a round on, more has probably come meanwhile.
constexpr size_t kBusyRound = 2;
/// A larger arena is kept while elements that need it come in: a new one for each of their packets would cost more than they do.
constexpr uint64_t kLargeArenaMs = 2000;
/// Steps of handshakes in one turn: each may take a millisecond of signing, while established connections wait.
constexpr int kHandshakesPerTurn = 16;

ChildTable BuildChildren(const std::vector<std::pair<std::string, std::string>>& children) {
  std::vector<ChildPattern> patterns;
  for (const auto& [ns, name] : children) patterns.push_back({ns, name});
  return ChildTable(patterns);
}

/// Only makes collisions hard to find: on a system without randomness a worse seed does.
uint64_t RandomSeed() noexcept {
  uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed) seed = uv_hrtime();
  return seed;
}

}  // namespace

Reactor::Reactor(uv_loop_t* loop, Host& host, Settings settings)
    : loop_(loop),
      host_(host),
      settings_(std::move(settings)),
      children_(BuildChildren(settings_.children)),
      addresses_(RandomSeed()),
      neighbours_(settings_.shards) {}

std::unique_ptr<Reactor> Reactor::Create(uv_loop_t* loop, Host& host, Settings settings, Failure& failure) {
  std::unique_ptr<Reactor> reactor(new Reactor(loop, host, std::move(settings)));
  if (!reactor->Open(failure)) return nullptr;
  return reactor;
}

bool Reactor::Open(Failure& failure) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  reserve_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (epoll_ < 0 || reserve_ < 0) {
    failure = {strerrorname_np(errno), std::string("Cannot set up an event queue: ") + strerror(errno) + "."};
    return false;
  }
  if (!OpenMail()) {
    const std::string shard = std::to_string(settings_.shard);
    failure = {"shard-taken", "Shard " + shard + " of '" + settings_.group + "' runs already."};
    return false;
  }
  // None of these fails once the epoll descriptor exists.
  uv_poll_init(loop_, &poll_, epoll_);
  uv_prepare_init(loop_, &prepare_);
  uv_check_init(loop_, &check_);
  uv_idle_init(loop_, &idle_);
  uv_timer_init(loop_, &timer_);
  uv_async_init(loop_, &async_, [](uv_async_t* handle) { static_cast<Reactor*>(handle->data)->TakeMail(); });
  open_handles_ = 6;
  poll_.data = prepare_.data = check_.data = idle_.data = timer_.data = async_.data = this;
  uv_poll_start(&poll_, UV_READABLE,
                [](uv_poll_t* handle, int, int) { static_cast<Reactor*>(handle->data)->OnEvents(); });
  // Input is delivered right behind the poll phase; what timers and promises queued is written before the next one.
  uv_check_start(&check_, [](uv_check_t* handle) { static_cast<Reactor*>(handle->data)->RunTurn(); });
  uv_prepare_start(&prepare_, [](uv_prepare_t* handle) { static_cast<Reactor*>(handle->data)->RunTurn(); });
  for (uv_handle_t* handle : {reinterpret_cast<uv_handle_t*>(&poll_), reinterpret_cast<uv_handle_t*>(&prepare_),
                              reinterpret_cast<uv_handle_t*>(&check_), reinterpret_cast<uv_handle_t*>(&timer_),
                              reinterpret_cast<uv_handle_t*>(&async_)}) {
    uv_unref(handle);
  }
  is_running_ = true;
  return true;
}

Reactor::~Reactor() {
  if (mailbox_) mailbox_->Close();
  if (epoll_ >= 0) close(epoll_);
  if (reserve_ >= 0) close(reserve_);
}

/// True when there were any.
bool Reactor::OnEvents() {
  if (!is_active()) return false;
  int total = 0;
  epoll_event events[kEventsPerCall];
  for (int call = 0; call < kCallsPerTurn; call++) {
    const int count = epoll_wait(epoll_, events, kEventsPerCall, 0);
    for (int i = 0; i < count; i++) {
      auto* const pollable = static_cast<Pollable*>(events[i].data.ptr);
      if (pollable->kind() == Pollable::Kind::kListener) {
        Accept(static_cast<Listener&>(*pollable));
      } else {
        OnConnectionEvent(static_cast<Connection&>(*pollable), events[i].events);
      }
    }
    total += std::max(count, 0);
    if (count < kEventsPerCall) break;
  }
  return total > 0;
}

void Reactor::OnConnectionEvent(Connection& connection, uint32_t events) {
  const bool is_broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  if (connection.state == Connection::State::kLingering) return Drain(connection);
  if (connection.is_connecting && !FinishConnecting(connection, events)) return;
  if (is_broken && connection.is_open() && connection.is_awaiting_header) return Dismiss(connection);
  if (is_broken && (connection.is_open() || connection.state == Connection::State::kClosing)) {
    return Break(connection, CloseReason::kReset);
  }
  if (events & (EPOLLIN | EPOLLRDHUP)) {
    connection.socket.OnReadable((events & EPOLLRDHUP) != 0);
    ScheduleInput(connection);
  }
  if ((events & EPOLLOUT) && !connection.socket.writable()) {
    connection.socket.OnWritable();
    ScheduleOutput(connection);
  }
}

void Reactor::RunTurn() {
  if (!is_active()) return;
  handshakes_left_ = kHandshakesPerTurn;
  for (int round = 0; round < kRoundsPerTurn; round++) {
    const bool is_busy = ready_.size() >= kBusyRound;
    const bool goes_on = RunRound();
    if (!is_active()) return;
    // Under load, looking here is cheaper than another turn of the whole loop.
    if (!goes_on && !(is_busy && OnEvents())) break;
  }
  for (Connection* connection : dead_) Destroy(connection);
  dead_.clear();
  UpdateHandles();
}

bool Reactor::RunRound() {
  WriteNotices();
  for (Connection* connection : stalled_) {
    connection->is_stalled = false;
    ScheduleOutput(*connection);
  }
  stalled_.clear();
  TakeMail();
  HandleReady();
  TellRefusals();
  if (!batch_.is_empty()) DeliverBatch();
  if (!is_active()) return false;
  if (batch_.arena_size() > Batch::kArenaBytes && uv_now(loop_) - large_needed_ms_ > kLargeArenaMs) host_.RestoreArena();
  FlushOutputs();
  PostParcels();
  return has_work();
}

void Reactor::HandleReady() {
  // Who has more than its share of input goes to the end of the list, for the next round.
  const size_t count = ready_.size();
  for (size_t i = 0; i < count; i++) {
    Connection& connection = *ready_[i];
    connection.is_ready = false;
    HandleInput(connection);
  }
  ready_.erase(ready_.begin(), ready_.begin() + static_cast<ptrdiff_t>(count));
}

bool Reactor::has_work() const noexcept {
  return !batch_.is_empty() || !notices_.empty() || !ready_.empty() || !mail_.empty() || !gone_.empty() || !outgoing_.empty() ||
         !stalled_.empty() ||
         refusals_.Due(uv_now(loop_)) != nullptr;
}

void Reactor::DeliverBatch() {
  in_batch_ = true;
  const bool is_alive = host_.OnBatch(batch_.count());
  EndBatch();
  if (is_alive) return;
  // The thread is being terminated; its clean-up stops us for good, unless what ran behind the batch has done so.
  is_silenced_ = true;
  if (is_running_) uv_poll_stop(&poll_);
}

void Reactor::EndBatch() {
  if (!in_batch_) return;
  if (frames_in_batch_ > 0) CountLeft();
  in_batch_ = false;
  batch_.Reset();
  batch_number_++;
  if (is_stopping_) return Stop(stopped_, stopped_context_);
  AfterBatch();
}

void Reactor::AfterBatch() {
  // Only those whose CLOSED has left: if each batch took leave of somebody, waiting for all would never end.
  for (; !gone_.empty() && gone_.front().notices <= notices_written_; gone_.pop_front()) {
    Connection* const connection = gone_.front().connection;
    slots_[connection->slot] = {nullptr, connection->generation + 1};
    free_slots_.push_back(connection->slot);
    if (connection->state == Connection::State::kLingering) {
      lingering_.insert(connection);
    } else if (connection->state == Connection::State::kClosed) {
      Destroy(connection);
    }
  }
}

void Reactor::Tell(EventKind kind, Connection& connection, uint32_t detail) {
  connection.batch = batch_number_;
  Note({kind, connection.slot, connection.generation, detail});
}

void Reactor::Note(const Notice& notice) {
  if (in_batch_ || batch_.is_full() || !notices_.empty()) {
    notices_.push_back(notice);
    notices_queued_++;
    return;
  }
  batch_.Add(notice.kind, notice.slot, notice.generation)[word::kDetail] = notice.detail;
}

void Reactor::WriteNotices() {
  while (!notices_.empty() && !batch_.is_full()) {
    const Notice& notice = notices_.front();
    batch_.Add(notice.kind, notice.slot, notice.generation)[word::kDetail] = notice.detail;
    notices_.pop_front();
    notices_written_++;
  }
}

void Reactor::SetTimer(ConnectionTimer& timer, uint64_t ms) {
  wheel_.Set(timer, uv_now(loop_), ms);
  StartTicking();
}

void Reactor::StartTicking() {
  if (!uv_is_active(reinterpret_cast<uv_handle_t*>(&timer_))) {
    // Aligned with the wheel, whose ticks are whole seconds of the loop's clock.
    uv_timer_start(&timer_, [](uv_timer_t* handle) { static_cast<Reactor*>(handle->data)->OnTick(); },
                   TimerWheel::kTickMs - uv_now(loop_) % TimerWheel::kTickMs, TimerWheel::kTickMs);
  }
}

void Reactor::OnTick() {
  if (!is_active()) return;
  wheel_.Advance(uv_now(loop_), [this](TimerNode& node) { OnTimer(static_cast<ConnectionTimer&>(node)); });
  TickRelays();
  for (Listener* listener : resting_) WatchListener(*listener, true);
  resting_.clear();
}

void Reactor::OnTimer(ConnectionTimer& timer) {
  Connection& connection = *timer.connection;
  if (timer.kind == ConnectionTimer::Kind::kShaper) return ScheduleInput(connection);
  switch (connection.state) {
    case Connection::State::kOpen:
      if (connection.is_awaiting_header) return Refuse(connection, Refusal::kLate);
      return Tell(EventKind::kTimedOut, connection, 0);
    case Connection::State::kClosing:
      return Break(connection, CloseReason::kLingerTimeout);
    case Connection::State::kLingering:
      return Drop(connection);
    default:
      return;
  }
}

void Reactor::UpdateHandles() {
  if (has_work()) {
    uv_idle_start(&idle_, [](uv_idle_t*) {});
  } else {
    uv_idle_stop(&idle_);
  }
  if (wheel_.size() == 0 && resting_.empty() && !refusals_.is_waiting() && far_ends_.empty()) uv_timer_stop(&timer_);
  const auto is_listening = [](const auto& listener) { return listener != nullptr; };
  const bool keeps_alive = connections_ > 0 || std::ranges::any_of(listeners_, is_listening);
  if (keeps_alive == keeps_alive_) return;
  keeps_alive_ = keeps_alive;
  auto* const poll = reinterpret_cast<uv_handle_t*>(&poll_);
  if (keeps_alive) {
    uv_ref(poll);
  } else {
    uv_unref(poll);
  }
}

Reactor::Counters Reactor::Count() const noexcept {
  Counters counters{connections_, accepted_, bytes_in_, bytes_out_, 0, refusals_.total(), decompressions_refused_};
  counters.memory = blocks_.idle_bytes() + slots_.capacity() * sizeof(Slot) + batch_.arena_size() +
                    size_t{Batch::kCapacity} * kWordsPerEnvelope * sizeof(uint32_t) + mailbox_->reserved() +
                    addresses_.memory() + compression_.memory() + carriers_.capacity() * sizeof(Carrier);
  for (const Slot& slot : slots_) {
    if (!slot.connection) continue;
    counters.bytes_in += slot.connection->socket.bytes_in;
    counters.bytes_out += slot.connection->socket.bytes_out;
    counters.memory += slot.connection->memory();
  }
  return counters;
}

}  // namespace meerkat
