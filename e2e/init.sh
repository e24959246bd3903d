#!/bin/busybox sh
# The guest's first process: makes processes, mounts, sockets and modules to find, says on the serial console what there is,
# and waits. The sections between "=== NAME" lines are the guest's own oracle.
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs -o size=4m scratch /tmp
mount -t devtmpfs dev /dev 2>/dev/null
echo 0 >/proc/sys/kernel/kptr_restrict
echo 1 >/proc/sys/kernel/printk
for m in crc-itu-t crc7 cramfs romfs udf; do
	[ ! -e /modules/$m.ko ] || insmod /modules/$m.ko 2>/dev/null
done
ip link set lo up
echo 'svscript marker file' >/tmp/marker
sleep 100001 &
sleep 100002 &
sh -c 'MARK=svscript-marker-variable; while :; do sleep 100003; done' &
nc -l -p 4711 &
nc -l -p 4712 &
tail -f /tmp/marker >/dev/null &
sleep 2

section() { echo "=== $1"; }
section version; cat /proc/version
section iomem; cat /proc/iomem
section symbols
grep -E ' (init_task|linux_banner|_stext|_text|_etext|init_top_pgt|swapper_pg_dir|init_pid_ns|modules|init_net|kallsyms_names|jiffies)$' /proc/kallsyms
section modules; cat /proc/modules
section mounts; cat /proc/mounts
section tcp; cat /proc/net/tcp
section ps # pid, ppid, state, comm; from stat, where comm may hold spaces
for s in /proc/[0-9]*/stat; do
	l=$(cat $s 2>/dev/null) || continue
	comm=${l#*(}; comm=${comm%)*}
	rest=${l##*) }
	set -- $rest
	echo "${l%% *} $2 $1 $comm"
done
section translate # pid, virtual address, page frame number: of the first pages of a waiting process
p=$(pidof tail); p=${p%% *}
head -n 12 /proc/$p/maps | while read -r range perms rest; do
	va=${range%%-*}
	n=$((0x$va / 4096))
	e=$(dd if=/proc/$p/pagemap bs=8 skip=$n count=1 2>/dev/null | od -A n -t x8)
	[ -z "$e" ] || echo "$p $va $e"
done
section end
echo E2E-READY
wait # for what never ends, without a process that was not there when the guest listed them
