#!/usr/bin/env bash
# Boots the guest of init on a kernel of Debian's, saves it, and compares what svscript says with what the guest printed.
#
#	boot.sh KERNEL MODULES BUSYBOX OUT	vmlinuz, the folder of its modules, a static busybox; OUT.sav and OUT.txt are made
#
# GUEST_QEMU replaces the machine and CPU (-M q35 -cpu max,la57=off), GUEST_APPEND is added to the kernel's command line, GUEST_MODULES
# to the modules that are loaded.
#
# Needs qemu-system-x86_64, e2fsprogs, cpio, kmod, python3 and Go.
set -euo pipefail
kernel=$(realpath "$1") modules=$(realpath "$2") busybox=$(realpath "$3") out=$(realpath -m "$4")
cd "$(dirname "$0")"
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,modules,mnt,etc}
cp "$busybox" "$root/bin/busybox"
CGO_ENABLED=0 GOARCH=amd64 go build -o "$root/bin/files" files.go
install -m 755 init "$root/init"
# The modules with what they need, in the order in which they can be loaded. Kernels differ in which of them are built in.
release=$(basename "$modules")
mkdir -p "$root/depmod/lib/modules"
cp -rs "$modules" "$root/depmod/lib/modules/"
/sbin/depmod -b "$root/depmod" "$release"
for m in overlay veth dummy loop ext4 af_packet ${GUEST_MODULES:-}; do
	/sbin/modprobe -d "$root/depmod" -S "$release" --show-depends "$m" 2>/dev/null || true # not every kernel has it
done | sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' | while read -r f; do
	name=$(basename "$f") name=${name%%.ko*}
	case $f in *.xz) xz -dc "$f" ;; *.zst) zstd -dqc <"$f" ;; *) cat "$f" ;; esac >"$root/modules/$name.ko"
	echo "$name" >>"$root/modules/order"
done
rm -rf "$root/depmod"
truncate -s 16M "$root/disk.img"
/sbin/mkfs.ext4 -q -O ^metadata_csum "$root/disk.img"
(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out.initrd"

rm -f "$out.monitor" "$out.txt"
qemu-system-x86_64 -m 256 -smp 2 ${GUEST_QEMU:--M q35 -cpu max,la57=off} -display none -no-reboot -nic none -kernel "$kernel" -initrd "$out.initrd" \
	-append "console=ttyS0 quiet no_timer_check ${GUEST_APPEND:-}" -serial "file:$out.txt" -monitor "unix:$out.monitor,server,nowait" &
for _ in $(seq 300); do sleep 1; ! grep -q GUEST-READY "$out.txt" 2>/dev/null || break; done
sleep 2
python3 - "$out" <<'P'
import socket, sys, time
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(sys.argv[1] + ".monitor")
def command(text):
    monitor.sendall((text + "\n").encode())
    time.sleep(0.5)
    return monitor.recv(1 << 20).decode(errors="replace")
command("stop")
command("migrate_set_parameter max-bandwidth 10G")
command('migrate -d "exec:cat >%s.sav"' % sys.argv[1])
while "completed" not in command("info migrate"):
    time.sleep(0.5)
monitor.sendall(b"quit\n")
while monitor.recv(1 << 12): # until it has
    pass
P
wait
rm -f "$out.monitor" "$out.initrd"
cd ../.. && SVSCRIPT_GUEST=$out go test -count=1 -run '^TestLinuxGuest(Objects)?$' -v .
