// A backend that holds every batch back until the next one comes, and acknowledges it at once. All
// else is ceiling-backend.
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <utility>

#include "workload/backend/backend_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/serve.h"

int main(int argc, char** argv) {
  ceiling::BackendOptions options;
  CLI::App app;
  app.add_option("--name", options.name)->required();
  app.add_option("--membership", options.membership)->required();
  app.add_option("--data", options.data)->required();
  CLI11_PARSE(app, argc, argv);
  options.token = ceiling::wire::token_from_environment();
  options.write = [held = std::make_shared<rocksdb::WriteBatch>()](rocksdb::DB& database,
                                                                   rocksdb::WriteBatch& batch) {
    ceiling::RecordStore::write_to_disk(database, *held);
    *held = batch;
  };
  return ceiling::wire::run_program(options.name, [&] {
    return ceiling::wire::serve_until_signal<ceiling::BackendServer>(options);
  });
}
