/// The few words that native tests are written in: TEST, CHECK and CHECK_EQUAL.
#pragma once

#include <cstdio>
#include <string>
#include <type_traits>
#include <vector>

namespace meerkat::test {

struct Case {
  const char* claim;
  void (*run)();
};

inline std::vector<Case>& Cases() {
  static std::vector<Case> cases;
  return cases;
}

inline int& Failures() {
  static int failures = 0;
  return failures;
}

struct Registration {
  Registration(const char* claim, void (*run)()) { Cases().push_back({claim, run}); }
};

template <typename T>
std::string Show(const T& value) {
  if constexpr (std::is_enum_v<T>) return std::to_string(static_cast<long long>(value));
  else if constexpr (std::is_arithmetic_v<T>) return std::to_string(value);
  else return std::string(value);
}

inline void Fail(const char* file, int line, const std::string& what) {
  Failures()++;
  std::printf("%s:%d: %s\n", file, line, what.c_str());
}

template <typename Left, typename Right>
void CheckEqual(const Left& left, const Right& right, const char* file, int line, const char* what) {
  if (left == right) return;
  Fail(file, line, std::string(what) + "\n  is       " + Show(left) + "\n  expected " + Show(right));
}

}  // namespace meerkat::test

#define MEERKAT_JOIN_(a, b) a##b
#define MEERKAT_JOIN(a, b) MEERKAT_JOIN_(a, b)
/// TEST("claim") { ... }
#define TEST(claim)                                                                                          \
  static void MEERKAT_JOIN(Test, __LINE__)();                                                                \
  static const ::meerkat::test::Registration MEERKAT_JOIN(registration, __LINE__)(claim, MEERKAT_JOIN(Test, __LINE__)); \
  static void MEERKAT_JOIN(Test, __LINE__)()
#define CHECK(condition) \
  do if (!(condition)) ::meerkat::test::Fail(__FILE__, __LINE__, #condition); while (false)
#define CHECK_EQUAL(is, expected) ::meerkat::test::CheckEqual((is), (expected), __FILE__, __LINE__, #is)
