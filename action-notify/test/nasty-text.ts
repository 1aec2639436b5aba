import fc from 'fast-check';
import type { Announcement } from '../src/announcement.ts';
import { noMentions } from '../src/mentions.ts';
import { cleanLine } from '../src/plain-text.ts';
import { announcement } from './builder.ts';

/** Texts that have broken notifiers before: quotes, line breaks, mentions, entities, emoji, halves of characters, sheer size. */
const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom(
    '"\'`\\',
    'a\r\nb\u2028c',
    '@everyone @here <@123456789> <@&42> <#42>',
    '<!channel> <!here|x> <@U012345> <https://evil.example|click>',
    '&lt;!channel&gt; &amp;',
    '*_~`|>#[x](https://evil.example)',
    '\u202Eevil\u202C \u2066x\u2069',
    '👩‍👩‍👧‍👦'.repeat(200),
    '\uD800 half',
    'x'.repeat(10_000),
    '&'.repeat(10_000),
    '*'.repeat(10_000),
  ),
);
const line = nasty.map(cleanLine);
const optionalLine = fc.option(line, { nil: undefined });

export const anyAnnouncement: fc.Arbitrary<Announcement> = fc.record({
  status: fc.constantFrom('success', 'failure', 'cancelled', 'rolled_back', 'started', 'skipped'),
  title: line,
  environment: optionalLine,
  version: optionalLine,
  commit: fc.constant(announcement().commit),
  release: optionalLine,
  message: optionalLine,
  url: fc.option(fc.webUrl({ withQueryParameters: true, withFragments: true }), { nil: undefined }),
  outcome: optionalLine,
  failedChecks: fc.array(fc.record({ name: line, reason: line }), { maxLength: 3 }),
  migration: optionalLine,
  backup: optionalLine,
  changedServices: fc.array(line, { maxLength: 30 }),
  durationMs: fc.option(fc.nat(), { nil: undefined }),
  images: fc.array(fc.record({ name: line, from: optionalLine, to: optionalLine }), { maxLength: 60 }),
  deployedBy: optionalLine,
  approvedBy: fc.array(line, { maxLength: 30 }),
  repository: optionalLine,
  runUrl: fc.constant(announcement().runUrl),
  fields: fc.array(fc.record({ name: line.filter((name) => name !== ''), value: line }), { maxLength: 80 }),
  mentions: fc.constant(noMentions),
  at: fc.constant(new Date('2026-01-02T03:04:05Z')),
});

/** JSON writes the half of a surrogate pair as an escape, and whole pairs as they are. */
export const isWellFormed = (value: unknown): boolean => !/(?<!\\)(\\\\)*\\ud[89a-f]/i.test(JSON.stringify(value));
