/// Runs every test that was linked in.
#include "check.h"

int main() {
  int failed = 0;
  for (const meerkat::test::Case& test : meerkat::test::Cases()) {
    const int before = meerkat::test::Failures();
    test.run();
    if (meerkat::test::Failures() == before) continue;
    failed++;
    std::printf("FAILED: %s\n", test.claim);
  }
  std::printf("%zu tests, %d failed\n", meerkat::test::Cases().size(), failed);
  return failed == 0 ? 0 : 1;
}
