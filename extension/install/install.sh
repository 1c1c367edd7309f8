#!/bin/sh
# Brings fsa.ext to where osquery starts extensions from, or takes it away again. For Linux, with what
# every system has: sh, install, find, grep, sed. Says what it did; may be run again at any time.
set -eu
umask 022
CDPATH=''

FOLDER=/usr/lib/osquery/extensions
EXTENSION=$FOLDER/fsa.ext
LIST=/etc/osquery/extensions.load
LINE='^[[:space:]]*/usr/lib/osquery/extensions/fsa\.ext[[:space:]]*$' # osquery passes over blanks
FLAGS=/etc/osquery/osquery.flags

prefix='' wanted='' file='' removes=false

usage() {
  cat <<TEXT
install.sh - bring fsa.ext to osquery, which then starts it by itself

  install.sh [--prefix DIR] [--sha256 HEX] [FILE]
  install.sh --uninstall [--prefix DIR]

      FILE          the extension; without it fsa.ext beside this script, or of ./dev build
      --sha256 HEX  refuse a file that has another SHA-256
      --prefix DIR  all below DIR, for images and tests
      --uninstall   take the extension and its line away
  -h, --help

It writes $EXTENSION and one line of $LIST, and tells which
lines $FLAGS still lacks. It starts and stops nothing.
Exit codes: 0 done; 1 usage; 2 refused, or failed.
TEXT
}

say() { printf '%s\n' "$*"; }

# What was tried, why it failed, what to do. What was not finished goes.
fail() {
  printf 'install.sh: %s: %s\n  %s\n' "$1" "$2" "$3" >&2
  exit 2
}

misuse() {
  printf 'install.sh: %s\n  install.sh --help tells what there is\n' "$1" >&2
  exit 1
}

# ---- folders -------------------------------------------------------------------------------------------

# The real path of a folder that is there.
real() { (cd "$1" 2>/dev/null && pwd -P) || return 1; }

# PATH: nobody but its owner may write to it, and its owner is root or whoever installs. osquery asks
# less: of the file only, and whether its folder is one like /tmp.
check_path() {
  [ -z "$(find -H "$1" -prune \( -perm -0020 -o -perm -0002 \))" ] ||
    fail "tried to use $1" "others than its owner may write to it, and osquery runs as root what lies there" \
      "take that away (chmod go-w '$1') after a look at what is in it, and run this again"
  [ -z "$(find -H "$1" -prune ! -user 0 ! -user "$(id -u)")" ] ||
    fail "tried to use $1" "it belongs to neither root nor $(id -un)" "chown root '$1', and run this again"
}

# FOLDER: it and what it lies in, up to the prefix or the root.
check_way() {
  at=$1
  case $at/ in
  "$top"*) ;;
  *) fail "tried to use $1" "a link leads there, out of $top" "make the link one within the prefix" ;;
  esac
  while :; do
    check_path "$at"
    [ "$at/" = "$top" ] || [ "$at" = / ] && return
    at=$(dirname "$at")
  done
}

# FOLDER: makes it with what it lies in, unless it is there, and checks all of them; its real path is
# then in $made.
make_folder() {
  there=$1
  while [ ! -d "$there" ]; do there=$(dirname "$there"); done
  check_way "$(real "$there")"
  # shellcheck disable=SC2086
  [ -d "$1" ] || install -d $owner -m 0755 "$1" ||
    fail "tried to make the folder $1" "install -d failed, as it said above" \
      "make it by hand, and run this again"
  made=$(real "$1")
  check_way "$made"
  [ -z "$(find "$made" -prune -perm -1000)" ] ||
    fail "tried to use $made" "its sticky bit is set, and osquery starts nothing from folders like /tmp" \
      "chmod -t '$made', and run this again"
}

# ---- the file ------------------------------------------------------------------------------------------

find_file() {
  [ -z "$file" ] || return 0
  here=$(real "$(dirname "$0")")
  for file in "$here/fsa.ext" "$here/../../build/bin/fsa.ext"; do [ ! -f "$file" ] || return 0; done
  fail "looked for fsa.ext beside $0 and in build/bin" "it is in neither" "run ./dev build, or name the file"
}

check_file() {
  [ -e "$file" ] || fail "tried to install $file" "there is no such file" "run ./dev build, or name another"
  [ -f "$file" ] || fail "tried to install $file" "it is not a regular file" "name the file fsa.ext itself"
  [ -x "$file" ] || fail "tried to install $file" "it is not executable" \
    "if it is the right file, chmod +x '$file', and run this again"
}

# The copy is what is checked, so that nobody changes the file in between.
check_copy() {
  if [ -n "$wanted" ]; then
    found=$(sha256sum "$copy" | sed 's/ .*//')
    [ "$found" = "$wanted" ] ||
      fail "tried to install $file" "its SHA-256 is $found, not $wanted" "get the file anew, or the right sum"
  fi
  version=$("$copy" --version 2>&1) || version="cannot be run: $version"
  case $version in
  "fsa.ext "*) ;;
  *) fail "asked $copy for its version" "$version" \
    "this must be fsa.ext for this kind of machine, and its folder not on a disk that is mounted noexec" ;;
  esac
}

install_file() {
  [ ! -d "$prefix$EXTENSION" ] ||
    fail "tried to write $prefix$EXTENSION" "a folder has that name" "move it away, and run this again"
  # no name that ends in .ext: osquery may be told to start every such file of the folder
  copy=$made/fsa.ext.$$
  trap 'rm -f "$copy"' EXIT
  trap 'exit 2' HUP INT TERM
  # shellcheck disable=SC2086
  install $owner -m 0755 "$file" "$copy" ||
    fail "tried to copy $file to $made" "install failed, as it said above" "see to it, and run this again"
  check_copy
  mv -f "$copy" "$made/fsa.ext" ||
    fail "tried to put $made/fsa.ext in place" "mv failed, as it said above" "see to it, and run this again"
  say "installed $prefix$EXTENSION: $version"
}

# ---- the list of extensions ----------------------------------------------------------------------------

# FILE: true when a line of this list is our path.
is_listed() { [ -f "$1" ] && grep -q "$LINE" "$1"; }

find_list() {
  make_folder "$(dirname "$prefix$LIST")"
  list=$made/$(basename "$LIST")
  [ ! -e "$list" ] || check_path "$list"
}

add_line() {
  if is_listed "$list"; then
    say "$prefix$LIST names it already"
    return
  fi
  end='' # a last line without its newline must not run into ours
  [ ! -s "$list" ] || [ -z "$(tail -c 1 "$list")" ] || end='
'
  say "$end$EXTENSION" >> "$list" ||
    fail "tried to add a line to $prefix$LIST" "it cannot be written" "add this line by hand: $EXTENSION"
  say "added it to $prefix$LIST"
}

remove_line() {
  list=$prefix$LIST
  if ! is_listed "$list"; then
    say "$list does not name it"
    return
  fi
  check_way "$(real "$(dirname "$list")")"
  if grep -v "$LINE" "$list" > "$list.$$"; then
    cat "$list.$$" > "$list" ||
      fail "tried to take a line out of $list" "it cannot be written" "put $list.$$ in its place by hand"
    rm -f "$list.$$"
    say "took it out of $list"
  else # no other line
    rm -f "$list.$$" "$list"
    say "removed $list, which named nothing else"
  fi
}

# ---- osquery's flags -----------------------------------------------------------------------------------

# NAME: its value in the flag file, "true" when it stands there alone, nothing when it does not.
flag() {
  [ -f "$prefix$FLAGS" ] || return 0
  sed -n -e "s/^[[:space:]]*--\{0,1\}$1[[:space:]]*\$/true/p" \
    -e "s/^[[:space:]]*--\{0,1\}$1=//p" "$prefix$FLAGS" | tail -n 1
}

# Lines that the flag file lacks, each once.
missing_flags() {
  case $(flag disable_extensions) in '' | false | 0) ;; *) say "--disable_extensions=false" ;; esac
  [ -n "$(flag extensions_timeout)" ] || say "--extensions_timeout=10"
  required=$(flag extensions_require)
  case ,$required, in
  ,,) say "--extensions_require=fsa" ;;
  *,fsa,*) ;;
  *) say "--extensions_require=$required,fsa" ;;
  esac
}

tell_flags() {
  other=$(flag extensions_autoload)
  case $other in
  '' | "$LIST") ;; # the default
  *) say "$prefix$FLAGS makes osquery read $other: add the line $EXTENSION to that one" ;;
  esac
  lines=$(missing_flags)
  if [ -n "$lines" ]; then
    say "put into $prefix$FLAGS, in the place of lines with the same flag:"
    say "$lines" | sed 's/^/  /'
  else
    say "$prefix$FLAGS has the flags"
  fi
  say "then restart osqueryd and ask it: SELECT name, version FROM osquery_extensions WHERE name = 'fsa';"
}

# ---- what is asked -------------------------------------------------------------------------------------

read_arguments() {
  while [ $# -gt 0 ]; do
    case $1 in
    -h | --help) usage; exit 0 ;;
    --uninstall) removes=true ;;
    --prefix | --sha256)
      [ $# -gt 1 ] || misuse "$1 needs a value"
      if [ "$1" = --prefix ]; then prefix=$2; else wanted=$2; fi
      [ -n "$2" ] || misuse "the value of $1 is empty"
      shift ;;
    -*) misuse "there is no option $1" ;;
    *) [ -z "$file" ] || misuse "one file, not $file and $1"; file=$1 ;;
    esac
    shift
  done
  ! $removes || [ -z "$file$wanted" ] || misuse "--uninstall takes no file"
  wanted=$(printf %s "$wanted" | tr A-F a-f)
  case $wanted in '') ;; *[!0-9a-f]*) misuse "--sha256 takes hexadecimal digits" ;; esac
  [ ${#wanted} -eq 0 ] || [ ${#wanted} -eq 64 ] || misuse "--sha256 takes 64 digits, not ${#wanted}"
}

# Sets $prefix to a real path without a slash at its end, $top to it with one, $owner for install(1).
prepare() {
  owner='-o root -g root'
  if [ "$(id -u)" != 0 ]; then
    [ -n "$prefix" ] || fail "tried to write to /usr/lib and /etc" "that is root's, and this is $(id -un)" \
      "run it as root: sudo $0"
    owner=''
    say "not root: the files belong to $(id -un), and osquery takes them from root or from its own user"
  fi
  if [ -n "$prefix" ]; then
    prefix=$(real "$prefix") ||
      fail "tried to use the folder of --prefix" "it is not there, or may not be entered" "make it first"
    prefix=${prefix%/}
  fi
  top=$prefix/
}

uninstall() {
  remove_line
  if [ -e "$prefix$EXTENSION" ]; then
    rm -f "$prefix$EXTENSION" ||
      fail "tried to remove $prefix$EXTENSION" "rm failed, as it said above" "see to it, and run this again"
    rmdir "$prefix$FOLDER" 2>/dev/null || true # others may have theirs there
    say "removed $prefix$EXTENSION"
  else
    say "$prefix$EXTENSION is not there"
  fi
  case ,$(flag extensions_require), in
  *,fsa,*) say "take fsa out of --extensions_require in $prefix$FLAGS, or each start waits for it" ;;
  esac
  say "then restart osqueryd"
}

read_arguments "$@"
prepare
if $removes; then
  uninstall
else
  find_file
  check_file
  find_list
  make_folder "$prefix$FOLDER"
  install_file
  add_line
  tell_flags
fi
