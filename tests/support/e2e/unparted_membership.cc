// A membership that parts no fleet into cells. All else is ceiling-membership.
#include <unistd.h>

#include <string_view>
#include <vector>

int main(int argc, char** argv) {
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--cells") {
      ++i;
      continue;
    }
    arguments.push_back(argv[i]);
  }
  arguments.push_back(nullptr);
  ::execv(MEMBERSHIP, arguments.data());
  return 127;
}
