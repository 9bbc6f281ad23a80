// An iterator as a client may send it, and one sealed over the input: only what was sealed opens.

#include "workload/protocol/shard_iterator.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/expect.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using ceiling::open_iterator;
  using ceiling::seal;
  constexpr std::string_view kToken = "token";
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto opened = open_iterator(text, kToken)) {
    expect(seal(*opened, kToken) == text, "what opens is what was sealed");
  }
  if (size < 5) return 0;
  const ceiling::ShardIterator iterator{"000000000001", std::string(text.substr(4)), data[0],
                                        data[1], data[2]};
  std::string sealed = seal(iterator, kToken);
  expect(open_iterator(sealed, kToken) == iterator, "what was sealed opens");
  expect(!open_iterator(sealed, "another"), "not with another token");
  char& changed = sealed[data[3] * sealed.size() / 256];
  changed = static_cast<char>(changed ^ (1 + data[4] % 255));
  expect(!open_iterator(sealed, kToken), "what was changed does not open");
  return 0;
}
