#!/bin/sh
# Debian packages that pip cannot bring: installs what is missing when root, else says which.  usage: system.sh base|test PYTHON
set -u
what=$1 python=$2
need='' want=''

command -v "$python" >/dev/null 2>&1 || { echo "wetprint: $python is not on the PATH: install python3 (3.11 or newer)" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
  echo "wetprint: $("$python" --version) is too old: 3.11 or newer is needed (make PYTHON=python3.12 ...)" >&2; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null || need="$need python3-venv"

has_lib() { /sbin/ldconfig -p 2>/dev/null | grep -q "$1"; }
# Software OpenGL for pictures without a display.
has_lib 'libOSMesa\.so\.8' || { has_lib 'libEGL\.so\.1' && has_lib 'libEGL_mesa\.so\.0'; } || need="$need libosmesa6"

if [ "$what" = test ]; then
  # Independent referees. Without them their tests are skipped, and say so.
  [ -x /usr/bin/rs274 ] || want="$want linuxcnc-uspace"
  command -v ccx >/dev/null 2>&1 || want="$want calculix-ccx"
fi

[ -n "$need$want" ] || exit 0
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
  export DEBIAN_FRONTEND=noninteractive
  echo "wetprint: installing$need$want"
  apt-get update -qq >/dev/null 2>&1 || true
  if [ -n "$need" ]; then
    # shellcheck disable=SC2086
    apt-get install -y -qq --no-install-recommends $need >/dev/null 2>&1 || {
      echo "wetprint: these packages could not be installed:$need" >&2; exit 1; }
  fi
  for p in $want; do
    apt-get install -y -qq --no-install-recommends "$p" >/dev/null 2>&1 || echo "wetprint: no $p here: its tests will be skipped" >&2
  done
  exit 0
fi
[ -z "$want" ] || echo "wetprint: for all tests, also install:$want   (sudo apt-get install$want)" >&2
if [ -n "$need" ]; then
  echo "wetprint: please install:$need   (sudo apt-get install$need)" >&2
  case "$need" in *python3-venv*) exit 1 ;; esac
fi
exit 0
