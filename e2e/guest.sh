#!/usr/bin/env bash
# Boots a guest with one of everything (files, mounts, namespaces, sockets, timers, BPF programs) on the kernel that e2e/linux.sh has
# downloaded, and compares what svscript's Linux commands say with what the guest printed.
#
#   E2E_OUT=DIR e2e/linux.sh && e2e/guest.sh DIR
set -euo pipefail
dir=$(realpath "$1")
cd "$(dirname "$0")/.."

need=()
for p in qemu-system-x86 e2fsprogs cpio kmod python3; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || need+=("$p")
done
if [ ${#need[@]} -gt 0 ]; then
	apt-get update -q >/dev/null
	DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${need[@]}" >/dev/null
fi
kernel=$(find "$dir/kernel" -type f \( -path '*/boot/vmlinuz-*' -o -path '*/modules/*/vmlinuz' \))
modules=$(find "$dir/kernel" -path '*/lib/modules/*' -prune -type d)
timeout 600 bash scripts/testdata/guest/boot.sh "$kernel" "$modules" "$dir/initrd/bin/busybox" "$dir/guest"
