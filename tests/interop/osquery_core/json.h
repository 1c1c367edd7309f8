/*
 * A JSON writer: appends to one string and places the commas. Bytes of 0x80 and above pass as they
 * are, so that a reader sees whether they were valid UTF-8.
 */
#ifndef OSQUERY_CORE_JSON_H
#define OSQUERY_CORE_JSON_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace osquery_core {

class JsonWriter {
public:
  JsonWriter &begin_object() { return open('{'); }
  JsonWriter &end_object() { return close('}'); }
  JsonWriter &begin_array() { return open('['); }
  JsonWriter &end_array() { return close(']'); }

  /* The name of the member that comes next. */
  JsonWriter &key(const std::string &name);

  JsonWriter &text(const std::string &value);
  JsonWriter &integer(int64_t value);
  JsonWriter &natural(uint64_t value);
  JsonWriter &real(double value);
  JsonWriter &boolean(bool value);
  JsonWriter &null();
  /* `json` is a finished value. */
  JsonWriter &raw(const std::string &json);

  const std::string &str() const { return out_; }

private:
  JsonWriter &open(char bracket);
  JsonWriter &close(char bracket);
  void separate();
  void quote(const std::string &value);

  std::string out_;
  /* Whether the next value of each open bracket, outermost first, is preceded by a comma. */
  std::vector<bool> comma_{false};
  bool after_key_ = false;
};

} /* namespace osquery_core */

#endif
