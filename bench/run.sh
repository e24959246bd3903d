#!/usr/bin/env bash
# Measures svscript beside its peers in one run, on the same files, in turns, and prints a Markdown table.
#
#   bench/run.sh [N]        N turns, the fastest of each counts (default 5)
#
# Files are kept in bench/out. With CRASH_VMLINUX=vmlinux (the debug kernel of the guest that e2e/linux.sh boots, from its
# -dbg package) and crash installed, crash opens the Linux image too.
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

names=() commands=() best=()
row() { names+=("$1"); commands+=("$2"); best+=(0); }

row 'cat big.sav >/dev/null' "cat $out/big.sav >/dev/null"
row 'svscript: open big.sav' "$sv --no-color -e 0 $out/big.sav >/dev/null"
row 'grep -c (LC_ALL=C) of 13 bytes, big.sav' "LC_ALL=C grep -c -a -F needle-nowhere $out/big.sav || [ \$? -eq 1 ]"
row 'svscript: vm.scan of the same, all of RAM' "$sv --no-color -e '[...vm.scan(\"needle-nowhere\")].length' $out/big.sav >/dev/null"
row 'svscript: open a 100 MB image' "$sv --no-color -e 0 $out/100m.sav >/dev/null"
row 'svscript: one million vm.readU64 in JavaScript' "$sv --no-color -e 'let s=0n; for (let i=0n;i<1000000n;i++) s^=vm.readU64(i*8n); s' $out/100m.sav >/dev/null"

if [ -n "${CRASH_VMLINUX:-}" ] && command -v crash >/dev/null; then
	linux=$out/linux/linux.sav
	[ -e "$linux" ] || E2E_APPEND=nokaslr E2E_OUT=$PWD/$out/linux bash e2e/linux.sh amd64 >"$out/e2e.log" 2>&1 || { cat "$out/e2e.log" >&2; exit 1; }
	echo quit >"$out/quit"
	row 'crash: open the Linux image' "crash -s --no_panic -i $out/quit $CRASH_VMLINUX $linux >/dev/null 2>$out/crash.err </dev/null"
	row 'svscript: open the Linux image' "$sv --no-color -e 0 $linux >/dev/null"
	if "$sv" --list | grep -qw ps; then
		printf 'ps\nquit\n' >"$out/ps"
		row 'crash: ps' "crash -s --no_panic -i $out/ps $CRASH_VMLINUX $linux >/dev/null 2>$out/crash.err </dev/null"
		row 'svscript: ps' "$sv --no-color ps $linux >/dev/null"
	fi
fi

for ((turn = 0; turn <= n; turn++)); do # turn 0 warms the caches
	for i in "${!commands[@]}"; do
		start=${EPOCHREALTIME/./}
		bash -c "${commands[i]}" >/dev/null || { echo "bench: failed: ${commands[i]}" >&2; exit 1; }
		took=$((${EPOCHREALTIME/./} - start))
		if [ $turn -gt 0 ] && { [ "${best[i]}" -eq 0 ] || [ $took -lt "${best[i]}" ]; }; then best[i]=$took; fi
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

echo "$(go version | cut -d' ' -f3), $(nproc) CPUs, $n turns, fastest of each; big.sav: 5 GiB guest, $(($(stat -c %s "$out/big.sav") >> 20)) MiB of stream, cached"
echo
echo '| what | ms | against `cat` |'
echo '|---|---:|---:|'
for i in "${!commands[@]}"; do
	echo "| ${names[i]} | $((best[i] / 1000)).$(((best[i] / 100) % 10)) | $((best[i] * 100 / best[0] / 100)).$(printf %02d $((best[i] * 100 / best[0] % 100))) |"
done
echo
echo "Private memory with big.sav open: $((dirty >> 10)) MiB (file pages mapped besides: $((clean >> 10)) MiB)"
