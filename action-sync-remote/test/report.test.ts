import { allNew, type Transfer } from '@deploy-actions/kit/state/manifest-diff';
import { fakeClock } from '@deploy-actions/kit/testing/fake-clock';
import { describe, expect, it } from 'vitest';
import { formatBytes } from '../src/byte-size.ts';
import { choosePacking, choosePartPacking } from '../src/packing.ts';
import { describeSent, makeProgress } from '../src/progress.ts';
import { describeEnding, type Report } from '../src/report.ts';
import { renderSummary } from '../src/summary.ts';

const transfer: Transfer = { ...allNew([]), added: ['a|b', 'new'], changed: ['compose.yaml'], deleted: ['old'] };
const report: Report = {
  ending: { kind: 'staged', releaseId: 'R1' },
  hostName: 'deploy@web1',
  deployPath: '/srv/app',
  transfer,
  leftOut: ['.env'],
  kept: ['data (mounted by db: 3 file(s))'],
  envPath: '.env',
  isEnvNew: true,
  pinned: [{ path: 'compose.yaml', service: 'web' }],
  remoteCommands: 3,
  totalFiles: 10,
  totalBytes: 123_456,
  sentBytes: 2048,
  durationMs: 850,
};

describe('the summary', () => {
  it('counts, names the changes, and says what happens next', () => {
    const text = renderSummary(report);
    expect(text).toContain('| Unchanged | 7 |');
    expect(text).toContain('| Sent | 2.0 kB |');
    expect(text).toContain('- `a\\|b`');
    expect(text).toContain('<summary>Deleted (1)</summary>');
    expect(text).toContain('action-rolling-deploy makes it live');
  });

  it('shows fifty names of a kind, and how many more there are', () => {
    const added = Array.from({ length: 60 }, (_, index) => `file-${index}`);
    const text = renderSummary({ ...report, transfer: { ...transfer, added } });
    expect(text).toContain('`file-49`');
    expect(text).not.toContain('`file-50`');
    expect(text).toContain('… and 10 more');
  });

  it('shows all that is deleted, as far as a job summary goes', () => {
    const namesOf = (count: number, length: number): readonly string[] =>
      Array.from({ length: count }, (_, index) => String(index).padStart(length, 'x'));
    const show = (deleted: readonly string[]): string =>
      renderSummary({ ...report, transfer: { ...transfer, deleted } });
    expect(show(namesOf(2_000, 20))).toContain(`\`${'1999'.padStart(20, 'x')}\`\n\n</details>`);
    const endless = show(namesOf(5_000, 250));
    expect(Buffer.byteLength(endless)).toBeLessThan(900 * 1024);
    expect(endless).toMatch(/… and \d+ more, in the log/);
  });

  it('says for every ending what is on the server now', () => {
    const endings = (['unchanged', 'staged', 'staged-before', 'live'] as const).map((kind) =>
      describeEnding({ ...report, ending: { kind, releaseId: 'R1' } }),
    );
    expect(endings[0]).toMatch(/No file was sent/);
    expect(endings[1]).toMatch(/Nothing is live yet/);
    expect(endings[2]).toMatch(/Staged before as R1/);
    expect(endings[3]).toMatch(/^Live: deploy@web1:\/srv\/app has the files of R1 now/);
    expect(describeEnding({ ...report, ending: { kind: 'dry-run' } })).toMatch(/Nothing was touched/);
  });
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_999, '1.0 MB'],
  [45_600_000, '45.6 MB'],
  [3e15, '3000.0 TB'],
])('%d bytes are shown as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

describe('packing', () => {
  const stream = {
    kind: 'ssh',
    packers: ['gzip', 'zstd'],
    bytes: 1e6,
    sampleRatio: 0.3,
    answerMs: 100,
  } as const;
  it.each([
    ['zstd where both ends have it', {}, 'zstd'],
    ['gzip where the server has no zstd', { packers: ['gzip'] }, 'gzip'],
    ['nothing where the server has neither', { packers: [] }, 'plain'],
    ['nothing for the machine itself', { kind: 'local' }, 'plain'],
    ['nothing for what is small', { bytes: 1000 }, 'plain'],
    ['zstd on a short line too, where it takes much away', { answerMs: 10 }, 'zstd'],
    ['nothing on a short line without zstd', { answerMs: 10, packers: ['gzip'] }, 'plain'],
    ['zstd for what packs badly, because it costs little', { sampleRatio: 0.9 }, 'zstd'],
    ['no gzip for what packs badly', { packers: ['gzip'], sampleRatio: 0.9 }, 'plain'],
    ['nothing for what is packed already', { sampleRatio: 1 }, 'plain'],
  ] as const)('is %s', (_what, part, packing) => {
    expect(choosePacking({ ...stream, ...part })).toBe(packing);
  });

  it.each([
    ['zstd on a long line', ['gzip', 'zstd'], 0.9, false, 'zstd'],
    ['zstd on a short line', ['gzip', 'zstd'], 0.5, true, 'zstd'],
    ['zstd where nothing becomes smaller by it, for the hash in it', ['gzip', 'zstd'], 1, true, 'zstd'],
    ['gzip on a long line without zstd', ['gzip'], 0.5, false, 'gzip'],
    ['no gzip on a short line: it is slower than the line', ['gzip'], 0.3, true, 'plain'],
    ['nothing without zstd for what is packed already', ['gzip'], 1, false, 'plain'],
  ] as const)('of a part of a big file is %s', (_what, packers, ratio, isNear, packing) => {
    expect(choosePartPacking(packers, () => ratio, isNear)).toBe(packing);
  });
});

it('progress is said every five seconds of work, not for what is quick', async () => {
  const clock = fakeClock();
  const lines: string[] = [];
  const progress = makeProgress(
    clock,
    (line) => lines.push(line),
    (done, seconds) => describeSent(done, 100, seconds),
  );
  progress.add(10);
  await clock.sleep(4000);
  progress.add(10);
  expect(lines).toEqual([]);
  await clock.sleep(1000);
  progress.add(30);
  progress.add(1);
  expect(lines).toEqual(['sent 50 B of 100 B (50 %), 10 B/s']);
  expect(progress.done).toBe(51);
});
