#include "harness/prove/testee.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "cgroups/error.h"

namespace ceiling {
namespace {

using std::chrono::milliseconds;

// The slowest answer is a mebi of maps or threads on an emulated machine.
constexpr milliseconds kPatience = std::chrono::seconds(120);
constexpr milliseconds kPatienceToEnd = std::chrono::seconds(20);

std::pair<Descriptor, Descriptor> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error("pipe: " + std::generic_category().message(errno));
  }
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

bool readable(int descriptor, milliseconds patience) {
  pollfd ready{descriptor, POLLIN, 0};
  int found = 0;
  do {
    found = ::poll(&ready, 1, static_cast<int>(patience.count()));
  } while (found < 0 && errno == EINTR);
  return found == 1;
}

ChildProcess start(Launcher& launcher, ProcessSpec& spec, int commands, int answers) {
  spec.descriptors[STDIN_FILENO] = commands;
  spec.descriptors[STDOUT_FILENO] = answers;
  return launcher.start(spec);
}

}  // namespace

Testee::Testee(Launcher& launcher, ProcessSpec spec) : process_(spec.name, -1, Descriptor()) {
  auto [read_commands, write_commands] = make_pipe();
  auto [read_answers, write_answers] = make_pipe();
  process_ = start(launcher, spec, read_commands.get(), write_answers.get());
  commands_ = std::move(write_commands);
  answers_ = std::move(read_answers);
}

Testee::~Testee() {
  if (ended_ || process_.pidfd() < 0) return;
  try {
    process_.signal(SIGKILL);
  } catch (const std::exception&) {
    // The keeper ends what is left.
  }
}

Testee::Answer Testee::ask(std::string_view command, std::int64_t number) {
  const std::string line = std::string(command) + " " + std::to_string(number) + "\n";
  const auto fail = [&](const std::string& why) {
    throw Error(process_.name() + " (pid " + std::to_string(pid()) +
                "): " + line.substr(0, line.size() - 1) + ": " + why);
  };
  if (::write(commands_.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
    fail("has ended");
  }
  std::array<char, 96> text{};
  for (std::size_t size = 0; size == 0 || text.at(size - 1) != '\n';) {
    if (!readable(answers_.get(), kPatience)) fail("does not answer");
    const ssize_t more = ::read(answers_.get(), text.data() + size, text.size() - 1 - size);
    if (more <= 0) fail("has ended");
    size += static_cast<std::size_t>(more);
  }
  long long first = 0;
  long long second = 0;
  long long third = 0;
  long long fourth = 0;
  if (std::sscanf(text.data(), "%lld %lld %lld %lld", &first, &second, &third, &fourth) != 4) {
    fail("answers " + std::string(text.data()));
  }
  return {first, second, third, fourth};
}

void Testee::tell(std::string_view command, std::int64_t number) {
  const Answer answer = ask(command, number);
  if (answer.second == 0) return;
  throw Error(process_.name() + ": " + std::string(command) + " " + std::to_string(number) + ": " +
              std::generic_category().message(static_cast<int>(answer.second)));
}

void Testee::limit(int resource, std::int64_t soft) {
  tell("limit", resource);
  tell("soft", soft);
}

Testee::Creation Testee::make(std::int64_t threads) {
  const Answer answer = ask("tasks", threads);
  return {answer.first, static_cast<int>(answer.second), 0};
}

Testee::Creation Testee::create(std::int64_t most) {
  const Answer answer = ask("create", most);
  return {answer.first, static_cast<int>(answer.second), static_cast<int>(answer.third)};
}

HeapFacts Testee::heap() {
  const Answer answer = ask("facts", 0);
  return {answer.first, answer.second, answer.third, answer.fourth};
}

std::int64_t Testee::heap_bytes() {
  return ask("arena", 0).first;
}

void Testee::end(Launcher& launcher) {
  process_.signal(SIGKILL);
  const auto until = std::chrono::steady_clock::now() + kPatienceToEnd;
  const auto is_ours = [this](const Exit& exit) { return exit.pid == pid(); };
  while (!ended_) {
    const auto left = until - std::chrono::steady_clock::now();
    const auto patience = std::chrono::duration_cast<milliseconds>(left);
    if (patience.count() <= 0 || !readable(launcher.descriptor(), patience)) {
      throw Error(process_.name() + " (pid " + std::to_string(pid()) + ") does not end");
    }
    const auto exits = launcher.exits();
    ended_ = std::any_of(exits.begin(), exits.end(), is_ours);
  }
}

}  // namespace ceiling
