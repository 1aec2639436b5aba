#!/bin/sh
# First process of the server, still seeing the machine's files: makes the server's own root and goes there.
# Arguments: tree (read-only, shared), home (this server's folder), shared (a folder at the same path on both sides), hostname
set -eu
tree=$1 home=$2 shared=$3 hostname=$4
root=$home/root

mount --make-rprivate /
echo "$hostname" > /proc/sys/kernel/hostname
mount -t overlay overlay -o "lowerdir=$tree,upperdir=$home/upper,workdir=$home/work" "$root"

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
else
  mount --rbind /sys/fs/cgroup "$root/sys/fs/cgroup"
fi

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for node in null zero full random urandom tty; do
  : > "$root/dev/$node"
  mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

# Fresh at each boot, as on a real machine: a kept /run/docker.pid would stop the next dockerd.
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

# Real folders below what an engine or a deploy writes: an overlay upper is not a good place for either.
for place in var/lib/docker home srv opt; do
  mkdir -p "$root/$place" "$home/data/$place"
  mount --bind "$home/data/$place" "$root/$place"
done
mkdir -p "$root$shared" "$root/var/log/lab" "$root/var/lib/lab"
mount --bind "$shared" "$root$shared"
mount --bind "$home/log" "$root/var/log/lab"
mount --bind "$home/api" "$root/var/lib/lab"

mkdir -p "$root/mnt/machine"
cd "$root"
pivot_root . mnt/machine
exec chroot . /usr/local/sbin/lab-init
