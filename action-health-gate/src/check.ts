import type { Duration } from '@deploy-actions/kit/time/duration';
import type { CommitSha } from './commit-sha.ts';
import type { JsonAssertion } from './json-assertion.ts';
import { formatJsonPath, type JsonPath } from './json-path.ts';
import type { Pattern } from './pattern.ts';
import { formatStatusSet, type StatusSet } from './status-set.ts';
import type { Authorities } from './trust.ts';

/** From where a check asks: the runner, or the server through the SSH connection. */
export type Vantage = 'runner' | 'server';

/** Where a connection is really opened, while name and certificate stay those of the URL. */
export interface ConnectTo {
  readonly address: string;
  /** undefined: the URL's. */
  readonly port: number | undefined;
}

/** Whom a check asks. A service means: every running container of that Compose service. */
export type Target =
  | { readonly kind: 'url'; readonly url: URL; readonly via: Vantage; readonly connectTo?: ConnectTo }
  | { readonly kind: 'address'; readonly address: string; readonly port: number; readonly via: Vantage }
  /** Each container by its own address. */
  | { readonly kind: 'service'; readonly service: string; readonly port: number; readonly path: string }
  /** Each container through Docker. */
  | { readonly kind: 'containers'; readonly service: string };

/** A text that must match, or must not. */
export interface TextAssertion {
  readonly pattern: Pattern;
  readonly isForbidden: boolean;
}

/** What an HTTP answer must be like to count as a success. */
export interface Expectation {
  readonly status: StatusSet;
  /** The commit that must answer, and where in the JSON body it says so. */
  readonly commit?: { readonly sha: CommitSha; readonly path: JsonPath; readonly isExact?: boolean };
  readonly json?: readonly JsonAssertion[];
  /** Header names are in lower case. */
  readonly headers?: readonly (TextAssertion & { readonly name: string })[];
  readonly body?: readonly TextAssertion[];
  /** From the dialing to the end of the body. */
  readonly maxLatency?: Duration;
}

export interface Pace {
  /** From the start of one attempt to the start of the next. */
  readonly interval: Duration;
  /** Bounds one attempt as a whole: name lookup, connection, TLS, headers and body. */
  readonly attemptTimeout: Duration;
  /** Successes in a row until the check is green. */
  readonly successThreshold: number;
  /** Factor by which the interval grows with each miss in a row; 1 = it does not. */
  readonly backoff: number;
}

/** One header of a request; values are secrets. */
export type Header = readonly [name: string, value: string];

export type HttpMethod = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'OPTIONS';

export interface HttpQuestion {
  readonly type: 'http';
  readonly method: HttpMethod;
  readonly headers: readonly Header[];
  readonly body?: string;
  readonly authorities?: Authorities;
  /** Whatever certificate is shown is taken: then nothing proves who answers. */
  readonly isInsecure?: boolean;
  /** How many redirects are followed. */
  readonly redirects: number;
  readonly expectation: Expectation;
}

export type Question =
  | HttpQuestion
  | { readonly type: 'tcp' }
  | {
      readonly type: 'container';
      /** `exited`: every container has ended with exit code 0, as a one-off does. */
      readonly expectState: 'running' | 'exited';
      /** Whether a container without a health check is good as soon as it runs. */
      readonly noHealthcheck: 'running' | 'fail';
    }
  | { readonly type: 'exec'; readonly command: readonly string[]; readonly user?: string };

export interface Check {
  /** Unique within a gate; what log, summary and outputs call it. */
  readonly name: string;
  readonly target: Target;
  readonly question: Question;
  readonly pace: Pace;
  /** Restarts that a container of the service may have while the gate looks. */
  readonly maxRestarts: number;
  /** A check that may be red: it warns, and the gate is green without it. */
  readonly isAllowedToFail: boolean;
}

/** From where a check asks; a service's containers are only reachable on their server. */
export function vantageOf(target: Target): Vantage {
  return target.kind === 'service' || target.kind === 'containers' ? 'server' : target.via;
}

/** The Compose service that a check is about. */
export function serviceOf(target: Target): string | undefined {
  return target.kind === 'service' || target.kind === 'containers' ? target.service : undefined;
}

/** A target for people: without the query of a URL, which may hold a token. */
export function describeTarget(target: Target): string {
  switch (target.kind) {
    case 'url':
      return describeUrl(target.url);
    case 'address':
      return `${target.address}:${target.port}`;
    case 'service':
      return `service ${target.service}, port ${target.port}`;
    case 'containers':
      return `service ${target.service}`;
  }
}

/** A URL for people: origin and path. */
export function describeUrl(url: URL): string {
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}

/** The gate's plan for the log: one line per check. */
export function describePlan(checks: readonly Check[]): readonly string[] {
  return checks.map(({ name, target, question, pace, isAllowedToFail }) => {
    const where = name === describeTarget(target) ? '' : ` (${describeTarget(target)})`;
    const through = target.kind === 'url' && target.connectTo !== undefined ? describeDetour(target.connectTo) : '';
    const allowed = isAllowedToFail ? ', allowed to fail' : '';
    return `${name}${where} from the ${vantageOf(target)}${through}, ${describeQuestion(question)}, ${pace.successThreshold === 1 ? 'once' : `${pace.successThreshold} times in a row`}${allowed}`;
  });
}

function describeDetour({ address, port }: ConnectTo): string {
  return ` through ${address}${port === undefined ? '' : `:${port}`}`;
}

function describeQuestion(question: Question): string {
  switch (question.type) {
    case 'tcp':
      return 'a connection';
    case 'container':
      return question.expectState === 'running' ? 'running and healthy' : 'ended with exit code 0';
    case 'exec':
      return `exit code 0 of ${question.command[0] ?? 'a command'}`;
    case 'http':
      return describeHttp(question);
  }
}

function describeHttp({ method, expectation, isInsecure }: HttpQuestion): string {
  const { status, commit, json = [], headers = [], body = [], maxLatency } = expectation;
  const further = json.length + headers.length + body.length;
  const parts = [
    `status ${formatStatusSet(status)}`,
    method === 'GET' ? undefined : `to ${method}`,
    commit === undefined ? undefined : `commit ${commit.sha} in \`${formatJsonPath(commit.path)}\``,
    further === 0 ? undefined : `${further} ${further === 1 ? 'assertion' : 'assertions'}`,
    maxLatency === undefined ? undefined : `within ${maxLatency}ms`,
    isInsecure === true ? 'certificate NOT verified' : undefined,
  ];
  return parts.filter((part) => part !== undefined).join(', ');
}
