#!/usr/bin/env bash
# From "Python 3.11 and nothing else" to the locked environment in .venv. Names no package index: pip's and uv's own
# configuration decide where packages come from.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '\033[1m%s\033[0m\n' "· $*" >&2; }

python=""
for candidate in python3.11 python3.12 python3 /usr/bin/python3; do
    if command -v "$candidate" >/dev/null &&
        "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))'; then
        python=$(command -v "$candidate")
        break
    fi
done
[ -n "$python" ] || { echo "Python 3.11 or 3.12 is needed: apt install python3" >&2; exit 2; }

# uv: the one on PATH, else our own copy in .uv, brought by whatever pip this machine has.
install_uv() {
    say "fetching uv"
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv .uv
        .uv/bin/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt
        return
    fi
    "$python" -m venv --without-pip .uv
    if "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m pip --python .uv/bin/python install --quiet --require-hashes -r requirements/bootstrap.txt
        return
    fi
    # Debian's bare Python has neither pip nor ensurepip, but its archive has pip as a wheel, for any user.
    work=$(mktemp -d)
    trap 'rm -rf "$work"' RETURN
    (
        cd "$work"
        apt-get download -qq python3-pip-whl 2>/dev/null ||
            { [ "$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq python3-pip-whl; }
        dpkg-deb -x python3-pip-whl*.deb .
    ) || { echo "no pip here: install python3-venv (apt install python3-venv) or put uv on PATH" >&2; exit 2; }
    wheel=$(find "$work" -name 'pip-*.whl')
    PYTHONPATH=$wheel .uv/bin/python -m pip install --quiet --require-hashes -r requirements/bootstrap.txt
}

uv=$(command -v uv || true)
if [ -z "$uv" ]; then
    [ -x .uv/bin/uv ] || install_uv
    uv=$PWD/.uv/bin/uv
fi

export UV_PYTHON_DOWNLOADS=never
[ -x .venv/bin/python ] || { say "creating .venv"; "$uv" venv --quiet --python "$python" .venv; }
say "installing the locked packages (a few hundred MB the first time)"
"$uv" pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements/dev.txt
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
touch .venv/.synced
