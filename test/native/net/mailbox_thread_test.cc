/// Mailboxes between threads: order, limits, and readers that go away.
#include "core/shard/mailbox.h"

#include <atomic>
#include <string>
#include <thread>

#include "check.h"
#include "core/shard/shard_registry.h"

namespace {

using namespace meerkat;

struct Passenger final : Traveller {
  explicit Passenger(std::atomic<int>& alive) : alive(alive) { alive++; }
  ~Passenger() override { alive--; }
  std::atomic<int>& alive;
};

void Ring(void* bell) { (*static_cast<std::atomic<int>*>(bell))++; }

Parcel One(uint32_t source, const std::string& text) {
  Parcel parcel(source);
  parcel.Add(MessageKind::kCalled, text);
  return parcel;
}

TEST("messages of many threads arrive whole, and those of one thread in order") {
  constexpr uint32_t kWriters = 4;
  constexpr int kMessages = 20'000;
  std::atomic<int> rings{0};
  Mailbox mailbox(Ring, &rings);
  std::vector<std::thread> writers;
  for (uint32_t writer = 0; writer < kWriters; writer++) {
    writers.emplace_back([&mailbox, writer] {
      for (int i = 0; i < kMessages;) {
        Parcel parcel(writer);
        for (int n = 0; n < 1 + i % 7 && i < kMessages; n++, i++) {
          const std::string text = std::to_string(i);
          while (!mailbox.Reserve(text.size())) std::this_thread::yield();
          const std::string_view pieces[] = {std::string_view(text).substr(0, 1), std::string_view(text).substr(1)};
          parcel.Add(MessageKind::kRouted, pieces, 2);
        }
        if (!mailbox.Post(std::move(parcel))) return;
      }
    });
  }
  int next[kWriters] = {};
  int wrong = 0;
  for (int left = kWriters * kMessages; left > 0;) {
    for (Parcel& parcel : mailbox.Take()) {
      for (Parcel::Message message; parcel.Peek(message); parcel.Skip(), left--) {
        wrong += message.bytes != std::to_string(next[parcel.source()]++);
        mailbox.Release(message.bytes.size());
      }
    }
  }
  for (std::thread& writer : writers) writer.join();
  CHECK_EQUAL(wrong, 0);
  CHECK_EQUAL(mailbox.reserved(), 0u);
  CHECK(rings > 0);
}

TEST("one wake-up stands for all parcels until they are taken") {
  std::atomic<int> rings{0};
  Mailbox mailbox(Ring, &rings);
  for (int i = 0; i < 5; i++) CHECK(mailbox.Post(One(0, "x")));
  CHECK_EQUAL(rings.load(), 1);
  CHECK_EQUAL(mailbox.Take().size(), 5u);
  CHECK(mailbox.Post(One(0, "x")));
  CHECK_EQUAL(rings.load(), 2);
}

TEST("room is refused at the limit, until some is given back") {
  std::atomic<int> rings{0};
  Mailbox mailbox(Ring, &rings);
  constexpr size_t kHead = Mailbox::kMessageBytes;
  CHECK(mailbox.Reserve(Mailbox::kMostBytes - 3 * kHead - 10));
  CHECK(!mailbox.Reserve(kHead + 11));
  CHECK(mailbox.Reserve(10));
  CHECK(mailbox.Reserve(0));
  CHECK(!mailbox.Reserve(0));
  mailbox.Release(10);
  CHECK(!mailbox.Reserve(11));
  CHECK(mailbox.Reserve(10));
  mailbox.Release(0);
  mailbox.Release(10);
  mailbox.Release(Mailbox::kMostBytes - 3 * kHead - 10);
  CHECK_EQUAL(mailbox.reserved(), 0u);
}

TEST("messages without bytes come to an end too, and their memory stays within the limit") {
  std::atomic<int> rings{0};
  Mailbox mailbox(Ring, &rings);
  Parcel parcel(0);
  size_t taken = 0;
  for (; taken < 10'000'000 && mailbox.Reserve(0); taken++) parcel.Add(MessageKind::kCalled, std::string_view());
  CHECK_EQUAL(taken, Mailbox::kMostBytes / Mailbox::kMessageBytes);
  CHECK(parcel.size() <= Mailbox::kMostBytes);
  for (Parcel::Message message; parcel.Peek(message); parcel.Skip()) mailbox.Release(message.bytes.size());
  CHECK_EQUAL(mailbox.reserved(), 0u);
}

TEST("a reader that closes while others write: no wake-up comes after, and every traveller is released") {
  for (int round = 0; round < 200; round++) {
    std::atomic<int> alive{0};
    auto* const bell = new std::atomic<int>(0);
    auto mailbox = std::make_shared<Mailbox>(Ring, bell);
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 2; writer++) {
      writers.emplace_back([mailbox, &alive] {
        for (bool is_open = true; is_open;) {
          Parcel parcel(0);
          parcel.AddTraveller(std::make_unique<Passenger>(alive), "state");
          is_open = mailbox->Post(std::move(parcel));
        }
      });
    }
    for (int i = 0; i < round % 5; i++) (void)mailbox->Take();
    mailbox->Close();
    mailbox->Close();
    // What the wake-up rings may be gone from here on.
    delete bell;
    CHECK(!mailbox->is_open());
    CHECK(!mailbox->Reserve(1));
    for (std::thread& writer : writers) writer.join();
    CHECK_EQUAL(alive.load(), 0);
  }
}

TEST("a traveller belongs to whoever takes it, else to its parcel") {
  std::atomic<int> alive{0};
  {
    Parcel parcel(7);
    parcel.Add(MessageKind::kRouted, std::string_view("<iq/>"));
    parcel.AddTraveller(std::make_unique<Passenger>(alive), "a");
    parcel.AddTraveller(std::make_unique<Passenger>(alive), "");
    Parcel::Message message;
    CHECK(parcel.Peek(message));
    CHECK_EQUAL(message.bytes, "<iq/>");
    parcel.Skip();
    CHECK(parcel.Peek(message));
    CHECK_EQUAL(message.kind, MessageKind::kMoved);
    CHECK_EQUAL(message.bytes, "a");
    parcel.TakeTraveller().reset();
    CHECK_EQUAL(alive.load(), 1);
    parcel.Skip();
    CHECK(parcel.Peek(message));
    CHECK_EQUAL(message.bytes, "");
  }
  CHECK_EQUAL(alive.load(), 0);
}

TEST("a shard is found by group and number while it runs, from any thread") {
  ShardRegistry registry;
  std::atomic<int> rings{0};
  std::vector<std::thread> threads;
  for (uint32_t shard = 0; shard < 4; shard++) {
    threads.emplace_back([&registry, &rings, shard] {
      for (int i = 0; i < 500; i++) {
        auto mailbox = std::make_shared<Mailbox>(Ring, &rings);
        CHECK(registry.Add("a", shard, mailbox));
        CHECK(!registry.Add("a", shard, mailbox));
        (void)registry.Find("a", (shard + 1) % 4);
        CHECK(registry.Find("b", shard) == nullptr);
        CHECK(registry.Find("a", shard) == mailbox);
        registry.Remove("a", shard);
        mailbox->Close();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(registry.Find("a", 0) == nullptr);
}

}  // namespace
