import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { LabError } from './error.ts';
import type { Log } from './log.ts';
import { openPackageSource } from './packages.ts';
import type { PackageSource } from './packages.ts';

const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * Packages of another Debian release, with lists of their own, signature-checked by apt, from the mirror that this
 * machine uses already. Throws LabError where no mirror or no key is known.
 */
export async function openDebianSuite(cache: string, suite: 'trixie' | 'sid', log: Log): Promise<PackageSource> {
  const folder = join(cache, `apt-${suite}`);
  const file = join(folder, `${suite}.sources`);
  if (!existsSync(DEBIAN_KEYRING)) {
    throw new LabError(`${DEBIAN_KEYRING} is missing, so packages of Debian ${suite} cannot be checked.`, {
      hint: 'apt-get install debian-archive-keyring',
    });
  }
  const opened = openPackageSource(folder, log, [
    `Dir::Etc::sourcelist=${file}`,
    `Dir::Etc::sourceparts=${folder}/none`,
  ]);
  const mirror = await findMirror();
  if (mirror === undefined) {
    throw new LabError(
      `apt on this machine has no source whose address ends in /debian to take Debian ${suite} from.`,
      {
        hint: 'Add a Debian mirror to apt.',
      },
    );
  }
  writeFileSync(
    file,
    `Types: deb\nURIs: ${mirror}\nSuites: ${suite}\nComponents: main\nSigned-By: ${DEBIAN_KEYRING}\n`,
  );
  return opened;
}

/** The first archive in apt's own sources whose path ends in /debian. */
async function findMirror(): Promise<string | undefined> {
  const { stdout } = await runCommand(['apt-get', 'indextargets', '--format', '$(SITE)|$(REPO_URI)'], {
    allowFailure: true,
  });
  const line = stdout.split('\n').find((text) => /\/debian\/?$/.test(text));
  return line?.split('|')[1]?.replace(/\/$/, '');
}
