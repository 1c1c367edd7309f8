# Makes pack_meta_builtin.c for fsa-score from the headers of packs/**/*.sql: which columns of a query
# are its key, which join it to others, which table it asks. `fsa pack build` writes the same members to
# fsa-pack-meta.json; this needs no built program, so that cross builds can do it too.
#
#   cmake -D PACKS=<folder> -D OUT=<file.c> -P pack_meta.cmake
file(GLOB_RECURSE files ${PACKS}/*.sql)
list(SORT files)

# The value of the header line `-- name: value` in `header`, with the lines `--   more` that continue it, as
# the inside of a JSON string.
function(header_value name out)
  set(value "")
  if(header MATCHES "(^|\n)-- ${name}:[ \t]*([^\n]*(\n--  [^\n]*)*)")
    set(value "${CMAKE_MATCH_2}")
    string(REGEX REPLACE "[ \t]*\n--[ \t]+" " " value "${value}")
  endif()
  string(STRIP "${value}" value)
  string(REPLACE "\\" "\\\\" value "${value}")
  string(REPLACE "\"" "\\\"" value "${value}")
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

# The same as the inside of a JSON array; "-" stands for an empty list.
function(header_list name out)
  header_value(${name} value)
  json_list("${value}" value)
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

# Words as the inside of a JSON array.
function(json_list words out)
  string(REGEX MATCHALL "[A-Za-z0-9_.]+" words "${words}")
  list(TRANSFORM words REPLACE "(.+)" "\"\\1\"")
  list(JOIN words ", " value)
  set(${out} "${value}" PARENT_SCOPE)
endfunction()

# Takes the first line `-- name: value` away from `header`; its value as the inside of a JSON string, "" when
# there is none.
macro(take_line name out)
  set(${out} "")
  if(header MATCHES "(^|\n)(-- ${name}:[ \t]*([^\n]*(\n--  [^\n]*)*))")
    set(line "${CMAKE_MATCH_2}")
    header_value(${name} ${out})
    string(REPLACE "${line}" "--" header "${header}")
  endif()
endmacro()

# The lines `-- rule: ID | condition | TPR | FPR | ATT&CK ids [| fixed]` as the inside of a JSON array.
macro(read_rules out)
  set(${out} "")
  take_line(rule value)
  while(NOT value STREQUAL "")
    if(value MATCHES "^([^ |]+) \\| (.+) \\| ([0-9.]+) \\| ([0-9.]+) \\| ([T0-9., -]+[0-9]|-)( \\| fixed)?$")
      set(parts "\"id\": \"${CMAKE_MATCH_1}\", \"where\": \"${CMAKE_MATCH_2}\", \"tpr\": ${CMAKE_MATCH_3}, \"fpr\": ${CMAKE_MATCH_4}")
      set(fixed false)
      if(NOT "${CMAKE_MATCH_6}" STREQUAL "")
        set(fixed true)
      endif()
      string(REPLACE "-" "" techniques "${CMAKE_MATCH_5}")
      json_list("${techniques}" techniques)
      list(APPEND ${out} "{${parts}, \"attack\": [${techniques}], \"fixed\": ${fixed}}")
    endif()
    take_line(rule value)
  endwhile()
  list(JOIN ${out} ", " ${out})
endmacro()

# The lines `-- attribute: FAMILY | condition | frequency` likewise.
macro(read_attributes out)
  set(${out} "")
  take_line(attribute value)
  while(NOT value STREQUAL "")
    if(value MATCHES "^([^|]+) \\| (.+) \\| ([0-9.]+)$")
      list(APPEND ${out} "{\"family\": \"${CMAKE_MATCH_1}\", \"where\": \"${CMAKE_MATCH_2}\", \"frequency\": ${CMAKE_MATCH_3}}")
    endif()
    take_line(attribute value)
  endwhile()
  list(JOIN ${out} ", " ${out})
endmacro()

string(ASCII 1 semicolon)
string(ASCII 2 open)
string(ASCII 3 close)
set(entries_text "")
set(separator "")
foreach(file IN LISTS files)
  file(READ ${file} text)
  # what CMake's lists take for their own
  string(REPLACE ";" "${semicolon}" text "${text}")
  string(REPLACE "[" "${open}" text "${text}")
  string(REPLACE "]" "${close}" text "${text}")
  string(REGEX REPLACE "(\n|^)--[^\n]*" "\\1" sql "${text}")
  set(header "${text}")
  header_value(id id)
  if(id STREQUAL "")
    continue()
  endif()
  foreach(name title pillar platform family proves does_not_prove next_step tpr fpr max_rows max_bytes)
    header_value(${name} ${name})
  endforeach()
  foreach(name key join attack awaits columns)
    header_list(${name} ${name})
  endforeach()
  read_rules(rules)
  read_attributes(attributes)
  # The first table behind a FROM or JOIN, fsa_processes only where no other is asked: queries name processes by it;
  # "whole" = `SELECT columns FROM table` and no more.
  set(source "")
  string(REGEX REPLACE "'[^']*'" "''" sql "${sql}")
  string(REPLACE "${semicolon}" " " sql "${sql}")
  string(REGEX REPLACE "--[^\n]*" "" sql "${sql}")
  string(REGEX MATCHALL "[^A-Za-z0-9_]([Ff][Rr][Oo][Mm]|[Jj][Oo][Ii][Nn])[ \t\r\n]+fsa_[A-Za-z0-9_]+" tables "${sql}")
  foreach(table IN LISTS tables)
    if(source STREQUAL "" OR source STREQUAL "fsa_processes")
      string(REGEX REPLACE ".*[ \t\r\n]" "" source "${table}")
    endif()
  endforeach()
  if(awaits MATCHES "^\"([a-z0-9_]+)")
    set(source ${CMAKE_MATCH_1})
  endif()
  set(whole false)
  string(TOUPPER "${sql}" upper)
  string(REGEX MATCHALL "[A-Z0-9_]+" words "${upper}")
  set(froms ${words})
  list(FILTER froms INCLUDE REGEX "^FROM$")
  list(LENGTH froms from_count)
  list(FILTER words INCLUDE REGEX "^(DISTINCT|COUNT|SUM|TOTAL|AVG|MIN|MAX|GROUP_CONCAT)$")
  if(from_count EQUAL 1 AND NOT words AND upper MATCHES "FROM[ \t\r\n]+FSA_[A-Z0-9_]+[ \t\r\n]*$")
    set(whole true)
  endif()
  string(CONCAT entry "\"${id}\": {\"title\": \"${title}\", \"pillar\": \"${pillar}\", "
         "\"platform\": \"${platform}\", \"key\": [${key}], \"join\": [${join}], \"family\": \"${family}\", "
         "\"attack\": [${attack}], \"source\": \"${source}\", \"whole\": ${whole}, "
         "\"max_rows\": ${max_rows}, \"max_bytes\": ${max_bytes}, \"proves\": \"${proves}\", "
         "\"does_not_prove\": \"${does_not_prove}\", \"next_step\": \"${next_step}\", "
         "\"rules\": [${rules}], \"attributes\": [${attributes}]")
  if(NOT awaits STREQUAL "")
    string(APPEND entry ", \"awaits\": [${awaits}]")
  endif()
  if(NOT columns STREQUAL "")
    string(APPEND entry ", \"columns\": [${columns}]")
  endif()
  if(NOT tpr STREQUAL "")
    string(APPEND entry ", \"tpr\": ${tpr}, \"fpr\": ${fpr}")
  endif()
  string(APPEND entries_text "${separator}${entry}}")
  set(separator ",\n")
endforeach()
string(REPLACE "${semicolon}" "\\u003b" entries_text "${entries_text}")
string(REPLACE "${open}" "\\u005b" entries_text "${entries_text}")
string(REPLACE "${close}" "\\u005d" entries_text "${entries_text}")
file(WRITE ${OUT}.json "{\"queries\": {\n${entries_text}\n}}\n")

# As bytes: a string literal of that size is more than C11 promises.
file(READ ${OUT}.json hex HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUT} "/* Generated by cmake/pack_meta.cmake from packs/. */
#include \"pack/pack_meta.h\"

const unsigned char fsa_pack_meta_builtin[] = {
${bytes}};
const size_t fsa_pack_meta_builtin_size = sizeof fsa_pack_meta_builtin;
")
