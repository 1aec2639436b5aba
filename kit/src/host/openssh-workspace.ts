import type { Server } from 'node:net';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SshTuning } from './connection.ts';
import { startAgent } from './openssh-agent.ts';
import { recorderScript, renderConfig, renderKnownHosts, type Hop, type OpensshFiles } from './openssh-config.ts';
import type { HostKeyPolicy } from './host-key.ts';
import { keyTypeAttempts } from './host-key.ts';
import type { PrivateKey } from './private-key.ts';
import type { HostKeyType } from './ssh-algorithms.ts';
import type { SshTarget } from './ssh-target.ts';

/** The private folder of one connection: configuration, known hosts and sockets; no key, no passphrase. */
export interface OpensshWorkspace {
  readonly files: OpensshFiles;
  /** The last key that a host showed; undefined when it showed none. */
  offeredBy(hop: Hop): Buffer | undefined;
  remove(): void;
}

/** Socket paths have room for 107 bytes, 17 of which `ssh` adds meanwhile. */
const longestFolder = 70;

export async function makeWorkspace(
  target: SshTarget,
  policy: HostKeyPolicy,
  types: readonly HostKeyType[],
  readyMark: string,
  tuning: SshTuning,
): Promise<OpensshWorkspace> {
  const base = tmpdir().length > longestFolder ? '/tmp' : tmpdir();
  const folder = await mkdtemp(join(base, 'deploy-ssh-'));
  let agent: Server | undefined;
  const remove = (): void => {
    agent?.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const files: OpensshFiles = {
      config: join(folder, 'config'),
      control: join(folder, 'control'),
      agent: join(folder, 'agent'),
      recorder: join(folder, 'recorder'),
      hops: describeHops(folder, target, policy, types),
    };
    await writeFiles(files, readyMark, tuning);
    const keys = files.hops.flatMap(({ target: { credential } }) =>
      credential.kind === 'key' ? [credential.key] : [],
    );
    if (keys.length > 0) agent = await startAgent(files.agent, keys);
    return { files, offeredBy: readOffered, remove };
  } catch (thrown) {
    remove();
    throw thrown;
  }
}

function describeHops(
  folder: string,
  target: SshTarget,
  policy: HostKeyPolicy,
  types: readonly HostKeyType[],
): readonly Hop[] {
  const way: SshTarget[] = [];
  for (let hop: SshTarget | undefined = target; hop !== undefined; hop = hop.jump) way.unshift(hop);
  return way.map((hop, index) => {
    const isLast = index === way.length - 1;
    return {
      target: hop,
      alias: isLast ? hop.host : `deploy-hop-${index + 1}`,
      policy: isLast ? policy : hop.hostKeys,
      types: isLast ? types : (keyTypeAttempts(hop.hostKeys)[0] ?? []),
      knownHosts: join(folder, `known_hosts-${index}`),
      offered: join(folder, `offered-${index}`),
      publicKey: join(folder, `key-${index}.pub`),
    };
  });
}

async function writeFiles(files: OpensshFiles, readyMark: string, tuning: SshTuning): Promise<void> {
  const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));
  const times = {
    connect: seconds(tuning.connectTimeoutMs),
    aliveInterval: seconds(tuning.keepAliveMs),
    // Together with the first interval as long as the library's watchdog waits.
    aliveCount: Math.max(1, tuning.silentIntervals - 1),
  };
  await writeFile(files.config, renderConfig(files, readyMark, times));
  await writeFile(files.recorder, recorderScript);
  for (const { target, policy, knownHosts, publicKey } of files.hops) {
    await writeFile(knownHosts, renderKnownHosts(policy, target.host.toLowerCase()));
    if (target.credential.kind === 'key') await writeFile(publicKey, publicLineOf(target.credential.key));
  }
}

function publicLineOf(key: PrivateKey): string {
  return `${key.publicLine}\n`;
}

function readOffered(hop: Hop): Buffer | undefined {
  try {
    const base64 = readFileSync(hop.offered, 'utf8').trimEnd().split('\n').at(-1)?.split(' ')[1];
    return base64 === undefined ? undefined : Buffer.from(base64, 'base64');
  } catch {
    return undefined;
  }
}
