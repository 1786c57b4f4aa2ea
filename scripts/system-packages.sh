#!/usr/bin/env bash
# Debian's packages for ODBC sources, for Access files, and for a real MariaDB and a browser in the tests. Only packages without a
# service of their own: nothing is started, now or at the next boot. Without apt it does nothing; once all is there, it
# takes a moment.
set -euo pipefail

packages=(
    unixodbc odbc-postgresql odbc-mariadb libsqliteodbc tdsodbc odbc-mdbtools # ODBC and its drivers
    mdbtools                                                                   # Access: mdb-export
    mariadb-server-core mariadb-client-core                                    # mariadbd as a program, not as a service
    chromium fonts-noto-cjk                                                    # a browser that opens the published pages
)

if ! command -v apt-get >/dev/null; then
    echo "system packages: no apt here, nothing done; tests that need ODBC, mdbtools or MariaDB skip and say so"
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
    echo "system packages: all ${#packages[@]} are there"
    exit 0
fi

root=()
if [ "$(id -u)" != 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        echo "system packages: missing ${missing[*]}, and neither root nor sudo without a password;" \
            "run: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
        exit 1
    fi
    root=(sudo)
fi

install() {
    # The variables through env: sudo keeps few.
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l \
        apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

echo "system packages: installing ${missing[*]}"
# Lists of packages that are not there, or too old, are fetched once.
install 2>/dev/null || { "${root[@]}" apt-get update -qq && install; }
echo "system packages: installed ${missing[*]}"
