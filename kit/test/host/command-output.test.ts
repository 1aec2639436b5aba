import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOutput, splitLines } from '../../src/host/command-output.ts';

const token = 'deploy-0123456789abcdef';

/** Cuts bytes at arbitrary places, in the middle of characters too. */
function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const borders = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return borders.slice(1).map((border, index) => bytes.subarray(borders[index], border));
}

describe('the output of a command', () => {
  it('decodes UTF-8 and splits lines alike wherever the chunks are cut', () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => text.replaceAll(/[\r\n]/g, ''));
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat()), fc.string({ maxLength: 30 }), (lines, places, noise) => {
        const text = lines.map((each) => `${each}\n`).join('');
        const seen: string[] = [];
        const reader = readOutput({ token, maxCaptureBytes: 1e6, onLine: (each) => seen.push(each) });
        for (const chunk of cut(Buffer.from(`${noise}${token} ok\n${text}`), places)) reader.push(chunk);
        reader.end();
        expect(reader.state()).toBe('ok');
        expect(reader.text()).toBe(text);
        expect(reader.noise()).toBe(noise);
        expect(seen).toEqual(lines);
      }),
    );
  });

  it('hands out a last line without line end, and takes CRLF for one line end', () => {
    const seen: string[] = [];
    const lines = splitLines((line) => seen.push(line));
    lines.push(Buffer.from('one\r\ntw'));
    lines.push(Buffer.from('o'));
    lines.end();
    expect(seen).toEqual(['one', 'two']);
  });

  it('captures up to the limit, says so, and goes on streaming lines', () => {
    const seen: string[] = [];
    const reader = readOutput({ token, maxCaptureBytes: 5, onLine: (line) => seen.push(line) });
    reader.push(Buffer.from(`${token} ok\nééé\nmore\n`));
    reader.end();
    expect(reader.text()).toBe('éé');
    expect(reader.isTruncated()).toBe(true);
    expect(seen).toEqual(['ééé', 'more']);
  });

  it('keeps the end of endless noise in bounded memory and still finds the mark', () => {
    const reader = readOutput({ token, maxCaptureBytes: 100 });
    for (let index = 0; index < 50; index++) reader.push(Buffer.alloc(10_000, 'x'));
    expect(reader.noise().length).toBeLessThanOrEqual(64 * 1024);
    reader.push(Buffer.from(`${token} ok\nanswer`));
    expect(reader.text()).toBe('answer');
  });

  it('reports that the folder could not be entered', () => {
    const reader = readOutput({ token, maxCaptureBytes: 100 });
    reader.push(Buffer.from(`${token} cwd\n`));
    expect(reader.state()).toBe('cwd');
  });
});
