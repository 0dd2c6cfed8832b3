#!/usr/bin/env bash
# Fetch what the tests need beside Python: PostgreSQL, Redis and Chromium. Debian's packages when
# we may install some, Playwright's own browser elsewhere. Tests whose need is missing skip with a
# reason, but fail where CI is set.
set -u
bin=$1
packages=()
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || packages+=(postgresql)
command -v redis-server >/dev/null || packages+=(redis-server)
command -v chromium >/dev/null || packages+=(chromium fonts-noto-cjk fonts-noto-color-emoji)
[ ${#packages[@]} -eq 0 ] && exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
if command -v apt-get >/dev/null && "${as_root[@]}" true 2>/dev/null; then
    echo "Installing ${packages[*]} for the tests" >&2
    export DEBIAN_FRONTEND=noninteractive
    "${as_root[@]}" apt-get update -qq || true
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null && exit 0
fi
command -v chromium >/dev/null || "$bin/playwright" install chromium ||
    echo "No browser could be installed: browser tests will say so" >&2
exit 0
