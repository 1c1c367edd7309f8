/*
 * A JSON writer. Numbers: integers in full; reals with 17 digits, which reading back gives
 * unchanged; what JSON has no word for (infinities) is null.
 */
#include "json.h"

#include <cmath>
#include <cstdio>

namespace osquery_core {

void JsonWriter::separate() {
  if (!after_key_ && comma_.back()) out_ += ',';
  comma_.back() = true;
  after_key_ = false;
}

/* Two-letter escapes where JSON has them, as osquery's writer does: a context is made here too. */
static std::string escape(char c) {
  static const std::string CODES = "\"\\\b\f\n\r\t", LETTERS = "\"\\bfnrt";
  size_t at = CODES.find(c);
  if (at != std::string::npos) return std::string("\\") + LETTERS[at];
  if (static_cast<unsigned char>(c) >= 0x20) return std::string(1, c);
  char text[8];
  snprintf(text, sizeof text, "\\u%04X", static_cast<unsigned>(c));
  return text;
}

void JsonWriter::quote(const std::string &value) {
  out_ += '"';
  for (char c : value) out_ += escape(c);
  out_ += '"';
}

JsonWriter &JsonWriter::open(char bracket) {
  separate();
  out_ += bracket;
  comma_.push_back(false);
  return *this;
}

JsonWriter &JsonWriter::close(char bracket) {
  out_ += bracket;
  comma_.pop_back();
  return *this;
}

JsonWriter &JsonWriter::key(const std::string &name) {
  separate();
  quote(name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter &JsonWriter::text(const std::string &value) {
  separate();
  quote(value);
  return *this;
}

JsonWriter &JsonWriter::raw(const std::string &json) {
  separate();
  out_ += json;
  return *this;
}

JsonWriter &JsonWriter::integer(int64_t value) {
  return raw(std::to_string(value));
}

JsonWriter &JsonWriter::natural(uint64_t value) {
  return raw(std::to_string(value));
}

JsonWriter &JsonWriter::real(double value) {
  if (!std::isfinite(value)) return null();
  char digits[40];
  snprintf(digits, sizeof digits, "%.17g", value);
  return raw(digits);
}

JsonWriter &JsonWriter::boolean(bool value) {
  return raw(value ? "true" : "false");
}

JsonWriter &JsonWriter::null() {
  return raw("null");
}

} /* namespace osquery_core */
