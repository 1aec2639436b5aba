import { parseFamiliarName } from '@swimlane/docker-reference';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseImageRef } from '../../src/image/image-ref.ts';

type Parts = readonly [registry: string, repository: string, tag: string | undefined, digest: string | undefined];

function ours(text: string): Parts | 'refused' {
  try {
    const { registry, repository, tag, digest } = parseImageRef(text, 'image');
    return [registry, repository, tag, digest];
  } catch {
    return 'refused';
  }
}

function oracle(text: string): Parts | 'refused' {
  try {
    const { domain, repository, tag, digest } = parseFamiliarName(text);
    return [domain ?? '', repository ?? '', tag, digest];
  } catch {
    return 'refused';
  }
}

/** Where the oracle is not what Docker does, or no use to anybody, and why; `we`: what is made of such a text here. */
const differences: readonly { readonly why: string; readonly pattern: RegExp; readonly we: 'take' | 'refuse' }[] = [
  {
    why: 'go-digest (algorithm.go) takes lower-case hex only; the oracle takes both',
    pattern: /@sha\d+:[0-9a-f]*[A-F]/,
    we: 'refuse',
  },
  {
    why: 'distribution/reference (normalize.go) takes a first part with an upper-case letter for a host',
    pattern: /^(?=[^/]*[A-Z])[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\//,
    we: 'take',
  },
  {
    why: 'distribution/reference (regexp.go) knows IPv6 hosts since 2.8.2; the oracle does not',
    pattern: /^\[[0-9a-f:]+\](:\d+)?\//,
    we: 'take',
  },
  {
    why: 'a first part with a dot is a host, and none has an underscore; the oracle reads a name without any registry',
    pattern: /^(?=[^/]*\.)(?=[^/]*_)[a-z0-9._-]+\//,
    we: 'refuse',
  },
];

// Short pieces: the oracle's expressions need time that doubles with each letter of a name that they refuse.
const host = fc.constantFrom('', '', '', 'localhost/', 'x.io', 'Ho', 'A.io', '[::1]', 'h:5', '[::1]:5', '1.2');
const piece = fc.constantFrom('a', 'b1', 'A', '5', '_', 'é', ' ');
const joint = fc.constantFrom('/', '/', ':', ':', '.', '-', '_', '__', '___', '--', '..', '+', '@', '\n', '');
const rest = fc.array(fc.tuple(piece, joint), { maxLength: 4 }).map((parts) => parts.flat().join('').slice(0, 7));
const digest = fc.constantFrom(
  '',
  '',
  `@sha256:${'ab'.repeat(32)}`,
  `@sha256:${'CD'.repeat(32)}`,
  '@sha256:ab',
  `@sha512:${'ab'.repeat(64)}`,
  `@md5:${'ab'.repeat(16)}`,
  '@',
);
const reference = fc
  .tuple(host, fc.constantFrom('/', '/', ''), rest, digest)
  .map(([first, slash, path, hash]) => `${first}${slash}${path}${hash}`);

describe('parseImageRef beside @swimlane/docker-reference', () => {
  it('reads every text as the oracle does, but for the differences that are listed', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(reference, (text) => {
        const [mine, theirs] = [ours(text), oracle(text)];
        const difference = differences.find(({ pattern }) => pattern.test(text));
        if (difference === undefined || (mine === 'refused') === (theirs === 'refused')) {
          expect(mine).toEqual(theirs);
          return;
        }
        met.add(difference.why);
        expect(mine === 'refused' ? 'refuse' : 'take').toBe(difference.we);
      }),
      { numRuns: 5000, examples: [[`a@sha256:${'CD'.repeat(32)}`], ['Ho/a'], ['A--a/a'], ['[::1]:5/a'], ['1.2a_b/b']] },
    );
    // A difference that is never met would be a claim without proof.
    expect(met.size).toBe(differences.length);
  });

  it.each([
    'nginx',
    'docker.io/nginx',
    'index.docker.io/nginx:1.27',
    'docker.io/library/nginx',
    'acme/api',
    'localhost/api',
    'localhost:5000/api',
    'library/nginx',
  ])('normalises %s as the oracle does', (text) => {
    expect(ours(text)).toEqual(oracle(text));
    expect(ours(text)).not.toBe('refused');
  });
});
