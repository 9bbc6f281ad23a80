// A cache server that hands frontend-2 a map of an epoch before as that of version 2.
#include "tests/support/e2e/faulty_cache.h"

using ceiling::wire::Slice;

int main(int argc, char** argv) {
  return ceiling::run_faulty_cache(argc, argv,
                                   [](const std::string&, const std::string& frontend, Slice map) {
                                     if (frontend != "frontend-2" || map.version() != 2) return map;
                                     for (auto& route : *map.mutable_routes())
                                       route.set_epoch(route.epoch() - 1);
                                     return map;
                                   });
}
