/// The mailbox between shards: a stanza reserved, packed, posted, taken out and released.
#include <memory>
#include <utility>

#include "core/shard/mailbox.h"
#include "step.h"

namespace meerkat::bench {

namespace {

void Ring(void* bell) { ++*static_cast<uint64_t*>(bell); }

/// One parcel of so many stanzas, from the writer's end to the reader's.
uint64_t Carry(Mailbox& mailbox, uint32_t stanzas) {
  Parcel parcel(1);
  for (uint32_t i = 0; i < stanzas; i++) {
    Expect(mailbox.Reserve(kChat.size()), "the mailbox is full");
    parcel.Add(MessageKind::kRouted, kChat);
  }
  Expect(mailbox.Post(std::move(parcel)), "the mailbox is closed");
  uint64_t bytes = 0;
  for (Parcel& taken : mailbox.Take()) {
    for (Parcel::Message message; taken.Peek(message); taken.Skip()) {
      bytes += message.bytes.size();
      mailbox.Release(message.bytes.size());
    }
  }
  return bytes;
}

void AddCarrying(Steps& steps, uint32_t stanzas) {
  const auto bell = std::make_shared<uint64_t>(0);
  const auto mailbox = std::make_shared<Mailbox>(Ring, bell.get());
  steps.push_back({"mailbox, " + std::to_string(stanzas) + (stanzas == 1 ? " stanza" : " stanzas") + " a parcel", 2000 / stanzas * stanzas,
                   [bell, mailbox, stanzas](uint32_t count) {
                     uint64_t bytes = 0;
                     for (uint32_t i = 0; i < count; i += stanzas) bytes += Carry(*mailbox, stanzas);
                     Expect(bytes >= uint64_t{count} * kChat.size() && mailbox->reserved() == 0, "the mailbox lost a stanza");
                   }});
}

}  // namespace

void AddMailboxSteps(Steps& steps) {
  AddCarrying(steps, 1);
  AddCarrying(steps, 20);
}

}  // namespace meerkat::bench
