#include <filesystem>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

using ZzCheckLeftBehindTest = CeilingTest;

// Every test asserts the same of its own processes and groups when it ends.
TEST_F(ZzCheckLeftBehindTest, NoGroupOfThisProgramIsLeft) {
  const fs::path own = group().folders().front();
  for (const auto& entry : fs::directory_iterator(own)) {
    EXPECT_FALSE(entry.is_directory()) << entry.path();
  }
  EXPECT_EQ(leftovers(), "");
}

}  // namespace
}  // namespace ceiling
