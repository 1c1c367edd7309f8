/*
 * The extension manager: what the core answers to extensions, and the Thrift server that carries
 * it.
 */
#ifndef OSQUERY_CORE_MANAGER_H
#define OSQUERY_CORE_MANAGER_H

#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>

#include <thrift/server/TThreadedServer.h>

#include "ExtensionManager.h"
#include "database.h"
#include "registry.h"
#include "settings.h"

namespace osquery_core {

class Manager : public osq::ExtensionManagerIf {
public:
  Manager(const Settings &settings, Registry &registry, DatabasePool &databases);

  /* Thrift's interface; each reply is written to `ret`. */
  void ping(osq::ExtensionStatus &ret) override;
  void call(osq::ExtensionResponse &ret, const std::string &registry, const std::string &item,
            const osq::PluginRequest &request) override;
  void shutdown() override;
  void extensions(osq::ExtensionList &ret) override;
  void options(osq::OptionList &ret) override;
  void registerExtension(osq::ExtensionStatus &ret, const osq::InternalExtensionInfo &info,
                         const osq::Registry &registry) override;
  void deregisterExtension(osq::ExtensionStatus &ret, const osq::RouteUUID uuid) override;
  void query(osq::ExtensionResponse &ret, const std::string &sql) override;
  void getQueryColumns(osq::ExtensionResponse &ret, const std::string &sql) override;

  /* Drops a registration and tells nobody; false when there is none. */
  bool forget(int64_t uuid);

private:
  int64_t draw_uuid();
  void free_uuid(int64_t uuid);
  void drop_those_gone();
  bool is_registered(const std::string &name);

  const Settings &settings_;
  Registry &registry_;
  DatabasePool &databases_;
  std::mutex mutex_;
  osq::ExtensionList extensions_;
  std::set<uint16_t> drawn_;
  std::mt19937 random_{std::random_device()()};
};

/* Serves a manager on its socket, one thread for each connection, until stop(). */
class ManagerServer {
public:
  ManagerServer(const Settings &settings, std::shared_ptr<Manager> manager);
  ~ManagerServer() { stop(); }
  void stop();

private:
  const Settings &settings_;
  std::shared_ptr<apache::thrift::server::TThreadedServer> server_;
  std::thread thread_;
};

} /* namespace osquery_core */

#endif
