import { describe, expect, it } from 'vitest';

import { ConfigurationError } from '../../src/action/errors.ts';
import { formatImageLine, parseImageLines, parseImagePins, requireDigests } from '../../src/image/image-lines.ts';

const digest = `sha256:${'cd'.repeat(32)}`;

describe('parseImagePins', () => {
  it('tells services from environment variables by upper case', () => {
    const pins = parseImagePins(
      [`api=ghcr.io/acme/api@${digest}`, `API_IMAGE = ghcr.io/acme/api@${digest}`, 'Api-2=a/b:v1'],
      'images',
    );
    expect(pins.map(({ kind, name }) => [kind, name])).toEqual([
      ['service', 'api'],
      ['env', 'API_IMAGE'],
      ['service', 'Api-2'],
    ]);
    expect(pins[0]?.ref.digest).toBe(digest);
  });

  it.each([
    [['api=a/b:v1', 'api=a/b:v2'], 'api is given twice'],
    [['a/b:v1'], 'does not say which image it is for'],
    [['my app=a/b:v1'], '"my app" is neither'],
    [['-x=a/b:v1'], '"-x" is neither'],
    [['=a/b:v1'], '"" is neither'],
    [['api='], 'it is empty'],
    [['api=A/B/c'], 'input `images`, api'],
  ])('refuses %j', (lines, message) => {
    expect(() => parseImagePins(lines, 'images')).toThrow(ConfigurationError);
    expect(() => parseImagePins(lines, 'images')).toThrow(message);
  });
});

describe('parseImageLines', () => {
  it('allows a reference without a name', () => {
    expect(parseImageLines(['nginx:1.27.2'], 'images')[0]).toMatchObject({ target: undefined, ref: { tag: '1.27.2' } });
  });
});

describe('requireDigests', () => {
  it('refuses a pin by tag and names it', () => {
    expect(() => requireDigests(parseImagePins(['api=a/b:v1'], 'images'), 'images')).toThrow(
      'api=a/b:v1 has no digest',
    );
  });
});

describe('formatImageLine', () => {
  it('writes lines that are read back', () => {
    const [pin] = requireDigests(parseImagePins([`API_IMAGE=acme/api@${digest}`], 'images'), 'images');
    expect(pin && formatImageLine(pin, pin.ref)).toBe(`API_IMAGE=docker.io/acme/api@${digest}`);
    expect(pin && formatImageLine(undefined, pin.ref)).toBe(`docker.io/acme/api@${digest}`);
  });
});
