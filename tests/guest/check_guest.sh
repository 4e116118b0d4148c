#!/bin/bash
# The tool and the plugin inside a guest: QEMU without KVM, whose 9p share is the directory of one VM that a simulated
# writer updates on the host.
# shellcheck source=tests/daemon/lib.sh
. "${abs_top_srcdir:-.}/tests/daemon/lib.sh"
require qemu-system-x86_64 busybox cpio dpkg-deb apt-get ldd
[ "$(uname -m)" = x86_64 ] || skip "the guest's kernel is for x86_64"
[ -e "$module_dir/vm_energy.so" ] || skip "there is no plugin"
cd "$work" || exit 1

# --- kernel: Debian's, unpacked; kept beside the test, since it is large ---------------------------------------------------
cache=$builddir/tests/guest/kernel
if [ ! -e "$cache/vmlinuz" ]; then
  mkdir -p "$cache" download
  download() { # the package that the newest kernel's name stands for
    local package
    package=$(apt-cache depends linux-image-amd64 | sed -n '0,/Depends:/s/ *Depends: //p')
    [ -n "$package" ] && (cd download && apt-get download -qq "$package" 2>download.log)
  }
  download || { apt-get update -qq 2>/dev/null && download; } || { cat download/download.log && skip "there is no kernel"; }
  mkdir kernel
  dpkg-deb --fsys-tarfile download/*.deb | tar -x -C kernel --wildcards './boot/vmlinuz-*' '*/drivers/virtio/*.ko' '*/net/9p/*.ko' '*/fs/9p/*.ko' \
    '*/fs/netfs/*.ko' '*/fs/fscache/*.ko'
  find kernel -name '*.ko' -exec cp -t "$cache" {} +
  cp kernel/boot/vmlinuz-* "$cache/vmlinuz"
fi

# --- guest: busybox, the tool, collectd and the libraries of both -----------------------------------------------------------
mkdir -p root/{bin,dev,etc,modules,proc,run,sys,tmp,ctl,var/scaphandre,usr/lib/collectd,usr/share/collectd}
cp "$(command -v busybox)" "$builddir/vm_energy" "$collectd" root/bin
cp "$stock_plugins"/{csv,logfile}.so "$module_dir/vm_energy.so" root/usr/lib/collectd
cp "$typesdb" root/usr/share/collectd/types.db
cp "$cache"/*.ko root/modules
{ # libgcc_s is for pthread_exit(3), which loads it by itself
  ldd root/bin/vm_energy root/bin/collectd root/usr/lib/collectd/*.so | sed -nE 's/^\t(.* => )?(\/[^ ]*) \(.*/\2/p'
  gcc -print-file-name=libgcc_s.so.1
} | sort -u | while read -r library; do
  mkdir -p "root${library%/*}" && cp -L "$library" "root$library"
done
cat >root/etc/collectd.conf <<'CONF'
Interval 1
BaseDir "/tmp"
PIDFile "/tmp/collectd.pid"
PluginDir "/usr/lib/collectd"
TypesDB "/usr/share/collectd/types.db"
Hostname "guest-1"
LoadPlugin logfile
<Plugin logfile>
  File "/ctl/collectd.log"
</Plugin>
LoadPlugin csv
<Plugin csv>
  DataDir "/ctl/values"
</Plugin>
LoadPlugin vm_energy
CONF
cat >root/init <<'INIT'
#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin TZ=UTC
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
for round in 1 2 3; do # each needs another one
  for module in /modules/*.ko; do
    insmod "$module" 2>/dev/null
  done
done
hostname guest-1
mount -t 9p -o trans=virtio,version=9p2000.L,cache=none ctl /ctl
cd /ctl
tool() { # name argument...
  out=$1 && shift
  vm_energy "$@" >"$out.out" 2>"$out.err"
  echo $? >"$out.status"
}
tool none list
mount -t 9p -o trans=virtio,version=9p2000.L,ro,nodev,nosuid,noexec,cache=none scaphandre /var/scaphandre
tool list list --duration 6
tool check check --duration 8
tool ts ts -i 1 -n 12 --time-base auto --complete --out-dir /ctl/csv
collectd -f -C /etc/collectd.conf &
sleep 12
kill $!
wait $!
echo $? >collectd.status
umount /var/scaphandre
mount -t 9p -o trans=virtio,version=9p2000.L,ro,nodev,cache=loose scaphandre /var/scaphandre
cat /var/scaphandre/intel-rapl:0/energy_uj >/dev/null
tool loose check --duration 12 --stale-timeout 6s
echo done >done
sync
poweroff -f
INIT
chmod +x root/init
(cd root && find . | cpio -o -H newc --quiet) | gzip -1 >initrd.gz

# --- host: the writer, 64 W, an update each 2 s; QEMU ------------------------------------------------------------------------
mkdir share ctl
start writer "$simwriter" --root "$work/share" --period 2 guest-1=const:64
wait_for test -s share/guest-1/intel-rapl:0/energy_uj
timeout 400 qemu-system-x86_64 -machine q35,accel=tcg -cpu max -m 384 -nodefaults -no-reboot -display none -serial "file:$work/console.log" \
  -kernel "$cache/vmlinuz" -initrd initrd.gz -append "console=ttyS0 quiet panic=-1" \
  -virtfs local,path=ctl,mount_tag=ctl,security_model=none,id=ctl \
  -virtfs local,path=share/guest-1,mount_tag=scaphandre,security_model=none,readonly=on,id=scaphandre >qemu.log 2>&1
check "the guest ran to its end" test -e ctl/done
[ -e ctl/done ] || { cat console.log qemu.log && finish; }
cd ctl || exit 1
for file in *.out *.err *.status; do
  echo "--- $file" && cat "$file"
done
status_is() { # name number
  [ "$(cat "$1.status")" = "$2" ]
}

check "nothing is shared: status 1" status_is none 1
check "list: status 0, without an option" status_is list 0
check "list: the host's name, and 64 W" grep -qE '^guest-1 +.* 6[345]\.[0-9]+ W' list.out
check "check: status 0" status_is check 0
check "ts: status 0" status_is ts 0
check "ts: 64 W from the first update on" awk -F, 'NR > 4 && ($3 < 60 || $3 > 68) { bad = 1 } END { exit bad || NR < 10 }' csv/run_*/power.csv
"$builddir/vm_energy" report --json csv/run_* >report.json
check "report of it on the host: 64 W" awk '/"mean_w"/ { gsub(/[^0-9.]/, ""); n++; if ($0 < 62 || $0 > 66) bad = 1 } END { exit bad || n == 0 }' report.json
check "collectd: a clean end" status_is collectd 0
check "collectd: LoadPlugin alone, no word of trouble" sh -c '! grep -iE "vm_energy.*(error|warning|fail)" collectd.log'
check "collectd: 64 W" awk -F, 'NR > 5 && ($2 < 60 || $2 > 68) { bad = 1 } END { exit bad || NR < 8 }' values/guest-1/vm_energy-guest-1/power-*
check "a share that is cached: check names the mount option that helps" grep -q 'cache=none' loose.out
finish
