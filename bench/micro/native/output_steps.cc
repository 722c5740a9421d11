/// The queue of bytes on their way to the kernel.
#include <memory>

#include "core/net/output_queue.h"
#include "step.h"

namespace meerkat::bench {

void AddOutputSteps(Steps& steps) {
  steps.push_back({"output queue, chat message in and out", 2000, [pool = std::make_shared<BlockPool>()](uint32_t count) {
                     OutputQueue queue;
                     size_t bytes = 0;
                     for (uint32_t i = 0; i < count; i++) {
                       queue.Append(*pool, kChat.data(), kChat.size());
                       queue.Finish();
                       iovec entries[8];
                       for (int left = queue.Gather(entries, 8); left > 0; left--) bytes += entries[left - 1].iov_len;
                       queue.Consume(*pool, kChat.size());
                     }
                     Expect(bytes == size_t{count} * kChat.size() && queue.empty(), "the queue lost bytes");
                   }});
}

}  // namespace meerkat::bench
