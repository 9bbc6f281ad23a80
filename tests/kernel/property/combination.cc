#include "tests/kernel/property/combination.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

namespace ceiling {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kLeastStack = 16384;
constexpr std::int64_t kMostLocked = 2 << 20;
constexpr std::int64_t kMostCommitted = 256 << 20;
constexpr std::int64_t kLeastCommitted = 256 << 10;  // of a stack

constexpr std::array kNames = {
    "stack", "root",      "pids0",       "pids1",   "pids2",     "others0", "others1", "others2",
    "nproc", "uid_tasks", "as",          "data",    "lock",      "maps",    "threads", "ended",
    "heap",  "memory",    "threads_max", "pid_max", "map_count", "commit"};

std::int64_t between(std::mt19937_64& random, std::int64_t least, std::int64_t most) {
  return std::uniform_int_distribution<std::int64_t>(least, most)(random);
}

bool one_in(std::mt19937_64& random, std::int64_t n) {
  return between(random, 1, n) == 1;
}

/// Mostly low hundreds, now and then thousands, none, or fewer than none.
std::int64_t random_tasks(std::mt19937_64& random) {
  if (one_in(random, 12)) return between(random, -3, 1);
  if (one_in(random, 15)) return between(random, 300, 2000);
  return between(random, 1, one_in(random, 2) ? 40 : 300);
}

std::int64_t random_stack(std::mt19937_64& random) {
  const std::int64_t stack = kLeastStack << between(random, 0, 9);
  return one_in(random, 3) ? stack + kPage * between(random, 0, 100) : stack;
}

/// Bytes for `threads`, exactly or about.
std::int64_t random_bytes(std::mt19937_64& random, std::int64_t threads, std::int64_t each) {
  const std::int64_t bytes = std::max<std::int64_t>(0, threads) * each;
  switch (between(random, 0, 3)) {
    case 0:
      return bytes;
    case 1:
      return bytes + between(random, 0, each);
    case 2:
      return bytes + between(random, 0, 40) * kPage;
    default:
      return std::max<std::int64_t>(0, bytes - between(random, 1, 2 * kPage));
  }
}

/// A limit by name that leaves room for about `threads`.
void add_limit(std::mt19937_64& random, Combination& made, const std::string& name,
               std::int64_t threads) {
  const std::int64_t stack = made.get("stack");
  std::int64_t& number = made.numbers[name];
  if (name == "as") {
    number = random_bytes(random, threads, stack + kPage);
  } else if (name == "data") {
    number = random_bytes(random, threads, stack);
  } else if (name == "lock") {
    number = std::min(kMostLocked, random_bytes(random, threads, stack + kPage));
  } else if (name == "commit") {
    number = std::min(kMostCommitted, random_bytes(random, threads, stack));
  } else if (name == "maps" || name == "map_count") {
    number = 2 * std::max<std::int64_t>(0, threads) + between(random, 0, 2);
  } else {
    number = threads;
  }
}

void add_limits(std::mt19937_64& random, Combination& made, bool host_limits) {
  std::vector<std::string> limits = {"pids0", "pids1", "pids2", "as", "data"};
  // Root is exempt from these.
  if (!made.has("root")) limits.insert(limits.end(), {"nproc", "nproc", "lock"});
  // Filling takes time: seldom.
  if (one_in(random, 4)) limits.emplace_back("maps");
  if (host_limits) limits.insert(limits.end(), {"threads_max", "pid_max", "map_count", "commit"});
  std::shuffle(limits.begin(), limits.end(), random);
  // So many threads of the smallest stack that the heap grows once or twice meanwhile.
  const bool heap_grows = one_in(random, 8);
  if (heap_grows) made.numbers["stack"] = kLeastStack;
  const std::int64_t tied = heap_grows ? between(random, 440, 960) : random_tasks(random);
  const std::int64_t count = between(random, 1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t threads = i == 0 || one_in(random, 2) ? tied : random_tasks(random);
    add_limit(random, made, limits.at(static_cast<std::size_t>(i)), threads);
  }
}

/// Locked is to be no more than what a kernel lets everybody lock, 8 MiB.
void fit_into_hard_limit(Combination& made) {
  constexpr std::int64_t kMostStack = 512 << 10;
  made.numbers.erase("maps");
  made.numbers["stack"] = std::min(made.get("stack"), kMostStack);
  if (made.get("threads") * (made.get("stack") + kPage) > kMostLocked) {
    made.numbers.erase("threads");
  }
}

}  // namespace

std::int64_t Combination::get(const std::string& name, std::int64_t otherwise) const {
  const auto found = numbers.find(name);
  return found == numbers.end() ? otherwise : found->second;
}

std::string Combination::text() const {
  std::string text;
  for (const auto& [name, number] : numbers) {
    text += (text.empty() ? "" : ",") + name + "=" + std::to_string(number);
  }
  return text;
}

Combination parse_combination(std::string_view text) {
  Combination found;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto equals = std::min(word.find('='), word.size());
    const std::string name(word.substr(0, equals));
    const std::string_view value = word.substr(std::min(equals + 1, word.size()));
    std::int64_t number = 0;
    const auto [rest, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end() || error != std::errc() ||
        rest != value.data() + value.size()) {
      throw std::invalid_argument(std::string(word) + ": expected NAME=NUMBER");
    }
    found.numbers[name] = number;
  }
  return found;
}

Combination random_combination(std::mt19937_64& random, bool host_limits) {
  Combination made;
  made.numbers["stack"] = random_stack(random);
  if (one_in(random, 6)) made.numbers["root"] = 1;
  add_limits(random, made, host_limits);
  if (made.has("commit")) {
    // Root may use what is reserved, and small stacks drown in the error.
    for (const char* name : {"root", "lock", "maps"}) made.numbers.erase(name);
    made.numbers["stack"] = std::max(made.get("stack"), kLeastCommitted);
  }
  const auto add = [&](const char* name, std::int64_t n, std::int64_t most) {
    if (one_in(random, n)) made.numbers[name] = between(random, 1, most);
  };
  add("others0", 4, 20);
  add("others1", 5, 20);
  add("others2", 6, 20);
  add("uid_tasks", 4, 30);
  add("threads", 4, 50);
  add("ended", 8, 30);
  add("heap", 2, 1);
  if (one_in(random, 5)) made.numbers["memory"] = 2048;
  if (made.has("map_count")) made.numbers.erase("maps");
  if (made.has("lock")) fit_into_hard_limit(made);
  return made;
}

std::vector<Combination> smaller(const Combination& combination) {
  std::vector<Combination> found;
  for (const auto& [name, number] : combination.numbers) {
    Combination without = combination;
    without.numbers.erase(name);
    found.push_back(std::move(without));
  }
  for (const auto& [name, number] : combination.numbers) {
    if (number / 2 == number) continue;
    Combination half = combination;
    half.numbers[name] =
        name == "stack" ? std::max(kLeastStack, number / 2 / kPage * kPage) : number / 2;
    if (half.numbers[name] != number) found.push_back(std::move(half));
  }
  return found;
}

}  // namespace ceiling
