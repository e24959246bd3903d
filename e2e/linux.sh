#!/usr/bin/env bash
# Boots a real Debian kernel under QEMU (TCG, no KVM needed), saves the guest, and checks svscript against what QEMU's monitor
# and the guest itself said.
#
#   e2e/linux.sh [ARCH [KERNEL_DEB]]     ARCH: amd64 (default), i386, arm64
#
# KERNEL_DEB is a linux-image package file; without it the current one of the archive is downloaded. Installs what it needs
# with apt when run as root. E2E_OUT=DIR keeps the guest's files there.
set -euo pipefail
cd "$(dirname "$0")/.."

arch=${1:-amd64}
deb=${2:-}
case $arch in
amd64) meta=linux-image-cloud-amd64 busybox=busybox-static qemu=qemu-system-x86 ;;
i386) meta=linux-image-686-pae busybox=busybox-static qemu=qemu-system-x86 ;;
arm64) meta=linux-image-arm64 busybox=busybox-static qemu=qemu-system-arm ;;
*) echo "usage: e2e/linux.sh [amd64|i386|arm64 [KERNEL_DEB]]" >&2; exit 2 ;;
esac

need=()
for p in "$qemu" cpio zstd xz-utils; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || need+=("$p")
done
foreign=()
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
	foreign=(":$arch")
	dpkg --print-foreign-architectures | grep -qx "$arch" || dpkg --add-architecture "$arch"
fi
apt-get update -q >/dev/null
[ ${#need[@]} -eq 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${need[@]}" >/dev/null

out=${E2E_OUT:-$(mktemp -d)}
[ -n "${E2E_OUT:-}" ] || trap 'rm -rf "$out"' EXIT
mkdir -p "$out/deb" "$out/initrd"/{bin,dev,proc,sys,tmp,run,modules}

fetch() { # the package file of $1 into $out/deb
	(cd "$out/deb" && rm -f "${1%%:*}"_*.deb && apt-get download -q "$1" >/dev/null 2>&1 && ls "$PWD/${1%%:*}"_*.deb)
}
if [ -z "$deb" ]; then
	package=$(apt-cache depends "$meta${foreign[*]}" | sed -n 's/^ *Depends: \(linux-image-[^ :]*\).*/\1/p' | head -n 1)
	[ -n "$package" ] || { echo "e2e: $meta depends on no linux-image" >&2; exit 1; }
	deb=$(fetch "$package${foreign[*]}")
fi
rm -rf "$out/kernel" "$out/busybox"
dpkg -x "$deb" "$out/kernel"
dpkg -x "$(fetch "$busybox${foreign[*]}")" "$out/busybox"
kernel=$(ls "$out"/kernel/boot/vmlinu[xz]-*)
cp "$(find "$out/busybox" -type f -path '*/bin/busybox')" "$out/initrd/bin/busybox"

# A few modules without dependencies of their own, so that the list of modules is not empty.
for m in romfs udf crc-itu-t crc7 cramfs; do
	find "$out/kernel" -name "$m.ko*" -exec cp {} "$out/initrd/modules/" \;
done
for m in "$out"/initrd/modules/*.ko.xz; do [ ! -e "$m" ] || xz -df "$m"; done
for m in "$out"/initrd/modules/*.ko.zst; do [ ! -e "$m" ] || zstd -qdf --rm "$m"; done
cp e2e/init.sh "$out/initrd/init"
chmod 755 "$out/initrd/init"
(cd "$out/initrd" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initrd.gz"

E2E_ARCH=$arch E2E_KERNEL=$kernel E2E_INITRD=$out/initrd.gz E2E_DIR=$out \
	go test -count=1 -timeout 10m -tags e2e -run '^TestLinux$' -v ./e2e
