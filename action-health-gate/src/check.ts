import type { Duration } from '@deploy-actions/kit/time/duration';
import type { CommitSha } from './commit-sha.ts';
import { formatJsonPath, type JsonPath } from './json-path.ts';
import { formatStatusSet, type StatusSet } from './status-set.ts';

/** From where a check asks: the runner, or the server through the SSH connection. */
export type Vantage = 'runner' | 'server';

/** Whom a check asks. A service means: every running container of that Compose service, by its own address. */
export type Target =
  | { readonly kind: 'url'; readonly url: URL; readonly via: Vantage }
  | { readonly kind: 'address'; readonly address: string; readonly port: number; readonly via: Vantage }
  | { readonly kind: 'service'; readonly service: string; readonly port: number; readonly path: string };

/** What an HTTP answer must be like to count as a success. */
export interface Expectation {
  readonly status: StatusSet;
  /** The commit that must answer, and where in the JSON body it says so. */
  readonly commit?: { readonly sha: CommitSha; readonly path: JsonPath };
}

export interface Pace {
  /** From the start of one attempt to the start of the next. */
  readonly interval: Duration;
  /** Bounds one attempt as a whole: name lookup, connection, TLS, headers and body. */
  readonly attemptTimeout: Duration;
  /** Successes in a row until the check is green. */
  readonly successThreshold: number;
}

/** One header of a request; values are secrets. */
export type Header = readonly [name: string, value: string];

export type Question =
  | { readonly type: 'http'; readonly headers: readonly Header[]; readonly expectation: Expectation }
  | { readonly type: 'tcp' };

export interface Check {
  /** Unique within a gate; what log, summary and outputs call it. */
  readonly name: string;
  readonly target: Target;
  readonly question: Question;
  readonly pace: Pace;
}

/** From where a check asks; a service's containers are only reachable on their server. */
export function vantageOf(target: Target): Vantage {
  return target.kind === 'service' ? 'server' : target.via;
}

/** A target for people: without the query of a URL, which may hold a token. */
export function describeTarget(target: Target): string {
  if (target.kind === 'url') return describeUrl(target.url);
  if (target.kind === 'address') return `${target.address}:${target.port}`;
  return `service ${target.service}, port ${target.port}`;
}

/** A URL for people: origin and path. */
export function describeUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** The gate's plan for the log: one line per check. */
export function describePlan(checks: readonly Check[]): readonly string[] {
  return checks.map(({ name, target, question, pace }) => {
    const commit = question.type === 'http' ? question.expectation.commit : undefined;
    const expected = commit === undefined ? '' : `, commit ${commit.sha} in \`${formatJsonPath(commit.path)}\``;
    const status =
      question.type === 'http' ? `, status ${formatStatusSet(question.expectation.status)}` : ', a connection';
    const where = name === describeTarget(target) ? '' : ` (${describeTarget(target)})`;
    return `${name}${where} from the ${vantageOf(target)}${status}${expected}, ${pace.successThreshold} times in a row`;
  });
}
