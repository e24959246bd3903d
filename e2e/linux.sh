#!/usr/bin/env bash
# Boots a real Debian kernel under QEMU (TCG, no KVM needed), saves the guest, and checks svscript against what QEMU's monitor
# and the guest itself said.
#
#   e2e/linux.sh [ARCH [KERNEL]]     ARCH: amd64 (default), i386, arm64
#
# KERNEL is a linux-image package file, or the suite of the archive whose kernel is to be had (bullseye, bookworm-backports, sid);
# without it the current one of the machine's own suites is. Installs what it needs with apt when run as root. E2E_OUT=DIR keeps the
# guest's files there; E2E_APPEND is added to the kernel's command line.
set -euo pipefail
cd "$(dirname "$0")/.."

arch=${1:-amd64}
deb=${2:-} suite=
case $deb in *.deb | "") ;; *) suite=$deb deb= ;; esac
case $arch in
amd64) meta=linux-image-cloud-amd64 qemu=qemu-system-x86 ;;
i386) meta=linux-image-686-pae qemu=qemu-system-x86 ;;
arm64) meta=linux-image-arm64 qemu=qemu-system-arm ;;
*) echo "usage: e2e/linux.sh [amd64|i386|arm64 [KERNEL]]" >&2; exit 2 ;;
esac

need=()
for p in "$qemu" cpio zstd xz-utils; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || need+=("$p")
done
if [ ${#need[@]} -gt 0 ]; then
	apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${need[@]}" >/dev/null
fi

out=${E2E_OUT:-$(mktemp -d)}
[ -n "${E2E_OUT:-}" ] || trap 'rm -rf "$out"' EXIT
mkdir -p "$out/deb" "$out/initrd"/{bin,dev,proc,sys,tmp,run,modules}

# Packages of the guest's architecture come through lists of their own: the machine's architectures stay as they are.
mkdir -p "$out"/apt/{lists,cache}/partial "$out/apt/cache/archives/partial"
: >"$out/apt/status"
apt=(-o "APT::Architecture=$arch" -o "APT::Architectures::=$arch" -o "Dir::State::lists=$out/apt/lists" -o "Dir::Cache=$out/apt/cache"
	-o "Dir::State::status=$out/apt/status" -o APT::Sandbox::User=root)
if [ -n "$suite" ]; then # from where the machine has its own packages
	archive=$(apt-get indextargets --format '$(REPO_URI)' | grep '/debian/$' | head -n 1)
	printf 'deb %s %s main\n' "${archive:?no Debian archive among the sources of apt}" "$suite" "$archive" "${suite%-backports}" | sort -u >"$out/apt/sources.list"
	apt+=(-o "Dir::Etc::sourcelist=$out/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null)
fi
apt-get "${apt[@]}" update -q >"$out/apt/log" 2>&1 || { echo "e2e: not every package list could be had:"; grep '^[EW]:' "$out/apt/log" || true; } >&2

fetch() { # downloads package $1 and prints the file's path
	(cd "$out/deb" && rm -f "$1"_*.deb && apt-get "${apt[@]}" download -q "$1" >"$out/apt/log" 2>&1 && ls "$PWD/$1"_*.deb) || {
		echo "e2e: package $1 ($arch) cannot be downloaded:" >&2
		cat "$out/apt/log" >&2
		return 1
	}
}
depends() { # what of these names package $1 depends on
	apt-cache "${apt[@]}" depends "$1" | sed -n "s/^ *Depends: \($2[^ :<>]*\).*/\1/p" | head -n 1
}
debs=("$deb")
if [ -z "$deb" ]; then
	package=$(depends "$meta${suite:+/$suite}" linux-image-)
	[ -n "$package" ] || { echo "e2e: $meta depends on no linux-image" >&2; exit 1; }
	debs=("$(fetch "$package")")
	for part in linux-binary- linux-modules-; do # since Linux 6.19 the image is in packages of its own
		name=$(depends "$package" "$part")
		[ -z "$name" ] || debs+=("$(fetch "$name")")
	done
fi
rm -rf "$out/kernel" "$out/busybox"
for d in "${debs[@]}"; do dpkg -x "$d" "$out/kernel"; done
bb=$(fetch busybox-static)
dpkg -x "$bb" "$out/busybox"
kernel=$(find "$out/kernel" -type f \( -path '*/boot/vmlinu[xz]-*' -o -path '*/modules/*/vmlinu[xz]' \))
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
