import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { Lab } from './handle.ts';
import { withLabLock } from './lock.ts';
import { silentLog } from './log.ts';
import { openPackageSource } from './packages.ts';
import { buildTree, INSTALL_TIME_ONLY } from './tree.ts';

/** A second way into the lab's server: Dropbear, and BusyBox as the whole userland, as on Alpine, routers and NAS boxes. */
export interface BusyBoxServer {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** A line for the address and port. */
  readonly knownHosts: string;
  stop(): Promise<void>;
}

const PORT = 2293;

/** $1 root folder, $2 its tree, $3 address, $4 port, $5 key of the account. Prints the public host key. */
const startSource = `
set -eu
root=$1
mkdir -p "$root/proc" "$root/dev" "$root/tmp" "$root/run" "$root/root" "$root/home/deploy/.ssh"
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
busybox=$root/usr/bin/busybox
[ -x "$busybox" ] || busybox=$root/bin/busybox
cp "$busybox" "$root/busybox"
chroot "$root" /busybox --install -s /usr/bin
echo 'root:x:0:0:root:/root:/bin/sh
deploy:x:1000:1000:deploy:/home/deploy:/bin/sh' > "$root/etc/passwd"
echo 'root:x:0:
deploy:x:1000:' > "$root/etc/group"
echo /bin/sh > "$root/etc/shells"
printf '%s\\n' "$5" > "$root/home/deploy/.ssh/authorized_keys"
chmod 700 "$root/home/deploy/.ssh"
chown -R 1000:1000 "$root/home/deploy"
chroot "$root" /usr/bin/dropbearkey -t ed25519 -f /etc/host_key >&2
chroot "$root" /usr/sbin/dropbear -E -r /etc/host_key -p "$3:$4" -P /run/dropbear.pid -s -m > /dev/null 2>> "$root/tmp/dropbear.log" < /dev/null
chroot "$root" /usr/bin/dropbearkey -y -f /etc/host_key | grep '^ssh-ed25519'
`;

const stopSource = `
root=$1
[ ! -f "$root/run/dropbear.pid" ] || kill "$(cat "$root/run/dropbear.pid")" 2>/dev/null
umount -l "$root/proc" "$root/dev" 2>/dev/null
rm -rf "$root"
`;

/** Starts it, or starts it anew. The first call downloads two packages and what they need. */
export async function startBusyBoxServer(lab: Lab): Promise<BusyBoxServer> {
  const { paths, server } = lab;
  const tree = await withLabLock(paths, silentLog, () =>
    buildTree(openPackageSource(join(paths.cache, 'apt'), silentLog), paths.cache, {
      name: 'busybox-server',
      version: 1,
      packages: ['dropbear-bin', 'busybox-static'],
      without: INSTALL_TIME_ONLY,
    }),
  );
  const root = join(paths.shared, 'busybox-server');
  const stop = async (): Promise<void> => {
    await server.exec(['sh', '-c', stopSource, 'sh', root], { allowFailure: true });
  };
  await stop();
  await runCommand(['cp', '-a', tree, root]);
  await runCommand(['mkdir', '-p', join(root, 'etc')]);
  const publicKey = readFileSync(`${server.privateKeyFile}.pub`, 'utf8').trim();
  const argv = ['sh', '-c', startSource, 'sh', root, tree, server.address, String(PORT), publicKey];
  const [type = '', blob = ''] = (await server.exec(argv)).stdout.trim().split(' ');
  return {
    address: server.address,
    port: PORT,
    user: 'deploy',
    knownHosts: `[${server.address}]:${String(PORT)} ${type} ${blob}\n`,
    stop,
  };
}
