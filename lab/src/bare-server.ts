import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { ExtraServer, Lab } from './handle.ts';
import { withLabLock } from './lock.ts';
import { silentLog } from './log.ts';
import { openPackageSource } from './packages.ts';
import { buildTree } from './tree.ts';

/** What Debian's tools for accounts need that only they need, and a server of the lab does not have. */
const ACCOUNT_TOOLS =
  /^(passwd|libsemanage|libsepol|libaudit|libcap-ng|libbsd|libmd|libcrypt|libselinux|libpcre2|libattr|libacl|libbz2)/;

/** No account but root's and the system's, and the tools that make them. Docker and its group are there. */
const forgetSource = `
cp -a "$1/." /
sed -i '/^deploy:/d; s/:deploy$/:/' /etc/passwd /etc/shadow /etc/group
rm -rf /home/deploy
`;

/**
 * A server of its own on which nobody has deployed yet: as after the installer and Docker's package. For what people do once as
 * root. The first one downloads a few packages.
 */
export async function startBareServer(lab: Lab, name: string): Promise<ExtraServer> {
  const { paths } = lab;
  const tree = await withLabLock(paths, silentLog, () =>
    buildTree(openPackageSource(join(paths.cache, 'apt'), silentLog), paths.cache, {
      name: 'account-tools',
      version: 1,
      packages: ['passwd'],
      without: [new RegExp(`^(?!${ACCOUNT_TOOLS.source.slice(1)})`)],
    }),
  );
  const server = await lab.startServer({ name, fresh: true });
  const shared = join(paths.shared, `account-tools-${name}`);
  await runCommand(['cp', '-a', tree, shared]);
  try {
    await server.exec(['sh', '-euc', forgetSource, 'sh', shared]);
  } finally {
    await runCommand(['rm', '-rf', shared]);
  }
  return server;
}
