import { milliseconds } from '@deploy-actions/kit/time/duration';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameCommit, readCommitSha } from '../src/commit-sha.ts';
import { formatJsonPath, readJsonPath, valueAt } from '../src/json-path.ts';
import { formatStatusSet, isInStatusSet, readStatusSet } from '../src/status-set.ts';
import { parsePattern, searchPattern } from '../src/pattern.ts';
import { nextHop } from '../src/redirect.ts';
import { combineVerdicts, judge, type Probe, type Verdict } from '../src/verdict.ts';
import { answer, expectation } from './builder.ts';

const newSha = '94e9cbb0aaaabbbbccccddddeeeeffff00001111';
const oldSha = '1111111111111111111111111111111111111111';
const wanted = expectation({ sha: newSha });

describe('judge', () => {
  it('believes a 200 when no commit is expected', () => {
    expect(judge(answer({ status: 200 }), expectation({}))).toEqual({ ok: true });
  });

  it('believes the expected commit, whatever its length and case', () => {
    for (const said of [newSha, newSha.slice(0, 7), newSha.toUpperCase(), `sha-${newSha.slice(0, 8)}`]) {
      expect(judge(answer({ body: JSON.stringify({ git_sha: said }) }), wanted)).toMatchObject({ ok: true });
    }
  });

  it('believes the whole commit only, where that is asked for', () => {
    const exact = { ...wanted, commit: { ...(wanted.commit ?? expect.unreachable('no commit')), isExact: true } };
    expect(judge(answer({ body: JSON.stringify({ git_sha: newSha.toUpperCase() }) }), exact)).toMatchObject({
      ok: true,
    });
    expect(judge(answer({ body: JSON.stringify({ git_sha: newSha.slice(0, 12) }) }), exact)).toMatchObject({
      kind: 'commit',
      reason: `commit 94e9cbb0aaaa answers, expected ${newSha}`,
    });
  });

  it('does not believe the old commit, though it answers 200', () => {
    const verdict = judge(answer({ body: JSON.stringify({ git_sha: oldSha }) }), wanted);
    expect(verdict).toEqual({
      ok: false,
      kind: 'commit',
      reason: 'commit 111111111111 answers, expected 94e9cbb0aaaa',
      observedSha: oldSha,
    });
  });

  it.each([
    ['{"version":"1"}', 'the body has no `git_sha`'],
    ['<html>', 'the body is not JSON, so it has no `git_sha`: <html>'],
    ['', 'empty body'],
    ['{"git_sha":"unknown"}', '`git_sha` is "unknown", not a commit'],
    ['{"git_sha":"94e9cb"}', 'not a commit of 7 or more'],
    ['{"git_sha":94}', '`git_sha` is 94, not a commit'],
    ['null', 'the body has no `git_sha`'],
  ])('says why the body %s names no commit', (body, reason) => {
    expect(judge(answer({ body }), wanted)).toMatchObject({
      ok: false,
      kind: 'commit',
      reason: expect.stringContaining(reason) as string,
    });
  });

  it('never believes a challenge page of a CDN, not even with status 200', () => {
    const page = answer({ headers: { 'cf-mitigated': 'challenge' }, body: JSON.stringify({ git_sha: newSha }) });
    expect(judge(page, wanted)).toMatchObject({ ok: false, kind: 'challenge' });
  });

  it('tells status, expected set and body of a wrong status', () => {
    expect(judge(answer({ status: 503, body: 'db\ndown' }), wanted)).toMatchObject({
      ok: false,
      kind: 'status',
      reason: 'status 503, expected 200-299: db down',
    });
  });

  it('says where a redirect points, because it is not followed', () => {
    const redirect = 'redirects are not followed; it points to /login';
    const verdict = judge(answer({ status: 302, redirect }), wanted);
    expect(verdict).toMatchObject({ ok: false, reason: `status 302, expected 200-299: ${redirect}` });
  });

  it('quotes no more than 200 characters of a body and no control characters', () => {
    const verdict = judge(answer({ status: 500, body: `\u001b[31m${'x'.repeat(5000)}` }), wanted);
    expect(verdict.ok ? '' : verdict.reason).toMatch(/^status 500, expected 200-299: \[31mx{196}…$/);
  });

  it('does not read a commit from a body that was cut', () => {
    expect(judge(answer({ body: '{', isTruncated: true }), wanted)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('1 MiB') as string,
    });
  });

  it('says once in which phase a connection broke', () => {
    const probe: Probe = { kind: 'broken', phase: 'connect', problem: 'connect ECONNREFUSED 127.0.0.1:9.' };
    expect(judge(probe, wanted)).toMatchObject({ reason: 'connect: ECONNREFUSED 127.0.0.1:9' });
  });

  it('shows whole commits where twelve digits would look the same', () => {
    const twin = `${newSha.slice(0, 20)}${'0'.repeat(20)}`;
    const verdict = judge(answer({ body: JSON.stringify({ git_sha: twin }) }), wanted);
    expect(verdict.ok ? '' : verdict.reason).toBe(`commit ${twin} answers, expected ${newSha}`);
  });

  it('tells the phase in which a connection broke', () => {
    const probe: Probe = { kind: 'broken', phase: 'tls', problem: 'self-signed certificate' };
    expect(judge(probe, wanted)).toEqual({ ok: false, kind: 'unreachable', reason: 'tls: self-signed certificate' });
  });
});

describe('judge, of what else an answer must be like', () => {
  const pattern = (text: string) => parsePattern(text, 'x');
  const missOf = (verdict: Verdict): string => (verdict.ok ? 'a success' : `${verdict.kind}: ${verdict.reason}`);
  const page = answer({ headers: { 'x-app': 'shop v2' }, body: 'all\nis well\n' });

  it('holds headers and body against patterns that must and must not match', () => {
    const found = { name: 'x-app', pattern: pattern('v\\d$'), isForbidden: false };
    const forbidden = { ...found, isForbidden: true };
    const absent = { ...found, name: 'x-none' };
    const judgeHeaders = (...headers: readonly (typeof found)[]) => judge(page, { ...expectation({}), headers });
    expect(judgeHeaders(found, { ...absent, isForbidden: true })).toEqual({ ok: true });
    expect(missOf(judgeHeaders(absent))).toBe('assertion: the answer has no header `x-none`');
    expect(missOf(judgeHeaders(forbidden))).toBe('assertion: header `x-app` matches /v\\d$/, which it must not');
    const judgeBody = (text: string, isForbidden: boolean) =>
      judge(page, { ...expectation({}), body: [{ pattern: pattern(text), isForbidden }] });
    expect(judgeBody('^is w', false)).toEqual({ ok: true });
    expect(missOf(judgeBody('error', false))).toBe('assertion: the body does not match /error/: all is well');
    expect(missOf(judgeBody('(?i:WELL)', true))).toContain('which it must not');
  });

  it('never takes a search that was given up, or a body that was cut, for a good one', () => {
    const slow = { pattern: pattern('(a+)+$'), isForbidden: true };
    const body = `${'a'.repeat(60)}!`;
    expect(missOf(judge(answer({ body }), { ...expectation({}), body: [slow] }))).toContain('was given up after 100ms');
    const cut = { pattern: pattern('panic'), isForbidden: true };
    expect(missOf(judge(answer({ body, isTruncated: true }), { ...expectation({}), body: [cut] }))).toContain('1 MiB');
  });

  const path = readJsonPath('build.tag') ?? expect.unreachable('not a path');
  it.each([
    [{ rule: 'equals', value: 'v2' }, undefined],
    [{ rule: 'equals', value: 'v3' }, '`build.tag` is "v2", expected "v3"'],
    [{ rule: 'one-of', values: ['v1', 'v2'] }, undefined],
    [{ rule: 'one-of', values: ['v1', 2, null] }, '`build.tag` is "v2", expected one of "v1", 2, null'],
    [{ rule: 'prefix', text: 'v' }, undefined],
    [{ rule: 'prefix', text: 'w' }, '`build.tag` is "v2", expected text that begins with "w"'],
    [{ rule: 'regex', pattern: pattern('^v\\d+$') }, undefined],
    [{ rule: 'regex', pattern: pattern('^\\d+$') }, '`build.tag` is "v2", expected a match of /^\\d+$/'],
    [{ rule: 'exists', isExpected: true }, undefined],
    [{ rule: 'exists', isExpected: false }, '`build.tag` is "v2", expected none'],
  ] as const)('holds JSON against %j', (rule, problem) => {
    const verdict = judge(answer({ body: '{"build":{"tag":"v2"}}' }), {
      ...expectation({}),
      json: [{ path, ...rule }],
    });
    expect(missOf(verdict)).toBe(problem === undefined ? 'a success' : `assertion: ${problem}`);
  });

  it('knows 1 from "1", and a value from none', () => {
    const json = [{ path, rule: 'equals', value: '1' } as const];
    expect(missOf(judge(answer({ body: '{"build":{"tag":1}}' }), { ...expectation({}), json }))).toContain('is 1, ex');
    expect(missOf(judge(answer({ body: '{}' }), { ...expectation({}), json }))).toContain(
      'the body has no `build.tag`',
    );
    expect(missOf(judge(answer({ body: '<p>' }), { ...expectation({}), json }))).toContain('is not JSON: <p>');
  });

  it('says when the answer was right, but late', () => {
    const late = { ...expectation({}), maxLatency: milliseconds(200) };
    expect(judge(answer({ tookMs: 200 }), late)).toEqual({ ok: true });
    expect(missOf(judge(answer({ tookMs: 350.4 }), late))).toBe('latency: answered in 350ms, expected within 200ms');
  });

  it('tells the wrong commit before anything that follows from it', () => {
    const both = { ...wanted, json: [{ path, rule: 'exists', isExpected: true } as const] };
    expect(judge(answer({ body: JSON.stringify({ git_sha: oldSha }) }), both)).toMatchObject({ kind: 'commit' });
    expect(judge(answer({ body: JSON.stringify({ git_sha: newSha }) }), both)).toMatchObject({
      kind: 'assertion',
      observedSha: newSha,
    });
  });

  it.each([
    ['Cloudflare', 403, { 'cf-mitigated': 'challenge' }, ''],
    ['AWS WAF', 202, { 'x-amzn-waf-action': 'challenge' }, ''],
    ['AWS WAF', 405, { 'x-amzn-waf-action': 'captcha' }, ''],
    ['Vercel', 429, { 'x-vercel-mitigated': 'challenge' }, ''],
    ['Cloudflare', 503, { server: 'cloudflare' }, '<script src="/cdn-cgi/challenge-platform/x.js">'],
  ])('knows a challenge page of %s with status %i', (vendor, status, headers, body) => {
    const verdict = judge(answer({ status, headers, body }), expectation({ status: '200-599' }));
    expect(missOf(verdict)).toBe(`challenge: a challenge page of ${vendor} answered (${status}), not the app`);
  });

  it('takes an ordinary page behind Cloudflare for what it is, though it has scripts of that name', () => {
    const script = '<script src="/cdn-cgi/challenge-platform/x.js">';
    expect(judge(answer({ headers: { server: 'cloudflare' }, body: script }), expectation({}))).toEqual({ ok: true });
  });
});

describe('nextHop', () => {
  const from = { url: new URL('https://app.example/a'), method: 'POST', headers: [['x', 'y']], body: 'b' } as const;
  const hop = (status: number, location: string) => nextHop(from, status, location);

  it('keeps method, headers and body on the way, where the status says so', () => {
    expect(hop(308, '/b#part')).toEqual({
      kind: 'follow',
      request: { ...from, url: new URL('https://app.example/b') },
    });
    expect(hop(303, '/b')).toMatchObject({ kind: 'follow', request: { method: 'GET', body: undefined } });
    expect(hop(302, '/b')).toMatchObject({ kind: 'follow', request: { method: 'GET' } });
  });

  it('sends no secret to another origin', () => {
    expect(hop(302, 'https://other.example/')).toMatchObject({ request: { headers: [], body: undefined } });
    expect(hop(307, 'https://other.example/')).toMatchObject({ kind: 'stay' });
  });

  it('leaves neither TLS nor HTTP, and shows no query', () => {
    expect(hop(302, 'http://app.example/?token=s3cret')).toEqual({
      kind: 'stay',
      why: 'it points to http://app.example/?…, without TLS',
    });
    for (const bad of ['ftp://x/', 'http://[', 'https://me:pw@app.example/']) {
      expect(hop(302, bad).kind).toBe('stay');
    }
  });
});

describe('patterns', () => {
  it('stop in the middle of a search that would take for ever', () => {
    const began = performance.now();
    expect(searchPattern(parsePattern('(x+x+)+y', 'x'), 'x'.repeat(1 << 20))).toBe('slow');
    expect(performance.now() - began).toBeLessThan(120_000);
  });

  it('are refused when they do not compile', () => {
    expect(() => parsePattern('(', 'check 1, `expect-body`')).toThrow('check 1, `expect-body`: Invalid regular');
    expect(() => parsePattern('x'.repeat(1001), 'x')).toThrow('longer than 1000 characters');
  });
});

describe('combineVerdicts', () => {
  const ok = { container: 'app-1', verdict: { ok: true, observedSha: newSha } } as const;

  it('is a success only when every container succeeds', () => {
    expect(combineVerdicts([ok, { ...ok, container: 'app-2' }])).toEqual({ ok: true, observedSha: newSha });
  });

  it('names the container that still runs the old commit', () => {
    const old = { container: 'app-2', verdict: judge(answer({ body: `{"git_sha":"${oldSha}"}` }), wanted) };
    expect(combineVerdicts([ok, old])).toMatchObject({
      ok: false,
      kind: 'commit',
      reason: expect.stringMatching(/^container app-2: commit 1111/) as string,
      observedSha: oldSha,
    });
  });
});

describe('commit ids', () => {
  it('are compared on the shorter one, never on fewer than seven digits', () => {
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: 7, maxLength: 64 });
    fc.assert(
      fc.property(hex, fc.integer({ min: 0, max: 64 }), (sha, length) => {
        const whole = readCommitSha(sha);
        const part = readCommitSha(sha.slice(0, length));
        if (whole === undefined) return false;
        if (Math.min(length, sha.length) < 7) return part === undefined;
        return part !== undefined && isSameCommit(whole, part) && isSameCommit(part, whole);
      }),
    );
  });

  it.each(['', 'latest', 'v1.2.0', 'abcdef', 'g'.repeat(40), 'a'.repeat(65), 'main'])('do not include %j', (text) => {
    expect(readCommitSha(text)).toBeUndefined();
  });
});

describe('JSON paths', () => {
  it.each([
    ['git_sha', ['git_sha']],
    ['$.build.sha', ['build', 'sha']],
    ['items[0].id', ['items', 0, 'id']],
    ['["odd key"].x', ['odd key', 'x']],
    ["a['b.c']", ['a', 'b.c']],
  ])('read %s', (text, path) => {
    expect(readJsonPath(text)).toEqual(path);
  });

  it.each(['', '$', '.', '.a', 'a.', 'a..b', 'a[', 'a[x]', 'a b', '[0]b', '..a'])('do not include %j', (text) => {
    expect(readJsonPath(text)).toBeUndefined();
  });

  it('find nothing in inherited properties', () => {
    const path = readJsonPath('constructor.name') ?? expect.unreachable('not a path');
    expect(valueAt({}, path)).toBeUndefined();
  });

  it('are shown as they were typed', () => {
    const path = readJsonPath('$.items[0].id') ?? expect.unreachable('not a path');
    expect(formatJsonPath(path)).toBe('items[0].id');
  });
});

describe('status sets', () => {
  it('hold codes and inclusive ranges', () => {
    const set = readStatusSet('200-299, 304') ?? expect.unreachable('not a set');
    expect([199, 200, 299, 300, 304, 305].filter((status) => isInStatusSet(set, status))).toEqual([200, 299, 304]);
    expect(formatStatusSet(set)).toBe('200-299,304');
  });

  it.each(['', '2xx', '299-200', '200-', '99', '600', '200;204', '200,'])('do not include %j', (text) => {
    expect(readStatusSet(text)).toBeUndefined();
  });
});
