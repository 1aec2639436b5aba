import { milliseconds } from '@deploy-actions/kit/time/duration';
import { readCommitSha } from '../src/commit-sha.ts';
import type { Check, Expectation, HttpQuestion } from '../src/check.ts';
import { readJsonPath } from '../src/json-path.ts';
import { readStatusSet } from '../src/status-set.ts';
import type { Answer } from '../src/verdict.ts';

/** The defaults of action.yml, with overrides. */
export function gateInputs(overrides: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    path: '/healthz',
    via: 'runner',
    'expect-status': '200-299',
    'sha-path': 'git_sha',
    'success-threshold': '3',
    interval: '2s',
    backoff: '1',
    'sha-compare': 'prefix',
    'attempt-timeout': '5s',
    deadline: '2m',
    'initial-delay': '0s',
    'stable-for': '',
    'max-restarts': '0',
    'no-healthcheck': 'running',
    'log-since': '10m',
    'log-lines': '50',
    fail: 'true',
    ...overrides,
  };
}

export function answer(overrides: Partial<Answer>): Answer {
  return { kind: 'answer', status: 200, headers: {}, body: '', isTruncated: false, tookMs: 10, ...overrides };
}

export function expectation(options: { readonly status?: string; readonly sha?: string }): Expectation {
  const path = readJsonPath('git_sha');
  const sha = options.sha === undefined ? undefined : readCommitSha(options.sha);
  const status = readStatusSet(options.status ?? '200-299') ?? [];
  return { status, ...(sha === undefined || path === undefined ? {} : { commit: { sha, path } }) };
}

/** A check of a URL on this machine; milliseconds for its pace. */
export function urlCheck(
  name: string,
  url: string,
  options: {
    readonly intervalMs?: number;
    readonly attemptTimeoutMs?: number;
    readonly successThreshold?: number;
    readonly backoff?: number;
    readonly expectation?: Expectation;
    readonly headers?: readonly (readonly [string, string])[];
    readonly isAllowedToFail?: boolean;
  } = {},
): Check {
  return {
    name,
    target: { kind: 'url', url: new URL(url), via: 'runner' },
    question: httpQuestion({
      headers: options.headers ?? [],
      expectation: options.expectation ?? expectation({}),
    }),
    maxRestarts: 0,
    isAllowedToFail: options.isAllowedToFail ?? false,
    pace: {
      interval: milliseconds(options.intervalMs ?? 2000),
      attemptTimeout: milliseconds(options.attemptTimeoutMs ?? 5000),
      successThreshold: options.successThreshold ?? 3,
      backoff: options.backoff ?? 1,
    },
  };
}

export function httpQuestion(overrides: Partial<HttpQuestion>): HttpQuestion {
  return { type: 'http', method: 'GET', headers: [], redirects: 0, expectation: expectation({}), ...overrides };
}
