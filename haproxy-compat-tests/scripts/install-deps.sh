#!/bin/sh
# Installs the Debian packages that a make target needs, and does nothing where they are all present.
#
#     install-deps.sh build|test|demo|bench
#
# It uses sudo when it is not root, starts no service, and leaves those it brings along disabled.
set -eu

build="gcc libc6-dev make pkg-config libssl-dev"
proofs="python3 curl openssl certbot pebble"

case "${1-}" in
    build) packages="$build" ;;
    test) packages="$build $proofs varnish strace" ;;
    demo) packages="$build $proofs" ;;
    bench) packages="$build python3 openssl haproxy nginx-light wrk nghttp2-client util-linux" ;;
    *) echo "usage: $0 build|test|demo|bench" >&2; exit 2 ;;
esac

installed() {
    dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed
}

missing=""
for package in $packages; do
    # Any nginx will do for the benchmark.
    [ "$package" = nginx-light ] && command -v nginx >/dev/null && continue
    installed "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "$0: not a Debian system; install by hand what stands for:$missing" >&2
    exit 1
fi
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null; then
    as_root="sudo"
else
    echo "$0: run as root, or install sudo; missing:$missing" >&2
    exit 1
fi

# While this file says 101, installing a package starts none of its services.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '$as_root rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi

install_missing() {
    # $missing is a list of words.
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing </dev/null
}
echo "installing:$missing"
install_missing || { $as_root apt-get update -q </dev/null && install_missing; }

# Nor is one of them to start with the machine.
if command -v systemctl >/dev/null; then
    for package in $missing; do
        case "$package" in
            haproxy | varnish) $as_root systemctl disable -q "$package" || true ;;
            nginx-light) $as_root systemctl disable -q nginx || true ;;
            certbot) $as_root systemctl disable -q certbot.timer || true ;;
        esac
    done
fi
