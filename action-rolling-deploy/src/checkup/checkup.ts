import { formatSize } from '@deploy-actions/kit/plan/byte-size';
import { proxyKindOf } from '../route/proxies.ts';
import type { CheckupFacts, Room } from './checkup-facts.ts';

export type CheckVerdict = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly verdict: CheckVerdict;
  /** What was observed. */
  readonly observed: string;
  /** What to do; empty where nothing is. */
  readonly next: string;
}

/** The output `status` of `mode: doctor`. */
export interface Checkup {
  readonly checks: readonly Check[];
  /** Lines for `known-hosts`, from the server's own files. */
  readonly knownHosts: readonly string[];
}

/** Where was looked, as the inputs say. */
export interface CheckupPlace {
  /** As `known-hosts` writes it: `web1`, `[web1]:2222`; undefined on the runner itself. */
  readonly knownHostName: string | undefined;
  readonly deployPath: string;
  /** `unsafe-accept-any-host-key`. */
  readonly acceptsAnyHostKey: boolean;
}

const mebibyte = 1024 * 1024;
/** Less than this and a pull of an ordinary image does not fit. */
const leastDisk = 1024 * mebibyte;
const scarceDisk = 5 * leastDisk;
const scarceMemory = 256 * mebibyte;
const oldestCompose = [2, 20] as const;

/** Judges what was found, in the order in which a person would repair it. Pure. */
export function assessCheckup(facts: CheckupFacts, place: CheckupPlace): Checkup {
  const { knownHostName } = place;
  const knownHosts = knownHostName === undefined ? [] : facts.hostKeys.map((key) => `${knownHostName} ${key}`);
  const checks = [
    checkConnection(facts, place),
    checkTools(facts),
    ...checkDocker(facts),
    checkFolder(facts, place),
    ...checkRoom(facts, place),
    checkMemory(facts),
    checkClock(facts),
    checkProxies(facts),
  ];
  return { checks, knownHosts };
}

function checkConnection({ system, user }: CheckupFacts, { knownHostName, acceptsAnyHostKey }: CheckupPlace): Check {
  const name = 'Connection';
  if (knownHostName === undefined) return ok(name, `the runner itself: ${system}, user ${user}`);
  const observed = `${user} on ${knownHostName}: ${system}`;
  if (!acceptsAnyHostKey) return ok(name, `${observed}; its host key is the pinned one`);
  return warn(
    name,
    `${observed}; its host key was not checked`,
    'Compare the lines below with the server’s own console, put them into `known-hosts`, and remove `unsafe-accept-any-host-key`.',
  );
}

function checkTools({ missingTools }: CheckupFacts): Check {
  const needed = missingTools.filter((tool) => tool !== 'flock');
  if (needed.length > 0)
    return fail('Programs', `missing: ${needed.join(', ')}`, 'apt-get install coreutils findutils tar gawk sed');
  const observed = missingTools.length === 0 ? 'all there' : 'all there but flock: a folder takes its place';
  return ok('Programs', observed);
}

function checkDocker({ docker, user, groups }: CheckupFacts): readonly Check[] {
  if ('refusal' in docker) return [fail('Docker', docker.refusal, repairDocker(docker.refusal, user))];
  const isRootful = user !== 'root' && groups.includes('docker');
  const engine = ok(
    'Docker',
    `${docker.engine}, ${docker.platform}${isRootful ? `; ${user} is in the group docker, which is as good as root` : ''}`,
  );
  const [major = 0, minor = 0] = docker.compose.split('.').map(Number);
  const isNew = major > oldestCompose[0] || (major === oldestCompose[0] && minor >= oldestCompose[1]);
  const install =
    'Install docker-compose-plugin from docs.docker.com, or your distribution’s package if it is new enough.';
  const compose = isNew
    ? ok('Compose', docker.compose)
    : fail('Compose', docker.compose || 'no Compose plugin', `${install} Needed: ${oldestCompose.join('.')} or newer.`);
  return [engine, compose];
}

function repairDocker(refusal: string, user: string): string {
  if (/not found/i.test(refusal))
    return 'Install Docker Engine and the Compose plugin: docs.docker.com/engine/install.';
  if (/permission denied/i.test(refusal))
    return `As root: usermod -aG docker ${user}. It counts from the next login on; or use rootless Docker.`;
  if (/cannot connect|is the docker daemon running/i.test(refusal))
    return 'As root: systemctl enable --now docker, then look at journalctl -u docker.';
  return 'Type docker version on the server as this user.';
}

function checkFolder({ folder, user }: CheckupFacts, { deployPath }: CheckupPlace): Check {
  const name = 'Deploy path';
  if (folder === 'writable') return ok(name, `${deployPath} is there, and ${user} may write in it`);
  if (folder === 'missing')
    return fail(name, `${deployPath} does not exist`, `As root: install -d -o ${user} -m 755 ${deployPath}`);
  if (folder === 'no-folder')
    return fail(name, `${deployPath} is not a folder`, 'Move it away, or choose another `deploy-path`.');
  return fail(name, `${user} may not write in ${deployPath}`, `As root: chown ${user} ${deployPath}`);
}

function checkRoom({ folderRoom, docker }: CheckupFacts, { deployPath }: CheckupPlace): readonly Check[] {
  const ofDocker = 'refusal' in docker ? undefined : docker.room;
  return [
    ...('refusal' in docker ? [] : [judgeRoom('Disk for images', docker.rootDir, ofDocker)]),
    judgeRoom('Disk for files', deployPath, folderRoom),
  ];
}

function judgeRoom(name: string, path: string, room: Room | undefined): Check {
  if (room === undefined) return warn(name, `${path}: its free space is unknown`, `Type df ${path} on the server.`);
  const { freeBytes, totalBytes, freeInodesPercent } = room;
  const observed = `${path}: ${formatSize(freeBytes)} of ${formatSize(totalBytes)} free`;
  const next = 'Make room: docker system df shows what images, containers and volumes take.';
  if (freeBytes < leastDisk) return fail(name, observed, next);
  if (freeInodesPercent !== undefined && freeInodesPercent < 5)
    return fail(name, `${observed}, but ${String(freeInodesPercent)} % of its inodes`, 'Remove small files.');
  return freeBytes < scarceDisk ? warn(name, observed, next) : ok(name, observed);
}

function checkMemory({ memory }: CheckupFacts): Check {
  const name = 'Memory';
  if (memory === undefined)
    return warn(name, 'unknown', 'Old and new containers run side by side for a moment: is there room?');
  const swap = memory.swapBytes === 0 ? 'no swap' : `${formatSize(memory.swapBytes)} swap`;
  const observed = `${formatSize(memory.availableBytes)} of ${formatSize(memory.totalBytes)} available, ${swap}`;
  if (memory.availableBytes >= scarceMemory) return ok(name, observed);
  return warn(
    name,
    observed,
    'Old and new containers run side by side for a moment. Stop what is not needed, add swap, or let services be replaced in place.',
  );
}

function checkClock({ clockAheadSeconds: ahead }: CheckupFacts): Check {
  const name = 'Clock';
  const far = Math.abs(ahead);
  if (far <= 5) return ok(name, 'agrees with the runner’s');
  const observed = `${String(far)} s ${ahead > 0 ? 'ahead of' : 'behind'} the runner’s`;
  const next = 'As root: timedatectl set-ntp true. Registries and certificates go by the time.';
  return far > 120 ? fail(name, observed, next) : warn(name, observed, next);
}

const drains = {
  haproxy: 'is told over its runtime API',
  nginx: 'is reloaded without the old container',
  caddy: 'tries the next address by itself',
} as const;

/** Who stands before the app, and whether it can be told that a container goes (docs/proxies.md). */
function checkProxies({ docker }: CheckupFacts): Check {
  const name = 'Proxy';
  if ('refusal' in docker) return warn(name, 'unknown: Docker gave no answer', 'Repair Docker first.');
  const isWeb = (ports: string): boolean => /:(80|443)->/.test(ports);
  const seen = docker.containers
    .map(({ name: container, image, ports }) => ({
      container,
      image,
      kind: proxyKindOf(image),
      isPublic: isWeb(ports),
    }))
    .filter(({ kind, isPublic }) => kind !== undefined || isPublic);
  const described = seen.map(({ container, image, kind }) =>
    kind === undefined || kind === 'labels'
      ? `${container} (${image}) cannot be told that a container goes`
      : `${container} (${kind}) ${drains[kind]}`,
  );
  if (seen.length === 0)
    return ok(name, 'none runs in Docker yet. An app that publishes its own port is replaced in place, with a gap');
  const isMute = seen.some(({ kind }) => kind === undefined || kind === 'labels');
  const next = 'Give the app a drain file, or put HAProxy, nginx or Caddy before it: docs/proxies.md.';
  return isMute ? warn(name, described.join('; '), next) : ok(name, described.join('; '));
}

function ok(name: string, observed: string): Check {
  return { name, verdict: 'ok', observed, next: '' };
}

function warn(name: string, observed: string, next: string): Check {
  return { name, verdict: 'warn', observed, next };
}

function fail(name: string, observed: string, next: string): Check {
  return { name, verdict: 'fail', observed, next };
}
