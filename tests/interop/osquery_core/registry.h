/*
 * The core's registries: which item belongs to the core, which to which extension, and how a call
 * of an item reaches it.
 */
#ifndef OSQUERY_CORE_REGISTRY_H
#define OSQUERY_CORE_REGISTRY_H

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "call_log.h"
#include "osquery_types.h"
#include "settings.h"
#include "status.h"

namespace osquery_core {

class Registry {
public:
  /* How a table is made known to SQL, and taken away again. */
  struct Tables {
    std::function<Status(const std::string &)> attach;
    std::function<void(const std::string &)> detach;
  };

  Registry(const Settings &settings, CallLog &log);
  void set_tables(Tables tables) { tables_ = std::move(tables); }

  /*
   * Takes what an extension registers, all of it or nothing. A refusal says why in osquery's words;
   * as in osquery it may leave traces: the uuid stays watched, and a table whose CREATE failed
   * stays known.
   */
  Status add(int64_t uuid, const osq::Registry &broadcast);
  /* Forgets all items of `uuid` and detaches its tables; failure when nobody knows it. */
  Status remove(int64_t uuid);

  std::vector<int64_t> uuids() const;
  /* The tables of extensions, with their owner. */
  std::map<std::string, int64_t> extension_tables() const;
  osq::PluginResponse route(const std::string &table) const;

  /*
   * Calls an item wherever it lives. While a table is being registered its route information
   * answers for it, since its extension does not listen yet.
   */
  Status call(const std::string &registry, const std::string &item,
              const osq::PluginRequest &request, osq::PluginResponse &response);

private:
  struct Items {
    std::set<std::string> local;
    std::map<std::string, int64_t> external;
    std::map<std::string, osq::PluginResponse> routes;

    bool has(const std::string &item) const {
      return local.count(item) || external.count(item) || routes.count(item);
    }
  };

  Status find_conflict(int64_t uuid, const osq::Registry &broadcast) const;
  Status add_items(int64_t uuid, const std::string &registry, const osq::RouteTable &items);
  void remove_items(int64_t uuid, const std::string &registry);
  Status call_extension(int64_t uuid, const std::string &registry, const std::string &item,
                        const osq::PluginRequest &request, osq::PluginResponse &response);

  const Settings &settings_;
  CallLog &log_;
  Tables tables_;
  mutable std::mutex mutex_;
  std::map<std::string, Items> registries_;
  std::set<int64_t> uuids_;
};

} /* namespace osquery_core */

#endif
