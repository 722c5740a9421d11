/// Measures steps of the engine, and prints a line of JSON for each.
///
/// Arguments: rounds, nanoseconds of CPU for a step in one round, and words of which a step's name holds one; none for all of them.
/// Under callgrind each step has a dump of its own, named like it, that holds what this many operations took and nothing else.
#include <algorithm>
#include <ctime>
#include <string_view>

#include "step.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#define CALLGRIND_TOGGLE_COLLECT
#define CALLGRIND_DUMP_STATS_AT(name) static_cast<void>(name)
#endif

namespace {

using namespace meerkat::bench;

constexpr uint32_t kReferenceTurns = 300'000;
volatile uint64_t sink = 0;

double CpuNanoseconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// What all others are compared with, as every machine and every moment has its own speed: arithmetic, branches, and memory that a cache holds.
double Reference() {
  static std::vector<uint32_t> table(16'384, 1);
  uint64_t state = 88172645463325252u;
  const double start = CpuNanoseconds();
  for (uint32_t i = 0; i < kReferenceTurns; i++) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    uint32_t& place = table[state % table.size()];
    if (state & 64) place += static_cast<uint32_t>(state);
    else place ^= i;
  }
  sink = sink + table[7];
  return (CpuNanoseconds() - start) / kReferenceTurns;
}

double Cost(const Step& step, uint32_t count) {
  const double start = CpuNanoseconds();
  step.run(count);
  return CpuNanoseconds() - start;
}

void MeasureTime(const Step& step, int rounds, double nanoseconds) {
  uint32_t count = step.counted;
  // Warm, and as many as fill the time.
  const double once = std::max(Cost(step, count), 1.0);
  count = static_cast<uint32_t>(std::max(1.0, nanoseconds / once)) * step.counted;
  std::printf("{\"name\": \"%s\", \"rounds\": [", step.name.c_str());
  double before = Reference();
  for (int round = 0; round < rounds; round++) {
    const double each = Cost(step, count) / count;
    const double after = Reference();
    std::printf("%s[%.3f, %.5f]", round == 0 ? "" : ", ", each, each / ((before + after) / 2));
    before = after;
  }
  std::printf("]}\n");
}

void CountInstructions(const Step& step) {
  step.run(step.counted);
  CALLGRIND_TOGGLE_COLLECT;
  step.run(step.counted);
  CALLGRIND_TOGGLE_COLLECT;
  CALLGRIND_DUMP_STATS_AT(step.name.c_str());
  std::printf("{\"name\": \"%s\", \"operations\": %u}\n", step.name.c_str(), step.counted);
}

bool IsWanted(const Step& step, std::span<char*> words) {
  return words.empty() ||
         std::any_of(words.begin(), words.end(), [&](const char* word) { return step.name.find(word) != std::string::npos; });
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) return 2;
  Steps steps;
  AddXmlSteps(steps);
  AddAddressSteps(steps);
  AddMailboxSteps(steps);
  AddOutputSteps(steps);
  for (const Step& step : steps) {
    if (!IsWanted(step, {arguments + 3, static_cast<size_t>(count - 3)})) continue;
    if (RUNNING_ON_VALGRIND) CountInstructions(step);
    else MeasureTime(step, std::atoi(arguments[1]), std::atof(arguments[2]));
    std::fflush(stdout);
  }
}
