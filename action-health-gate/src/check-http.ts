import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import { parseBasicAuth, parseCommit, parseHeader, parseJsonPath, parseStatus } from './check-field.ts';
import type { Expectation, Header, HttpMethod, HttpQuestion, TextAssertion } from './check.ts';
import type { Entry } from './entry.ts';
import type { JsonAssertion, Scalar } from './json-assertion.ts';
import { parsePattern } from './pattern.ts';
import { parseAuthorities, type Authorities } from './trust.ts';

/** Keys of an http check that say what to send and what must come back. */
export const httpKeys = [
  'method',
  'headers',
  'basic-auth',
  'body',
  'ca',
  'insecure',
  'redirects',
  'expect-status',
  'expect-sha',
  'sha-path',
  'sha-compare',
  'expect-json',
  'expect-headers',
  'reject-headers',
  'expect-body',
  'reject-body',
  'max-latency',
] as const;

/** What an http check takes from the action's inputs where it says nothing itself. */
export interface HttpDefaults {
  readonly expectation: Expectation;
  readonly headers: readonly Header[];
  readonly authorities: Authorities | undefined;
}

const methods: readonly HttpMethod[] = ['GET', 'HEAD', 'POST', 'PUT', 'OPTIONS'];
const mostRedirects = 10;

/** Reads the question of an http check. @throws ConfigurationError */
export function parseHttpQuestion(entry: Entry, defaults: HttpDefaults): HttpQuestion {
  const method = entry.oneOf('method', methods) ?? 'GET';
  const body = entry.text('body');
  if (body !== undefined && method !== 'POST' && method !== 'PUT')
    throw new ConfigurationError(`${entry.where}: \`body\` needs \`method: POST\` or \`PUT\`.`);
  const ca = entry.text('ca');
  const authorities = ca === undefined ? defaults.authorities : parseAuthorities(ca, entry.subject('ca'));
  const expectation = parseExpectation(entry, defaults.expectation);
  const readsBody = expectation.commit ?? expectation.json?.[0] ?? expectation.body?.[0];
  if (method === 'HEAD' && readsBody !== undefined)
    throw new ConfigurationError(
      `${entry.where}: an answer to HEAD has no body, so it can say no commit and match nothing.`,
      'Ask with GET, or write `expect-sha: none`.',
    );
  return {
    type: 'http',
    method,
    headers: [...defaults.headers, ...parseHeaders(entry)],
    redirects: entry.integer('redirects', { min: 0, max: mostRedirects }) ?? 0,
    expectation,
    ...(body === undefined ? {} : { body }),
    ...(authorities === undefined ? {} : { authorities }),
    ...(entry.flag('insecure') === true ? { isInsecure: true } : {}),
  };
}

function parseHeaders(entry: Entry): readonly Header[] {
  const headers = entry.pairs('headers').map(([name, value]) => parseHeader(name, value, entry.subject('headers')));
  const basic = entry.text('basic-auth');
  if (basic === undefined) return headers;
  if (headers.some(([name]) => name.toLowerCase() === 'authorization'))
    throw new ConfigurationError(`${entry.where}: \`basic-auth\` and a header \`Authorization\` exclude each other.`);
  return [...headers, parseBasicAuth(basic, entry.subject('basic-auth'))];
}

function parseExpectation(entry: Entry, defaults: Expectation): Expectation {
  const status = entry.text('expect-status');
  const json = entry.entries('expect-json').map(parseJsonAssertion);
  const headers = [...parseHeaderPatterns(entry, 'expect-headers'), ...parseHeaderPatterns(entry, 'reject-headers')];
  const body = [...parsePatterns(entry, 'expect-body'), ...parsePatterns(entry, 'reject-body')];
  const maxLatency = entry.duration('max-latency');
  return {
    status: status === undefined ? defaults.status : parseStatus(status, entry.subject('expect-status')),
    ...parseExpectedCommit(entry, defaults),
    ...(json.length === 0 ? {} : { json }),
    ...(headers.length === 0 ? {} : { headers }),
    ...(body.length === 0 ? {} : { body }),
    ...(maxLatency === undefined ? {} : { maxLatency }),
  };
}

function parseExpectedCommit(entry: Entry, defaults: Expectation): Pick<Expectation, 'commit'> {
  const text = entry.text('expect-sha');
  const path = entry.text('sha-path');
  const compare = entry.oneOf('sha-compare', ['prefix', 'exact'] as const);
  const given = text === undefined || text === 'none' ? undefined : parseCommit(text, entry.subject('expect-sha'));
  const sha = text === 'none' ? undefined : (given ?? defaults.commit?.sha);
  if ((path ?? compare) !== undefined && sha === undefined)
    throw new ConfigurationError(
      `${entry.where}: \`${path === undefined ? 'sha-compare' : 'sha-path'}\` without \`expect-sha\` would compare nothing.`,
    );
  if (sha === undefined) return {};
  const fallback = defaults.commit?.path ?? parseJsonPath('git_sha', entry.where);
  const isExact = compare === undefined ? (defaults.commit?.isExact ?? false) : compare === 'exact';
  return {
    commit: { sha, path: path === undefined ? fallback : parseJsonPath(path, entry.subject('sha-path')), isExact },
  };
}

function parseHeaderPatterns(entry: Entry, key: 'expect-headers' | 'reject-headers') {
  return entry.pairs(key).map(([name, pattern]) => ({
    name: name.toLowerCase(),
    pattern: parsePattern(pattern, `${entry.subject(key)} ${name}`),
    isForbidden: key === 'reject-headers',
  }));
}

function parsePatterns(entry: Entry, key: 'expect-body' | 'reject-body'): readonly TextAssertion[] {
  return entry.texts(key).map((text) => {
    // An empty pattern matches everything: an assertion that asserts nothing.
    if (text === '') throw new ConfigurationError(`${entry.where}: \`${key}\` holds an empty regular expression.`);
    return { pattern: parsePattern(text, entry.subject(key)), isForbidden: key === 'reject-body' };
  });
}

const rules = ['equals', 'one-of', 'prefix', 'regex', 'exists'] as const;

function parseJsonAssertion(entry: Entry): JsonAssertion {
  entry.requireKeys(['path', ...rules], 'An assertion on JSON');
  const pathText = entry.text('path');
  const [rule, second] = rules.filter((key) => entry.has(key));
  if (pathText === undefined || rule === undefined || second !== undefined)
    throw new ConfigurationError(`${entry.where}: it needs \`path\` and exactly one of: ${rules.join(', ')}.`);
  const path = parseJsonPath(pathText, entry.subject('path'));
  switch (rule) {
    case 'equals':
      return { path, rule, value: readScalar(entry.raw(rule), entry, rule) };
    case 'one-of': {
      const list = entry.raw(rule);
      if (!Array.isArray(list) || list.length === 0)
        throw new ConfigurationError(`${entry.where}: \`one-of\` is not a list of values.`);
      return { path, rule, values: list.map((value: unknown) => readScalar(value, entry, rule)) };
    }
    case 'prefix': {
      const text = entry.text(rule);
      if (text === undefined) throw new ConfigurationError(`${entry.where}: \`prefix\` is empty.`);
      return { path, rule, text };
    }
    case 'regex':
      return { path, rule, pattern: parsePattern(entry.text(rule) ?? '', entry.subject(rule)) };
    case 'exists':
      return { path, rule, isExpected: entry.flag(rule) ?? true };
  }
}

function readScalar(value: unknown, entry: Entry, key: string): Scalar {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  throw new ConfigurationError(`${entry.where}: \`${key}\` is not a text, number, true, false or null.`);
}
