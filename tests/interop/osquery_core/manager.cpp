/*
 * The extension manager.
 */
#include "manager.h"

#include <cctype>
#include <future>
#include <iostream>
#include <sstream>

#include <thrift/protocol/TBinaryProtocol.h>
#include <thrift/transport/TBufferTransports.h>

#include "endpoint.h"
#include "result.h"

namespace osquery_core {

using apache::thrift::server::TThreadedServer;

/* The oldest SDK that may register, and the core's own version. */
static const std::string OLDEST_SDK = "1.7.7";

Manager::Manager(const Settings &settings, Registry &registry, DatabasePool &databases)
    : settings_(settings), registry_(registry), databases_(databases) {
}

static void set_status(osq::ExtensionStatus &ret, const Status &status, int64_t uuid) {
  ret.code = status.ok() ? osq::ExtensionCode::EXT_SUCCESS : osq::ExtensionCode::EXT_FAILED;
  ret.message = status.message;
  ret.uuid = status.ok() ? uuid : 0;
}

void Manager::ping(osq::ExtensionStatus &ret) {
  set_status(ret, Status(0, "pong"), 0);
}

void Manager::call(osq::ExtensionResponse &ret, const std::string &registry,
                   const std::string &item, const osq::PluginRequest &request) {
  osq::PluginResponse response;
  Status status = registry_.call(registry, item, request, response);
  ret.status.code = status.code;
  ret.status.message = status.message;
  if (status.ok()) ret.response = std::move(response);
}

/* An extension cannot end the core. */
void Manager::shutdown() {
}

void Manager::drop_those_gone() {
  /* locked before it looks: who registers meanwhile is in the registry first */
  std::lock_guard<std::mutex> lock(mutex_);
  std::set<int64_t> known;
  for (int64_t uuid : registry_.uuids()) known.insert(uuid);
  for (auto it = extensions_.begin(); it != extensions_.end();)
    it = known.count(it->first) ? std::next(it) : extensions_.erase(it);
}

void Manager::extensions(osq::ExtensionList &ret) {
  drop_those_gone();
  std::lock_guard<std::mutex> lock(mutex_);
  ret = extensions_;
}

static osq::InternalOptionInfo option(const std::string &value, const std::string &default_value,
                                      const std::string &type) {
  osq::InternalOptionInfo info;
  info.value = value;
  info.default_value = default_value;
  info.type = type;
  return info;
}

void Manager::options(osq::OptionList &ret) {
  ret["config_plugin"] = option("filesystem", "filesystem", "string");
  ret["distributed_plugin"] = option("tls", "tls", "string");
  ret["extensions_default_index"] =
      option(settings_.default_index ? "true" : "false", "true", "bool");
  ret["extensions_interval"] = option(settings_.interval, "3", "string");
  ret["extensions_socket"] = option(settings_.socket, "/var/osquery/osquery.em", "string");
  ret["extensions_timeout"] = option(settings_.timeout, "3", "string");
  ret["logger_plugin"] = option("filesystem", "filesystem", "string");
  ret["thrift_timeout"] = option(std::to_string(CALL_TIMEOUT), "300", "uint32");
}

bool Manager::is_registered(const std::string &name) {
  drop_those_gone();
  std::lock_guard<std::mutex> lock(mutex_);
  for (const auto &entry : extensions_)
    if (entry.second.name == name) return true;
  return false;
}

static std::vector<std::string> version_parts(const std::string &version) {
  std::vector<std::string> parts;
  std::istringstream stream(version);
  for (std::string part; std::getline(stream, part, '.');)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

/*
 * "" and "0.0.0" pass, as does what is no number unless its text sorts before the required one. The
 * first part that differs decides; fewer parts than required pass too.
 */
static bool is_at_least(const std::string &version, const std::string &required) {
  if (version == "0.0.0") return true;
  const std::vector<std::string> ours = version_parts(version), least = version_parts(required);
  for (size_t i = 0; i < ours.size() && i < least.size(); i++) {
    try {
      const int mine = std::stoi(ours[i]), needed = std::stoi(least[i]);
      if (mine != needed) return mine > needed;
    } catch (const std::invalid_argument &) {
      if (ours[i] < least[i]) return false;
    }
  }
  return true;
}

int64_t Manager::draw_uuid() {
  std::lock_guard<std::mutex> lock(mutex_);
  uint16_t uuid = 0;
  do {
    uuid = static_cast<uint16_t>(random_());
  } while (!drawn_.insert(uuid).second);
  return uuid;
}

void Manager::free_uuid(int64_t uuid) {
  std::lock_guard<std::mutex> lock(mutex_);
  drawn_.erase(static_cast<uint16_t>(uuid));
}

void Manager::registerExtension(osq::ExtensionStatus &ret, const osq::InternalExtensionInfo &info,
                                const osq::Registry &registry) {
  Status status;
  int64_t uuid = 0;
  if (is_registered(info.name)) {
    status = Status(1, "Duplicate extension registered");
  } else if (!is_at_least(info.sdk_version, OLDEST_SDK)) {
    status = Status(1, "Incompatible extension SDK version");
  } else {
    uuid = draw_uuid();
    status = registry_.add(uuid, registry);
    if (status.ok()) {
      std::lock_guard<std::mutex> lock(mutex_);
      extensions_[uuid] = info;
    } else {
      free_uuid(uuid);
      status = Status(1, "Failed adding registry: " + status.message);
    }
  }
  std::cerr << "osquery-core: registration of " << info.name << ": "
            << (status.ok() ? "uuid " + std::to_string(uuid) : status.message) << std::endl;
  set_status(ret, status, uuid);
}

bool Manager::forget(int64_t uuid) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!extensions_.count(uuid)) return false;
  }
  registry_.remove(uuid);
  std::lock_guard<std::mutex> lock(mutex_);
  extensions_.erase(uuid);
  drawn_.erase(static_cast<uint16_t>(uuid));
  return true;
}

void Manager::deregisterExtension(osq::ExtensionStatus &ret, const osq::RouteUUID uuid) {
  set_status(ret, forget(uuid) ? Status() : Status(1, "No extension UUID found"), 0);
}

void Manager::query(osq::ExtensionResponse &ret, const std::string &sql) {
  MapRows rows;
  size_t calls = 0;
  Status status = databases_.query(sql, rows, calls);
  if (status.ok()) ret.response = rows.take();
  set_status(ret.status, status, 0);
}

void Manager::getQueryColumns(osq::ExtensionResponse &ret, const std::string &sql) {
  ColumnRows rows;
  size_t calls = 0;
  Status status = databases_.query(sql, rows, calls);
  if (status.ok()) ret.response = rows.take();
  set_status(ret.status, status, 0);
}

/* Tells when the socket listens, so that whoever starts this program can count on it. */
class ListenSignal : public apache::thrift::server::TServerEventHandler {
public:
  void preServe() override { listening_.set_value(); }
  std::future<void> future() { return listening_.get_future(); }

private:
  std::promise<void> listening_;
};

ManagerServer::ManagerServer(const Settings &settings, std::shared_ptr<Manager> manager)
    : settings_(settings) {
  remove_stale_sockets(settings.socket);
  apache::thrift::GlobalOutput.setOutputFunction([](const char *) {});
  server_ = std::make_shared<TThreadedServer>(
      std::make_shared<osq::ExtensionManagerProcessor>(manager), listen_at(settings.socket),
      std::make_shared<apache::thrift::transport::TBufferedTransportFactory>(),
      std::make_shared<apache::thrift::protocol::TBinaryProtocolFactory>());
  auto signal = std::make_shared<ListenSignal>();
  std::future<void> listening = signal->future();
  server_->setServerEventHandler(signal);
  thread_ = std::thread([this] { server_->serve(); });
  listening.wait();
}

void ManagerServer::stop() {
  if (!thread_.joinable()) return;
  server_->stop();
  thread_.join();
  remove_stale_sockets(settings_.socket);
}

} /* namespace osquery_core */
