import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { unpackSnappy } from '../../src/signature/snappy.ts';
import { packLiterally } from './snappy-pack.ts';

const unpack = (bytes: readonly number[], maxBytes = 1000) => {
  const unpacked = unpackSnappy(Uint8Array.from(bytes), maxBytes);
  return unpacked === undefined ? undefined : Buffer.from(unpacked).toString('latin1');
};
const text = (word: string): readonly number[] => [...Buffer.from(word, 'latin1')];

describe('unpackSnappy', () => {
  // By hand, from google/snappy's format_description.txt.
  it.each([
    ['a literal', [3, 2 << 2, ...text('abc')], 'abc'],
    ['nothing', [0], ''],
    ['a literal whose length takes a byte', [4, 60 << 2, 3, ...text('abcd')], 'abcd'],
    ['a copy with an offset of one byte', [8, 3 << 2, ...text('abcd'), 0b000_000_01, 4], 'abcdabcd'],
    ['a copy into what it writes', [7, 0, ...text('a'), 0b000_010_01, 1], 'aaaaaaa'],
    ['a copy with an offset of two bytes', [5, 2 << 2, ...text('abc'), (1 << 2) | 2, 3, 0], 'abcab'],
    ['a copy with an offset of four bytes', [5, 2 << 2, ...text('abc'), (1 << 2) | 3, 3, 0, 0, 0], 'abcab'],
  ])('unpacks %s', (_case, bytes, expected) => {
    expect(unpack(bytes)).toBe(expected);
  });

  it.each([
    ['no bytes', []],
    ['a length without end', [0x80, 0x80, 0x80, 0x80, 0x80, 1]],
    ['a literal that is cut short', [3, 2 << 2, ...text('ab')]],
    ['fewer bytes than announced', [4, 2 << 2, ...text('abc')]],
    ['more bytes than announced', [2, 2 << 2, ...text('abc')]],
    ['a copy from before the start', [8, 3 << 2, ...text('abcd'), 1, 5]],
    ['a copy from nowhere', [8, 3 << 2, ...text('abcd'), 1, 0]],
    ['a copy without its offset', [8, 3 << 2, ...text('abcd'), 2, 4]],
  ])('refuses %s', (_case, bytes) => {
    expect(unpack(bytes)).toBeUndefined();
  });

  it('refuses a bomb by its announced length, before it is unpacked', () => {
    expect(unpack([0xff, 0xff, 0xff, 0xff, 0x0f, 0, 97, 0xfe, 1, 0])).toBeUndefined();
    expect(unpack([8, 3 << 2, ...text('abcd'), 1, 4], 7)).toBeUndefined();
  });

  it('ends for any bytes, within the limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(unpackSnappy(bytes, 500)?.length ?? 0).toBeLessThanOrEqual(500);
      }),
    );
  });

  it('gives back what was packed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(unpackSnappy(packLiterally(bytes), 300)).toEqual(bytes);
      }),
    );
  });
});
