import { cell, code, table } from '@deploy-actions/kit/action/markdown';
import type { LeaseStatus, ServerStatus, ServiceStatus } from './server-status.ts';

/** The status as lines for the log. Pure. */
export function statusLines(status: ServerStatus): readonly string[] {
  const { services, releases } = status;
  const width = Math.max(0, ...services.map(({ service }) => service.length));
  return [
    `Lease: ${describeHolder(status.lease)}`,
    ...(status.hostLease === null ? [] : [`Lease of the whole server: ${describeHolder(status.hostLease)}`]),
    `Unfinished deploy: ${describeUnfinished(status)}`,
    `Current release: ${status.current ?? 'none'}`,
    ...services.map(
      (service) =>
        `  ${service.service.padEnd(width)}  ${String(service.running)} running  ${service.health}  ${matchWords[service.match]}  ${service.image ?? '–'}${service.since === null ? '' : `  since ${service.since}`}`,
    ),
    'Releases:',
    ...releases.map(
      (release) =>
        `  ${release.isCurrent ? '→' : ' '} ${String(release.number)}  ${release.result}  ${release.commit.slice(0, 12) || '–'}  ${release.actor}  ${release.finishedAt}`,
    ),
    ...(releases.length === 0 ? ['  none'] : []),
    ...status.advice.map((line) => `Next: ${line}`),
  ];
}

const matchWords: Readonly<Record<ServiceStatus['match'], string>> = {
  'as-released': 'as released',
  differs: 'DIFFERS from the release',
  'not-running': 'NOT RUNNING',
  'not-in-release': 'not in the release',
  'no-release': 'no release yet',
};

function describeHolder(lease: LeaseStatus | null): string {
  if (lease === null) return 'free';
  const until = lease.until === null ? 'until it is unlocked' : `until ${lease.until}`;
  if (lease.kind === 'frozen')
    return `frozen by ${lease.actor} (${lease.reason ?? ''}), since ${lease.since}, ${until}`;
  if (lease.kind === 'expired') return `free: that of ${lease.actor} in ${lease.runUrl} ended at ${lease.until ?? ''}`;
  return `${lease.actor} in ${lease.runUrl}, since ${lease.since}, ${until} unless renewed`;
}

function describeUnfinished({ unfinished }: ServerStatus): string {
  return unfinished === null ? 'none' : `${unfinished.deployId}, last step ${unfinished.lastStep}`;
}

/** The job summary. Pure. */
export function renderStatus(status: ServerStatus, host: string, deployPath: string): string {
  const services = status.services.map((service) => [
    cell(service.service),
    String(service.running),
    service.health,
    cell(matchWords[service.match]),
    code(shorten(service.image)),
    code(shorten(service.released)),
    cell(service.since ?? '–'),
  ]);
  const releases = status.releases.map((release) => [
    `${String(release.number)}${release.isCurrent ? ' (current)' : ''}`,
    cell(release.result),
    code(release.commit.slice(0, 12) || '–'),
    cell(release.actor),
    cell(release.finishedAt),
  ]);
  return [
    `### 🔎 Status – ${cell(deployPath)} on ${cell(host)}\n`,
    status.advice.map((line) => `- ${cell(line)}\n`).join(''),
    `Lease: ${cell(describeHolder(status.lease))} · ${status.hostLease === null ? '' : `of the whole server: ${cell(describeHolder(status.hostLease))} · `}unfinished deploy: ${cell(describeUnfinished(status))}\n`,
    table(['Service', 'Running', 'Health', 'Against the release', 'Runs', 'Released', 'Since'], services),
    table(['Release', 'Result', 'Commit', 'By', 'Finished'], releases),
  ].join('\n');
}

/** `repo@sha256:abcdef012345…`, or the tag as it is. */
function shorten(ref: string | null): string {
  return ref === null ? '–' : ref.replaceAll(/(@sha256:[0-9a-f]{12})[0-9a-f]+/g, '$1…');
}
