/*
 * Thrift's own C++ reader, which is osquery's: asks an extension once for the rows of a table and
 * prints how long the call took, as {"rows": N, "seconds": S}.
 *
 *   osquery-reader SOCKET TABLE CONTEXT
 */
#include <chrono>
#include <iostream>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>
#include <thrift/transport/TSocket.h>

#include "Extension.h"

using apache::thrift::protocol::TBinaryProtocol;
using apache::thrift::transport::TBufferedTransport;
using apache::thrift::transport::TSocket;
using Clock = std::chrono::steady_clock;

int main(int argc, char **argv) {
  if (argc != 4) {
    std::cerr << "usage: osquery-reader SOCKET TABLE CONTEXT\n";
    return 1;
  }
  auto transport = std::make_shared<TBufferedTransport>(std::make_shared<TSocket>(argv[1]));
  osq::ExtensionClient client(std::make_shared<TBinaryProtocol>(transport));
  transport->open();
  osq::ExtensionResponse response;
  const auto began = Clock::now();
  client.call(response, "table", argv[2], {{"action", "generate"}, {"context", argv[3]}});
  const std::chrono::duration<double> taken = Clock::now() - began;
  std::cout << "{\"rows\": " << response.response.size() << ", \"seconds\": " << taken.count() << "}\n";
  return 0;
}
