#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <utility>

namespace ceiling::wire {

/// The whole life of a program that is one server: makes `Server(executor, options)`, prints where
/// it listens ("address 127.0.0.1:4000", one line on stdout) and runs it on this thread until
/// SIGTERM or SIGINT. Returns the exit status, 0.
template <class Server, class Options>
int serve_until_signal(Options options) {
  boost::asio::io_context context(1);
  boost::asio::signal_set signals(context, SIGTERM, SIGINT);
  signals.async_wait([&context](boost::system::error_code, int) { context.stop(); });
  const Server server(context.get_executor(), std::move(options));
  std::printf("address %s\n", server.address().c_str());
  std::fflush(stdout);
  context.run();
  return 0;
}

}  // namespace ceiling::wire
