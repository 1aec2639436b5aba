import { describe, expect, it } from 'vitest';
import { NotBegun } from '../src/lease-check.ts';
import { runCommands } from '../src/migration.ts';
import { door, inspected, plan, scriptedHost } from './builder.ts';

/** A server whose containers end at once with these exit codes, by number. */
function endsWith(exitCodes: readonly number[]) {
  return scriptedHost(async ({ words }) => {
    const number = Number(/migrate-77-1-(\d)/.exec(words[1] ?? '')?.[1] ?? 0);
    if (words[0] !== 'find' || number === 0) return { stdout: '1767225700\n' };
    const times = { StartedAt: '2026-01-01T00:00:00Z', FinishedAt: '2026-01-01T00:00:01Z' };
    const state = { Status: 'exited', ExitCode: exitCodes[number - 1], ...times };
    return { stdout: inspected(`shop-migrate-77-1-${number}`, state, number) };
  });
}
const started = (host: ReturnType<typeof endsWith>): readonly string[] =>
  host.calls.filter(({ words }) => words[1] === 'compose').map(({ words }) => words.at(-1) ?? '');

describe('runCommands', () => {
  it('runs all in order', async () => {
    const host = endsWith([0, 0]);
    const result = await runCommands(door(host, plan(['a', 'b'])), { number: 1, containerName: undefined });
    expect(started(host)).toEqual(['a', 'b']);
    expect(result).toMatchObject({ status: 'applied', error: undefined });
  });

  it('stops at the first failure and says what was done and what serves', async () => {
    const host = endsWith([0, 5, 0]);
    const result = await runCommands(door(host, plan(['a', 'b', 'c'])), { number: 1, containerName: undefined });
    expect(started(host)).toEqual(['a', 'b']);
    expect(result.commands.map(({ outcome }) => outcome)).toEqual(['done', 'failed', 'not-run']);
    expect(result.error).toMatchObject({ code: 'COMMAND_FAILED' });
    expect(result.error?.message).toContain('"b" ended with exit code 5');
    expect(result.error?.message).toContain('Done before it: "a"');
    expect(result.error?.message).toContain('Nothing was restarted');
  });

  it('begins no further command under a lease that is another job’s by now, and keeps what a re-run counts from', async () => {
    const host = endsWith([0, 0]);
    const taken = new NotBegun({ code: 'LEASE_LOST', message: 'it is held by run 78.' });
    const it_ = door(host, plan(['a', 'b', 'c']), { requireLease: () => Promise.reject(taken) });
    const result = await runCommands(it_, { number: 1, containerName: undefined });
    expect(started(host)).toEqual(['a']);
    expect(result.status).toBe('failed');
    expect(result.commands.map(({ outcome }) => outcome)).toEqual(['done', 'not-run', 'not-run']);
    expect(result.error).toMatchObject({ code: 'LEASE_LOST' });
    expect(result.error?.message).toMatch(/run 78\. Done before it: "a"\. Nothing was restarted/);
    expect(host.calls.some(({ words }) => words[1] === 'rm')).toBe(false);
  });

  it('goes on after the command that an earlier attempt had left, without a second start of it', async () => {
    const host = endsWith([0, 0, 0]);
    const beginning = { number: 2, containerName: 'shop-migrate-77-1-2' };
    const result = await runCommands(door(host, plan(['a', 'b', 'c'])), beginning);
    expect(started(host)).toEqual(['c']);
    expect(result.commands.map(({ outcome }) => outcome)).toEqual(['done-before', 'done', 'done']);
  });
});
