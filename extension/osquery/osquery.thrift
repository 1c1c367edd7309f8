/*
 * What osquery and its extensions say to each other, over Thrift's binary protocol on a unix socket
 * or a named pipe, unframed.
 *
 * Both sides serve `Extension`; osquery's core serves `ExtensionManager` too. A table is asked by
 * call("table", NAME, {"action": "generate", "context": JSON}) and answers rows as maps of strings.
 */
namespace c_glib osq
namespace cpp osq
namespace py osq

/* What a call asks for, and the rows that it gives. */
typedef map<string, string> PluginRequest
typedef list<map<string, string>> PluginResponse

/* Whom a manager numbers: 0 is the core itself. */
typedef i64 RouteUUID

/* Item name (a table) to what it looks like: for a table, a map for each column, in their order. */
typedef map<string, PluginResponse> RouteTable

/* Registry name ("table", "config", ...) to its items. */
typedef map<string, RouteTable> Registry

struct InternalOptionInfo {
  1: string value,
  2: string default_value,
  3: string type,
}

typedef map<string, InternalOptionInfo> OptionList

struct InternalExtensionInfo {
  1: string name,
  2: string version,
  3: string sdk_version,
  4: string min_sdk_version,
}

typedef map<RouteUUID, InternalExtensionInfo> ExtensionList

enum ExtensionCode {
  EXT_SUCCESS = 0,
  EXT_FAILED = 1,
  EXT_FATAL = 2,
}

struct ExtensionStatus {
  1: i32 code,
  2: string message,
  3: RouteUUID uuid,
}

struct ExtensionResponse {
  1: ExtensionStatus status,
  2: PluginResponse response,
}

exception ExtensionException {
  1: i32 code,
  2: string message,
  3: RouteUUID uuid,
}

service Extension {
  ExtensionStatus ping(),
  ExtensionResponse call(1: string registry, 2: string item, 3: PluginRequest request),
  /* Not oneway: the caller waits for an empty reply. */
  void shutdown(),
}

service ExtensionManager extends Extension {
  ExtensionList extensions(),
  OptionList options(),
  ExtensionStatus registerExtension(1: InternalExtensionInfo info, 2: Registry registry),
  ExtensionStatus deregisterExtension(1: RouteUUID uuid),
  ExtensionResponse query(1: string sql),
  ExtensionResponse getQueryColumns(1: string sql),
}
