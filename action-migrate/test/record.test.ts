import { describe, expect, it } from 'vitest';
import { mergeRecord, parseRecord, type MigrationRecord } from '../src/record.ts';

const pin = { kind: 'service', name: 'api', ref: 'r/api@sha256:1' } as const;
const record = (overrides: Partial<MigrationRecord> = {}): MigrationRecord => ({
  applied: false,
  reversible: true,
  runUrl: 'https://example/77',
  run: '77',
  images: [pin],
  ...overrides,
});

describe('the migration record', () => {
  it('stays "applied" when the next run finds nothing pending, because no release stands for it yet', () => {
    expect(mergeRecord(record(), record({ applied: true, reversible: false, run: '76' }))).toMatchObject({
      applied: true,
      reversible: false,
      run: '77',
    });
  });

  it('is reversible only if everything applied since the last release is', () => {
    const irreversible = record({ applied: true, reversible: false });
    expect(mergeRecord(record({ applied: true }), irreversible).reversible).toBe(false);
    expect(mergeRecord(irreversible, record({ applied: true })).reversible).toBe(false);
    expect(mergeRecord(record({ reversible: false }), record({ applied: true })).reversible).toBe(true);
  });

  it.each([
    ['no record', undefined],
    ['a record that says not applied', record({ reversible: false })],
  ])('is what this run says with %s', (_name, found) => {
    expect(mergeRecord(record(), found)).toEqual(record());
  });

  it.each(['', '{', '[]', '{"applied":"yes"}'])('reads %j as no record', (text) => {
    expect(parseRecord(text)).toBeUndefined();
  });

  it('reads back what was written', () => {
    expect(parseRecord(JSON.stringify(record()))).toEqual(record());
  });
});
