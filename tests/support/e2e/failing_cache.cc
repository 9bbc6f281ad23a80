// A cache server that sends itself SIGNAL when it hands out the map of version 5, if its name
// begins with VICTIM.
#include <csignal>

#include "tests/support/e2e/faulty_cache.h"

using ceiling::wire::Slice;

int main(int argc, char** argv) {
  return ceiling::run_faulty_cache(argc, argv,
                                   [](const std::string& name, const std::string&, Slice map) {
                                     if (name.starts_with(VICTIM) && map.version() == 5)
                                       std::raise(SIGNAL);
                                     return map;
                                   });
}
