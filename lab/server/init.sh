#!/bin/sh
# Process 1 of the server: sshd and dockerd, each started again when it ends, as a service manager would.
set -eu
umount -l /mnt/machine
exec < /dev/null >> /var/log/lab/init.log 2>&1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/sshd /run/lock
echo 1 > /proc/sys/net/ipv4/ip_forward

# What Debian's alternatives would have chosen; the older variant where the kernel has no nftables.
variant=xtables-nft-multi
if ! { "$variant" iptables -t nat -N LAB_PROBE && "$variant" iptables -t nat -A LAB_PROBE -m addrtype --dst-type LOCAL -j RETURN; }; then
  variant=xtables-legacy-multi
fi
"$variant" iptables -t nat -F LAB_PROBE || true
"$variant" iptables -t nat -X LAB_PROBE || true
for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
  ln -sfn "$variant" "/usr/sbin/$name"
done

keep_running() {
  name=$1
  shift
  while :; do
    "$@" >> "/var/log/lab/$name.log" 2>&1 || true
    sleep 0.2
  done
}
keep_running dockerd dockerd -H unix:///run/docker.sock -H unix:///var/lib/lab/docker.sock &
# sshd insists on being called by its full path: it starts itself again for each connection.
keep_running sshd /usr/sbin/sshd -D -e &

# wait also buries the orphans that process 1 inherits.
wait
