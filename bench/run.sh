#!/usr/bin/env bash
# Measures svscript beside its peers in one run, on the same files, in turns, and prints a Markdown table.
#
#   bench/run.sh [N]        N turns, the least of each counts (default 5)
#
# Files are kept in bench/out. With crash installed and CRASH_VMLINUX=vmlinux (the debug kernel of a Linux guest, from its -dbg
# package) crash reads that guest too: LINUX_IMAGE, with CRASH_ARGS where crash needs to be told more of it, or else the guest that
# e2e/linux.sh boots.
set -euo pipefail
cd "$(dirname "$0")/.."

n=${1:-5}
out=bench/out
mkdir -p "$out"
go build -o "$out/svscript" ./cmd/svscript
go build -o "$out/mkimage" ./bench/mkimage
sv=$out/svscript
[ -e "$out/big.sav" ] || "$out/mkimage" -ram 5G -data 800M -o "$out/big.sav"
[ -e "$out/100m.sav" ] || "$out/mkimage" -ram 256M -data 95M -o "$out/100m.sav"

[ -e "$out/scan.sav" ] || "$out/mkimage" -ram 2G -data 1536M -o "$out/scan.sav"
# A hundred texts that begin with all kinds of bytes, and are nowhere.
for i in $(seq 100); do echo "needle $i" | md5sum | head -c 13; echo; done >"$out/patterns"
echo "vm.scan([$(sed 's/.*/{text: "&"},/' "$out/patterns" | tr -d '\n')]).toArray().length" >"$out/hundred.js"

names=() commands=() best=() cpu=()
row() { names+=("$1"); commands+=("$2"); best+=(0) cpu+=(0); }

row 'cat big.sav >/dev/null' "cat $out/big.sav >/dev/null"
row 'svscript: open big.sav' "$sv --no-color -e 0 $out/big.sav >/dev/null"
row 'grep -c (LC_ALL=C) of 13 bytes, big.sav' "LC_ALL=C grep -c -a -F needle-nowhere $out/big.sav || [ \$? -eq 1 ]"
row 'svscript: vm.scan of the same, all of RAM' "$sv --no-color -e '[...vm.scan(\"needle-nowhere\")].length' $out/big.sav >/dev/null"
row 'grep -c -F of one text (LC_ALL=C), 1.5 GB' "LC_ALL=C grep -c -a -F needle-nowhere $out/scan.sav || [ \$? -eq 1 ]"
row 'svscript: vm.scan of the same' "$sv --no-color -e 'vm.scan(\"needle-nowhere\").toArray().length' $out/scan.sav >/dev/null"
row 'grep -c -F -f of a hundred (LC_ALL=C), 1.5 GB' "LC_ALL=C grep -c -a -F -f $out/patterns $out/scan.sav || [ \$? -eq 1 ]"
row 'svscript: vm.scan of the same' "$sv --no-color $out/hundred.js $out/scan.sav >/dev/null"
row 'svscript: open a 100 MB image' "$sv --no-color -e 0 $out/100m.sav >/dev/null"
row 'svscript: one million vm.readU64 in JavaScript' "$sv --no-color -e 'let s=0n; for (let i=0n;i<1000000n;i++) s^=vm.readU64(i*8n); s' $out/100m.sav >/dev/null"
fields='struct("struct t { u32 a, b, c, d; u64 e, f, g, h; struct t *next; s32 i, j; u16 k, l, m, n, o; }")'
row 'svscript: one million fields through .decode()' "$sv --no-color -e 'const x=$fields.at(vm, 0n); for (let i=0;i<62500;i++) x.decode()' $out/100m.sav >/dev/null"

if [ -n "${CRASH_VMLINUX:-}" ] && command -v crash >/dev/null; then
	linux=${LINUX_IMAGE:-$out/linux/linux.sav}
	[ -e "$linux" ] || E2E_APPEND=nokaslr E2E_OUT=$PWD/$out/linux bash e2e/linux.sh amd64 >"$out/e2e.log" 2>&1 || { cat "$out/e2e.log" >&2; exit 1; }
	for what in '' log ps; do
		printf '%s\nquit\n' "$what" >"$out/crash-$what"
		row "crash: open the Linux image${what:+, $what}" "crash -s --no_panic ${CRASH_ARGS:-} -i $out/crash-$what $CRASH_VMLINUX $linux >/dev/null 2>$out/crash.err </dev/null"
		case $what in
		'') row 'svscript: the same' "$sv --no-color -e 'vm.linux.version' $linux >/dev/null" ;;
		log) row 'svscript: the same (dmesg)' "$sv --no-color dmesg $linux >/dev/null" ;;
		ps) row 'svscript: the same' "$sv --no-color ps $linux >/dev/null" ;;
		esac
	done
fi

least() { if [ "$2" -gt 0 ] && [ "$2" -lt "$1" ]; then echo "$2"; else echo "$1"; fi; }
TIMEFORMAT='%3R %3U %3S'                   # seconds: wall, user, system
for ((turn = 0; turn <= n; turn++)); do # turn 0 warms the caches
	for i in "${!commands[@]}"; do
		took=$({ time bash -c "${commands[i]}" >/dev/null 2>"$out/err"; } 2>&1) || { echo "bench: failed: ${commands[i]}" >&2; cat "$out/err" >&2; exit 1; }
		read -r wall user system <<<"${took//./}"
		[ $turn -gt 0 ] || continue
		best[i]=$(least $((10#$wall)) "${best[i]}")
		cpu[i]=$(least $((10#$user + 10#$system)) "${cpu[i]}")
	done
done

# Memory that is the process's own, while it holds the big image open and has touched it. Pages of the file itself, which the
# kernel can drop and other readers share, are not counted: they show as Private_Clean when nobody else has mapped them.
"$sv" --no-color --timeout 60s -e 'vm.readU64(0x100000000n); for (;;);' "$out/big.sav" >/dev/null 2>&1 &
pid=$!
sleep 3
dirty=$(awk '/^Anonymous:/ { n += $2 } END { print n }' "/proc/$pid/smaps_rollup")
clean=$(awk '/^Private_Clean/ { n += $2 } END { print n }' "/proc/$pid/smaps_rollup")
kill "$pid" 2>/dev/null || true
wait "$pid" 2>/dev/null || true

# The most that ps holds at once, pages of the image that it has mapped included: 256 MB guest or whatever LINUX_IMAGE is.
if [ -n "${linux:-}" ]; then
	peak=$( (/usr/bin/time -f %M "$sv" --no-color ps "$linux" >/dev/null) 2>&1 | tail -1)
fi

echo "$(go version | cut -d' ' -f3), $(nproc) CPUs, $n turns, the least of each; big.sav: 5 GiB guest, $(($(stat -c %s "$out/big.sav") >> 20)) MiB of stream, cached"
echo
echo '| what | ms | of CPU | CPU against `cat` |'
echo '|---|---:|---:|---:|'
for i in "${!commands[@]}"; do
	echo "| ${names[i]} | ${best[i]} | ${cpu[i]} | $((cpu[i] / cpu[0])).$(printf %02d $((cpu[i] * 100 / cpu[0] % 100))) |"
done
echo
echo "Private memory with big.sav open: $((dirty >> 10)) MiB (file pages mapped besides: $((clean >> 10)) MiB)"
[ -z "${peak:-}" ] || echo "Most memory that ps held, mapped pages included: $((peak >> 10)) MiB"
