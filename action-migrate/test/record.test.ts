import { describe, expect, it } from 'vitest';
import { keepApplied, parseRecord, type MigrationRecord } from '../src/record.ts';

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
  it('stays "applied" when a re-run of the same run finds nothing pending', () => {
    expect(keepApplied(record(), record({ applied: true, reversible: false }))).toMatchObject({
      applied: true,
      reversible: false,
    });
  });

  it.each([
    ['no record', undefined],
    ['the record of another run', record({ applied: true, run: '76' })],
    ['the record of other images', record({ applied: true, images: [{ ...pin, ref: 'r/api@sha256:2' }] })],
    ['a record that says not applied', record()],
  ])('says not applied with %s', (_name, found) => {
    expect(keepApplied(record(), found)).toEqual(record());
  });

  it.each(['', '{', '[]', '{"applied":"yes"}'])('reads %j as no record', (text) => {
    expect(parseRecord(text)).toBeUndefined();
  });

  it('reads back what was written', () => {
    expect(parseRecord(JSON.stringify(record()))).toEqual(record());
  });
});
