import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isSameCommit, readCommitSha } from '../src/commit-sha.ts';
import { formatJsonPath, readJsonPath, valueAt } from '../src/json-path.ts';
import { formatStatusSet, isInStatusSet, readStatusSet } from '../src/status-set.ts';
import { combineVerdicts, judge, type Probe } from '../src/verdict.ts';
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
    const verdict = judge(answer({ status: 302, headers: { location: '/login' } }), wanted);
    expect(verdict).toMatchObject({ ok: false, reason: expect.stringContaining('it points to /login') as string });
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
