/*
 * The core's registries. mutex_ is never held while SQL or an extension is called: a query that
 * runs holds the lock of the SQL side and calls back into here.
 */
#include "registry.h"

#include <exception>

#include "endpoint.h"
#include "extension_client.h"

namespace osquery_core {

static const char *const NAMES[] = {
    "config", "config_parser", "logger", "distributed", "table", "sql",
    "database", "enroll", "event_publisher", "event_subscriber", "numeric_monitoring",
};

Registry::Registry(const Settings &settings, CallLog &log) : settings_(settings), log_(log) {
  for (const char *name : NAMES) registries_[name];
  registries_["table"].local.insert(settings.core_tables.begin(), settings.core_tables.end());
}

Status Registry::find_conflict(int64_t uuid, const osq::Registry &broadcast) const {
  std::lock_guard<std::mutex> lock(mutex_);
  if (uuids_.count(uuid)) return Status(1, "Duplicate extension UUID: " + std::to_string(uuid));
  for (const auto &[name, items] : broadcast) {
    auto known = registries_.find(name);
    if (known == registries_.end()) continue;
    for (const auto &item : items)
      if (known->second.has(item.first))
        return Status(1, "Registry item " + item.first +
                             " conflicts with another item of the same name.");
  }
  return Status();
}

Status Registry::add_items(int64_t uuid, const std::string &registry,
                           const osq::RouteTable &items) {
  for (const auto &[item, route] : items) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      registries_.at(registry).routes[item] = route;
    }
    if (registry == "table") {
      if (route.empty()) return Status(1, "Invalid route info");
      Status status = tables_.attach(item);
      if (!status.ok()) return status;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    registries_.at(registry).external[item] = uuid;
  }
  return Status();
}

Status Registry::add(int64_t uuid, const osq::Registry &broadcast) {
  Status status = find_conflict(uuid, broadcast);
  if (!status.ok()) return status;
  for (const auto &[name, items] : broadcast) {
    if (!registries_.count(name)) return Status(1, "Unknown registry: " + name);
    status = add_items(uuid, name, items);
    if (!status.ok()) break;
  }
  if (!status.ok())
    for (const auto &entry : broadcast)
      if (registries_.count(entry.first)) remove_items(uuid, entry.first);
  std::lock_guard<std::mutex> lock(mutex_);
  uuids_.insert(uuid);
  return status;
}

void Registry::remove_items(int64_t uuid, const std::string &registry) {
  std::vector<std::string> gone;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const auto &[item, owner] : registries_.at(registry).external)
      if (owner == uuid) gone.push_back(item);
  }
  if (registry == "table")
    for (const std::string &item : gone) tables_.detach(item);
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string &item : gone) {
    registries_.at(registry).external.erase(item);
    registries_.at(registry).routes.erase(item);
  }
}

Status Registry::remove(int64_t uuid) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (!uuids_.count(uuid))
      return Status(1, "Unknown extension UUID: " + std::to_string(uuid));
  }
  for (const char *name : NAMES) remove_items(uuid, name);
  std::lock_guard<std::mutex> lock(mutex_);
  uuids_.erase(uuid);
  return Status();
}

std::vector<int64_t> Registry::uuids() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return std::vector<int64_t>(uuids_.begin(), uuids_.end());
}

std::map<std::string, int64_t> Registry::extension_tables() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return registries_.at("table").external;
}

osq::PluginResponse Registry::route(const std::string &table) const {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto &routes = registries_.at("table").routes;
  auto found = routes.find(table);
  return found == routes.end() ? osq::PluginResponse() : found->second;
}

/* An action's text in a request; "" when it has none. */
static std::string member(const osq::PluginRequest &request, const std::string &name) {
  auto found = request.find(name);
  return found == request.end() ? "" : found->second;
}

Status Registry::call_extension(int64_t uuid, const std::string &registry, const std::string &item,
                                const osq::PluginRequest &request, osq::PluginResponse &response) {
  const std::string path = extension_path(settings_.socket, uuid);
  TableCall entry;
  entry.table = item;
  entry.action = member(request, "action");
  entry.context = member(request, "context");
  const Stopwatch ping;
  entry.status = path_active(path);
  entry.ping_seconds = ping.seconds();
  if (entry.status.ok()) {
    const Stopwatch call;
    try {
      entry.status = ExtensionClient(path, CALL_TIMEOUT).call(registry, item, request, response);
    } catch (const std::exception &e) {
      entry.status = Status(1, "Extension call failed: " + std::string(e.what()));
    }
    entry.seconds = call.seconds();
    entry.rows = response.size();
  }
  log_.add(entry);
  return entry.status;
}

Status Registry::call(const std::string &registry, const std::string &item,
                      const osq::PluginRequest &request, osq::PluginResponse &response) {
  int64_t uuid = 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    auto items = registries_.find(registry);
    if (items == registries_.end()) return Status(1, "Unknown registry requested: " + registry);
    auto owner = items->second.external.find(item);
    auto route = items->second.routes.find(item);
    if (owner != items->second.external.end()) {
      uuid = owner->second;
    } else if (route != items->second.routes.end()) {
      response = route->second;
      return Status();
    } else {
      return Status(1, "Cannot call registry item: " + item);
    }
  }
  return call_extension(uuid, registry, item, request, response);
}

} /* namespace osquery_core */
