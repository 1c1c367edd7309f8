/*
 * The control lines.
 */
#include "control.h"

#include <iostream>
#include <thread>
#include <vector>

#include "column.h"
#include "endpoint.h"
#include "extension_client.h"
#include "result.h"

namespace osquery_core {

/* A ping slower than this stands out in the log. */
static constexpr double SLOW_PING = 0.1;
/* How long the launched extension may take to end after its shutdown was called. */
static constexpr double END_PATIENCE = 10;

static std::string text_of(json_t *value) {
  const char *text = json_string_value(value);
  return text == nullptr ? "" : std::string(text, json_string_length(value));
}

void Control::sql(const std::string &text, JsonWriter &json) {
  const Stopwatch watch;
  JsonRows rows;
  size_t calls = 0;
  Status status = databases_.query(text, rows, calls);
  if (status.ok())
    rows.write(json);
  else
    json.key("error").text(status.message);
  json.key("calls").natural(calls).key("seconds").real(watch.seconds());
}

void Control::together(json_t *list, JsonWriter &json) {
  std::vector<JsonWriter> replies(json_array_size(list));
  std::vector<std::thread> threads;
  for (size_t i = 0; i < replies.size(); i++)
    threads.emplace_back([this, &reply = replies[i], text = text_of(json_array_get(list, i))] {
      reply.begin_object();
      sql(text, reply);
      reply.end_object();
    });
  for (std::thread &thread : threads) thread.join();
  json.key("answers").begin_array();
  for (const JsonWriter &reply : replies) json.raw(reply.str());
  json.end_array();
}

static void write_rows(const osq::PluginResponse &rows, JsonWriter &json) {
  json.key("rows").begin_array();
  for (const auto &row : rows) {
    json.begin_object();
    for (const auto &[name, value] : row) json.key(name).text(value);
    json.end_object();
  }
  json.end_array();
}

void Control::query(const std::string &text, JsonWriter &json) {
  osq::ExtensionResponse response;
  manager_.query(response, text);
  if (response.status.code != 0)
    json.key("error").text(response.status.message);
  else
    write_rows(response.response, json);
}

void Control::extensions(JsonWriter &json) {
  osq::ExtensionList list;
  manager_.extensions(list);
  json.key("extensions").begin_array();
  for (const auto &[uuid, info] : list) {
    json.begin_object().key("uuid").integer(uuid).key("name").text(info.name);
    json.key("version").text(info.version).key("sdk_version").text(info.sdk_version);
    json.key("min_sdk_version").text(info.min_sdk_version);
    json.key("path").text(extension_path(settings_.socket, uuid)).end_object();
  }
  json.end_array();
}

void Control::tables(JsonWriter &json) {
  json.key("tables").begin_array();
  for (const auto &[name, uuid] : registry_.extension_tables()) {
    const osq::PluginResponse route = registry_.route(name);
    json.begin_object().key("name").text(name).key("uuid").integer(uuid);
    json.key("create").text(create_table_text(name, route)).key("columns").begin_array();
    for (const Column &column : read_columns(route, false)) {
      json.begin_object().key("name").text(column.name);
      json.key("type").text(column_type_name(column.type));
      json.key("op").integer(column.options).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array();
}

void Control::log(JsonWriter &json) {
  json.key("calls").begin_array();
  for (const TableCall &call : log_.take()) {
    json.begin_object().key("table").text(call.table).key("action").text(call.action);
    json.key("context").text(call.context).key("rows").natural(call.rows);
    json.key("seconds").real(call.seconds).key("ping_seconds").real(call.ping_seconds);
    json.key("slow_ping").boolean(call.ping_seconds > SLOW_PING);
    json.key("code").integer(call.status.code).key("message").text(call.status.message);
    json.end_object();
  }
  json.end_array();
}

void Control::call(json_t *value, JsonWriter &json) {
  osq::PluginRequest request;
  const char *name = nullptr;
  json_t *member = nullptr;
  json_object_foreach(json_object_get(value, "request"), name, member) request[name] =
      text_of(member);
  osq::PluginResponse rows;
  const std::string path = extension_path(
      settings_.socket, json_integer_value(json_object_get(value, "uuid")));
  Status status = ExtensionClient(path, CALL_TIMEOUT)
                      .call(text_of(json_object_get(value, "registry")),
                            text_of(json_object_get(value, "item")), request, rows);
  json.key("code").integer(status.code).key("message").text(status.message);
  write_rows(rows, json);
}

void Control::shutdown(int64_t uuid, JsonWriter &json) {
  const Stopwatch watch;
  ExtensionClient(extension_path(settings_.socket, uuid), CALL_TIMEOUT).shutdown();
  json.key("seconds").real(watch.seconds());
}

void Control::ping(const std::string &path, JsonWriter &json) {
  const Stopwatch watch;
  ExtensionClient(path, PING_TIMEOUT).ping();
  json.key("seconds").real(watch.seconds());
}

void Control::quit(JsonWriter &json) {
  is_over_ = true;
  watcher_.stop();
  json.key("shutdown").begin_array();
  for (int64_t uuid : registry_.uuids()) {
    json.begin_object().key("uuid").integer(uuid);
    try {
      shutdown(uuid, json);
    } catch (const std::exception &e) {
      json.key("error").text(e.what());
    }
    json.end_object();
  }
  json.end_array();
  const Stopwatch watch;
  process_.end(END_PATIENCE);
  json.key("end_seconds").real(watch.seconds());
  process_.write(json);
}

void Control::answer_command(const std::string &name, json_t *value, JsonWriter &json) {
  if (name == "sql")
    sql(text_of(value), json);
  else if (name == "together")
    together(value, json);
  else if (name == "query")
    query(text_of(value), json);
  else if (name == "extensions")
    extensions(json);
  else if (name == "tables")
    tables(json);
  else if (name == "log")
    log(json);
  else if (name == "process")
    process_.write(json);
  else if (name == "call")
    call(value, json);
  else if (name == "ping")
    ping(text_of(value), json);
  else if (name == "shutdown")
    shutdown(json_integer_value(value), json);
  else if (name == "forget")
    json.key("forgotten").boolean(manager_.forget(json_integer_value(value)));
  else if (name == "quit")
    quit(json);
  else
    json.key("error").text("unknown command: " + name);
}

void Control::answer(json_t *command, JsonWriter &json) {
  json.begin_object();
  void *first = json_object_iter(command);
  if (first == nullptr) {
    json.key("error").text("a command is a JSON object with one member");
  } else {
    try {
      answer_command(json_object_iter_key(first), json_object_iter_value(first), json);
    } catch (const std::exception &e) {
      json.key("error").text(e.what());
    }
  }
  json.end_object();
}

void Control::run() {
  for (std::string line; !is_over_ && std::getline(std::cin, line);) {
    json_t *command = json_loadb(line.data(), line.size(), JSON_ALLOW_NUL, nullptr);
    JsonWriter json;
    answer(command, json);
    json_decref(command);
    std::cout << json.str() << std::endl;
  }
}

} /* namespace osquery_core */
