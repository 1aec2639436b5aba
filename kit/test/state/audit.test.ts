import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { localHost } from '../../src/host/local-host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';
import { appendAudit } from '../../src/state/release.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  mkdirSync(join(folder, '.deploy'));
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('the audit log', () => {
  const append = (what: string): Promise<void> => appendAudit(localHost(), parseDeployPath(folder), { what });
  const read = (file: string): string => readFileSync(join(folder, '.deploy', file), 'utf8');

  it('grows by a line at a time', async () => {
    await append('deployed');
    await append('rolled back');
    expect(read('audit.jsonl')).toBe('{"what":"deployed"}\n{"what":"rolled back"}\n');
  });

  it('begins anew at 1 MiB, and keeps the one before', async () => {
    const long = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    writeFileSync(join(folder, '.deploy/audit.1.jsonl'), 'oldest\n');
    writeFileSync(join(folder, '.deploy/audit.jsonl'), long);
    await append('deployed');
    expect(readdirSync(join(folder, '.deploy')).sort()).toEqual(['audit.1.jsonl', 'audit.jsonl']);
    expect(read('audit.1.jsonl')).toBe(long);
    expect(read('audit.jsonl')).toBe('{"what":"deployed"}\n');
  });

  it('loses nothing when two writers find it full at once', async () => {
    const log = join(folder, '.deploy/audit.jsonl');
    const long = `${'x'.repeat(1024 * 1024 - 1)}\n`;
    writeFileSync(log, long);
    // The other one is faster by the moment between our look and our move.
    const mv = ['#!/bin/sh', `if [ ! -e ${folder}/once ]; then : > ${folder}/once`];
    mv.push(`/bin/mv ${log} ${folder}/.deploy/audit.1.jsonl; echo other > ${log}; fi`, 'exec /bin/mv "$@"', '');
    writeFileSync(join(folder, 'mv'), mv.join('\n'), { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
    await append('deployed');
    expect(readdirSync(join(folder, '.deploy')).sort()).toEqual(['audit.1.jsonl', 'audit.jsonl']);
    expect(read('audit.1.jsonl')).toBe(long);
    expect(read('audit.jsonl')).toBe('other\n{"what":"deployed"}\n');
  });
});
