#!/usr/bin/env bash
# Make the environment that Rasa needs for itself: Python 3.10 and the group "rasa" of
# pyproject.toml (2.7 GB, about three minutes). Without a Python 3.10 this fails where CI is set;
# elsewhere it says why, and the tests skip.
set -euo pipefail
folder=$1
cd "$(dirname "$0")/../.."

wanted=$(sed -nE 's/^rasa = \["(rasa==[0-9.]+)"\]$/\1/p' pyproject.toml)
[ -n "$wanted" ] || { echo "pyproject.toml: expected the dependency group rasa" >&2; exit 1; }
[ "$(cat "$folder/.made" 2>/dev/null)" = "$wanted" ] && exit 0

is_310() {
    "$1" -c 'import sys, venv; sys.exit(sys.version_info[:2] != (3, 10))' >/dev/null 2>&1
}
python=
for candidate in "${PYTHON310:-}" python3.10 "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.10.*/bin/python; do
    if [ -n "$candidate" ] && is_310 "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    echo "Rasa 3.6 needs Python 3.10, and none was found: install one (pyenv install 3.10)," \
        "or say where it is: make test-rasa PYTHON310=/path/to/python3.10" >&2
    [ "${CI:-}" != true ] || exit 1
    exit 0
fi

echo "Installing $wanted into $folder with $("$python" --version)" >&2
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$wanted"
echo "$wanted" >"$folder/.made"
