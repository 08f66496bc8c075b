#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the image of the assignment.
set -euo pipefail
cd "$(dirname "$0")"
root=${AUTOGRADER_ROOT:-/autograder}
export DEBIAN_FRONTEND=noninteractive

apt-get update -qq
apt-get install -y -qq --no-install-recommends bubblewrap libseccomp2 >/dev/null

find_python() {
  for name in python3 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null &&
      "$name" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$name"
      return
    fi
  done
  return 1
}

if ! python=$(find_python); then
  # Older images come with an older Python; Ubuntu 22.04 has 3.11 beside it.
  apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null || true
  python=$(find_python) ||
    { apt-get install -y -qq --no-install-recommends python3.11 python3.11-venv >/dev/null && python=$(find_python); }
fi

"$python" -m venv "$root/environment"
pip=("$root/environment/bin/python" -m pip install --quiet --disable-pip-version-check)
# torch comes first: with a source of wheels of its own, only it is looked for there.
source_of_torch=@TORCH_INDEX@
"${pip[@]}" ${source_of_torch:+--index-url "$source_of_torch"} "$(grep '^torch==' constraints.txt)"
"${pip[@]}" -c constraints.txt -r requirements.txt
