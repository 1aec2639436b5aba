import adaptiveCards from 'adaptivecards/dist/adaptivecards.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderNtfy } from '../src/ntfy.ts';
import { escapeTelegram, renderTelegram } from '../src/telegram.ts';
import { renderTeams, type AdaptiveCard } from '../src/teams.ts';
import { announcement, everybody } from './builder.ts';
import { anyAnnouncement, isWellFormed } from './nasty-text.ts';
import { readNtfy } from './ntfy-schema.ts';

/** What Microsoft's own reader of cards has to say about one; without complaints it also gives the card back. */
function readCard(card: AdaptiveCard): { readonly complaints: readonly string[]; readonly elements: number } {
  const context = new adaptiveCards.SerializationContext();
  const read = new adaptiveCards.AdaptiveCard();
  read.parse(card, context);
  const parsed = Array.from({ length: context.eventCount }, (_, index) => context.getEventAt(index).message);
  const validated = read.validateProperties().validationEvents.map(({ message }) => message);
  return { complaints: [...parsed, ...validated], elements: read.getItemCount() };
}

describe('renderTeams', () => {
  const cardOf = (any: Parameters<typeof renderTeams>[0]) => renderTeams(any).attachments[0].content;

  it('makes a card that Microsoft’s reader takes whole, and which a broken one would not pass', () => {
    const card = cardOf(announcement({ mentions: everybody }));
    expect(readCard(card)).toEqual({ complaints: [], elements: card.body.length });
    const broken = { ...card, body: [{ type: 'RichTextBlok', inlines: [] }] };
    expect(readCard(broken as unknown as AdaptiveCard).complaints).not.toEqual([]);
  });

  it('calls exactly who was asked for', () => {
    const card = cardOf(announcement({ title: '<at>everyone</at>', mentions: everybody }));
    expect(card.msteams.entities).toEqual([
      {
        type: 'mention',
        text: '<at>ada@example.com</at>',
        mentioned: { id: 'ada@example.com', name: 'ada@example.com' },
      },
    ]);
    expect(card.body.filter(({ type }) => type === 'TextBlock')).toHaveLength(1);
    expect(cardOf(announcement()).msteams.entities).toEqual([]);
  });

  it('is a valid card within the size that Teams takes, without markup, whatever the texts are', () => {
    fc.assert(
      fc.property(anyAnnouncement, (any) => {
        const message = renderTeams(any);
        const card = message.attachments[0].content;
        expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(28_000);
        expect(readCard(card)).toEqual({ complaints: [], elements: card.body.length });
        // TextBlock is where Markdown and <at> are read.
        expect(JSON.stringify(card)).not.toContain('"TextBlock"');
        expect(isWellFormed(message)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('renderTelegram', () => {
  it('makes one readable message', () => {
    const { text } = renderTelegram(announcement({ mentions: everybody }));
    expect(text.split('\n').slice(0, 5)).toEqual([
      '<b>✅ shop: deployed to prod</b>',
      '<a href="tg://user?id=4242">4242</a>',
      '<b>Environment</b>: prod',
      '<b>Version</b>: v1.16.0',
      '<b>Commit</b>: <a href="https://github.com/acme/shop/commit/94e9cbb0aaaabbbbccccddddeeeeffff00001111">94e9cbb0aaaa</a>',
    ]);
    expect(text).toContain('• api: sha256:111111111111 → sha256:222222222222');
  });

  it('is well-formed HTML of 4096 characters at most, and calls nobody, whatever the texts are', () => {
    fc.assert(
      fc.property(anyAnnouncement, (any) => {
        const message = renderTelegram(any);
        expect(message.text.length).toBeGreaterThan(0);
        expect(message.text.length).toBeLessThanOrEqual(4096);
        const rest = message.text.replaceAll(/<b>[^<>]*<\/b>|<a href="https?:\/\/[^"<>]*">[^<>]*<\/a>/g, '');
        expect(rest).not.toMatch(/[<>]/);
        expect(message.text).not.toMatch(/&(?!(amp|lt|gt|quot);)/);
        expect(rest).not.toMatch(/@\w/);
        expect(message.text).not.toContain('tg://');
        expect(isWellFormed(message)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('escapes what HTML reads', () => {
    expect(escapeTelegram('<b>&"@ada')).toBe('&lt;b&gt;&amp;&quot;@\u200Bada');
  });
});

describe('renderNtfy', () => {
  it('makes one readable message, louder when it failed', () => {
    expect(renderNtfy(announcement())).toMatchObject({ title: '✅ shop: deployed to prod', priority: 3 });
    expect(renderNtfy(announcement({ status: 'failure' })).priority).toBe(4);
  });

  it('is valid and has at most 4096 bytes of text, whatever the texts are', () => {
    fc.assert(
      fc.property(anyAnnouncement, (any) => {
        const message = renderNtfy(any);
        expect(readNtfy({ topic: 'deploys', ...message })).toEqual([]);
        expect(message.title.length).toBeLessThanOrEqual(80);
        expect(isWellFormed(message)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});
