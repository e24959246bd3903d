#!/usr/bin/env bash
# Boots the guest of init on a kernel of Debian's, saves it, and compares what svscript says with what the guest printed.
#
#	boot.sh KERNEL MODULES BUSYBOX OUT	vmlinuz, the folder of its modules, a static busybox; OUT.sav and OUT.txt are made
#
# The busybox tells the architecture: amd64, i386, arm64 or riscv64. GUEST_QEMU replaces the machine and CPU (-M q35 -cpu max,la57=off),
# GUEST_APPEND is added to the kernel's command line ("busy" keeps the CPUs in user mode), GUEST_MODULES to the modules that are loaded.
# OUT.registers is what the monitor said of the CPUs, OUT.translate where it said that addresses of the kernel and of processes lead.
#
# Needs QEMU's emulator of the architecture, e2fsprogs, cpio, kmod, python3 and Go.
set -euo pipefail
kernel=$(realpath "$1") modules=$(realpath "$2") busybox=$(realpath "$3") out=$(realpath -m "$4")
cd "$(dirname "$0")"
case $(od -A n -j 18 -N 2 -t u2 "$busybox" | tr -d ' ') in # e_machine
62) goarch=amd64 qemu=qemu-system-x86_64 machine="-M q35 -cpu max,la57=off" console=ttyS0 ;;
3) goarch=386 qemu=qemu-system-i386 machine="-M pc -cpu max" console=ttyS0 ;;
183) goarch=arm64 qemu=qemu-system-aarch64 machine="-M virt -cpu max,pauth-impdef=on" console=ttyAMA0 ;;
243) goarch=riscv64 qemu=qemu-system-riscv64 machine="-M virt -cpu rv64" console=ttyS0 ;;
*) echo "boot.sh: $busybox is of no architecture that is known here" >&2; exit 2 ;;
esac
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,modules,mnt,etc}
cp "$busybox" "$root/bin/busybox"
CGO_ENABLED=0 GOARCH=$goarch go build -o "$root/bin/files" files.go
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
$qemu -m 256 -smp 2 ${GUEST_QEMU:-$machine} -display none -no-reboot -nic none -kernel "$kernel" -initrd "$out.initrd" \
	-append "console=$console quiet no_timer_check ${GUEST_APPEND:-}" -serial "file:$out.txt" -monitor "unix:$out.monitor,server,nowait" &
for _ in $(seq 300); do sleep 1; ! grep -q GUEST-READY "$out.txt" 2>/dev/null || break; done
sleep 2
python3 - "$out" <<'P'
import re, socket, sys, time
out = sys.argv[1]
monitor = socket.socket(socket.AF_UNIX)
monitor.connect(out + ".monitor")
def answer():
    """What the monitor says up to its next prompt."""
    text = b""
    while not text.endswith(b"(qemu) "):
        text += monitor.recv(1 << 20)
    return text.decode(errors="replace").replace("\r", "").partition("\n")[2].removesuffix("(qemu) ")
def command(text):
    monitor.sendall((text + "\n").encode())
    return answer()
answer() # its greeting
command("stop")
with open(out + ".registers", "w") as f:
    f.write(command("info registers -a"))
with open(out + ".txt", errors="replace") as f:
    console = f.read().replace("\r", "")
addresses = re.findall(r"(?m)^([0-9a-f]+)(?: [a-zA-Z] |-[0-9a-f]+ [-r][-w][-x][ps] )", console)
with open(out + ".translate", "w") as f: # CPU, virtual address, what the monitor says
    for cpu in range(2):
        command("cpu %d" % cpu)
        for a in addresses:
            f.write("%d 0x%s %s\n" % (cpu, a, command("gva2gpa 0x" + a).strip()))
command("migrate_set_parameter max-bandwidth 10G")
command('migrate -d "exec:cat >%s.sav"' % out)
while "completed" not in command("info migrate"):
    time.sleep(0.5)
monitor.sendall(b"quit\n")
while monitor.recv(1 << 12): # until it has
    pass
P
wait
rm -f "$out.monitor" "$out.initrd"
cd ../.. && SVSCRIPT_GUEST=$out go test -count=1 -run '^TestLinuxGuest(Objects|CPUs)?$' -v .
