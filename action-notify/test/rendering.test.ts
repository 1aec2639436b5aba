import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deploymentRequest, deploymentStatus } from '../src/deployment-record.ts';
import { renderDiscord } from '../src/discord.ts';
import { cleanLine, fit, fitLines } from '../src/plain-text.ts';
import { renderSlack, type SlackBlock } from '../src/slack.ts';
import { renderSummary } from '../src/summary.ts';
import { renderWebhook, signBody } from '../src/webhook.ts';
import { after, announcement, before, everybody } from './builder.ts';
import { anyAnnouncement, isWellFormed } from './nasty-text.ts';

describe('renderSlack', () => {
  it('makes one readable message', () => {
    const message = renderSlack(announcement());
    expect(message.text).toBe('✅ shop: deployed to prod');
    expect(JSON.stringify(message)).toContain('*Commit*\\n<https://github.com/acme/shop/commit/94e9cbb0');
    expect(JSON.stringify(message)).toContain('• api: sha256:111111111111 → sha256:222222222222');
    expect(JSON.stringify(message)).toContain('• worker: sha256:222222222222 unchanged');
    expect(JSON.stringify(message)).toContain('*Approved by*\\nbob, eve');
  });

  it('keeps every limit of Slack and mentions nobody, whatever the texts are', () => {
    const texts = (block: SlackBlock): readonly { readonly text: string; readonly limit: number }[] => {
      if (block.type === 'header') return [{ text: block.text.text, limit: 150 }];
      if (block.type === 'context') {
        return block.elements.map((element) => ({ text: 'text' in element ? element.text : '', limit: 3000 }));
      }
      const fields = (block.fields ?? []).map(({ text }) => ({ text, limit: 2000 }));
      return block.text === undefined ? fields : [...fields, { text: block.text.text, limit: 3000 }];
    };
    fc.assert(
      fc.property(anyAnnouncement, (any) => {
        const message = renderSlack(any);
        const wrong: unknown[] = [];
        if (message.blocks.length > 50) wrong.push(message.blocks.length);
        for (const block of message.blocks) {
          if (block.type === 'section' && (block.fields?.length ?? 0) > 10) wrong.push(block);
          for (const { text, limit } of texts(block)) if (text === '' || text.length > limit) wrong.push(text);
        }
        const markup = message.blocks.filter((block) => block.type !== 'header').flatMap(texts);
        for (const text of [message.text, ...markup.map((entry) => entry.text)]) {
          // Whatever still begins with `<` is a link of ours: an address first, never `!`, `@` or `#`.
          if (/[<>]/.test(text.replaceAll(/<https?:\/\/[^<>|\s]+\|[^<>|]*>/g, ''))) wrong.push(text);
          if (/&(?!(amp|lt|gt);)/.test(text)) wrong.push(text);
        }
        expect(wrong).toEqual([]);
        expect(isWellFormed(message)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('renderDiscord', () => {
  it('makes one readable embed', () => {
    const [embed] = renderDiscord(announcement({ status: 'rolled_back' })).embeds;
    expect(embed.title).toBe('↩️ shop: deployment to prod rolled back');
    expect(embed.description).toBe(
      '**Images**\n• api: sha256:111111111111 → sha256:222222222222\n• worker: sha256:222222222222 unchanged',
    );
    expect(embed.fields).toContainEqual({ name: 'Migration', value: 'applied', inline: true });
    expect(embed.url).toBe('https://github.com/acme/shop/actions/runs/77/attempts/2');
  });

  it('keeps every limit of Discord, the sum of 6000 too, and mentions nobody, whatever the texts are', () => {
    fc.assert(
      fc.property(anyAnnouncement, (any) => {
        const message = renderDiscord(any);
        const [embed] = message.embeds;
        expect(message.allowed_mentions).toEqual({ parse: [], users: [], roles: [] });
        expect(message.content).toBe('');
        expect(embed.title.length).toBeLessThanOrEqual(256);
        expect(embed.description?.length ?? 1).toBeLessThanOrEqual(4096);
        expect(embed.description?.length ?? 1).toBeGreaterThan(0);
        expect(embed.fields.length).toBeLessThanOrEqual(25);
        const isUnfit = ({ name, value }: (typeof embed.fields)[number]): boolean =>
          name === '' || name.length > 256 || value === '' || value.length > 1024;
        expect(embed.fields.filter(isUnfit)).toEqual([]);
        const sum = embed.fields.reduce((total, { name, value }) => total + name.length + value.length, 0);
        const head = embed.title.length + (embed.description?.length ?? 0) + embed.footer.text.length;
        expect(sum + head).toBeLessThanOrEqual(6000);
        const texts = [
          embed.title,
          embed.description ?? '',
          ...embed.fields.flatMap(({ name, value }) => [name, value]),
        ];
        expect(texts.filter((text) => /@(everyone|here)|(?<!\\)<[@#]/.test(text))).toEqual([]);
        expect(isWellFormed(message)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('alerts exactly the ids it was given', () => {
    const message = renderDiscord(announcement({ title: '@everyone <@99>', mentions: everybody }));
    expect(message.content).toBe('<@123456789012345678> <@&876543210987654321>');
    expect(message.allowed_mentions).toEqual({
      parse: [],
      users: ['123456789012345678'],
      roles: ['876543210987654321'],
    });
  });

  it('says how many fields did not fit', () => {
    const fields = Array.from({ length: 40 }, (_, index) => ({ name: `Field ${index}`, value: 'x' }));
    const [embed] = renderDiscord(announcement({ fields })).embeds;
    expect(embed.fields).toHaveLength(25);
    expect(embed.fields.at(-1)).toEqual({ name: '…', value: 'and 27 more', inline: false });
  });
});

describe('renderWebhook', () => {
  it('gives all facts under stable names, null where nothing is known', () => {
    const message = renderWebhook(announcement({ version: undefined, fields: [{ name: 'Reason', value: 'x "y"' }] }));
    expect(message).toMatchObject({
      schema: 'deploy-actions/notification/1',
      status: 'success',
      headline: '✅ shop: deployed to prod',
      version: null,
      images: [
        { name: 'api', from: before, to: after },
        { name: 'worker', from: after, to: after },
      ],
      approvedBy: ['bob', 'eve'],
      fields: { Reason: 'x "y"' },
      at: '2026-01-02T03:04:05.000Z',
    });
  });

  it('is signed with the HMAC-SHA256 of its bytes', () => {
    // Test case 2 of RFC 4231.
    expect(signBody('what do ya want for nothing?', 'Jefe')).toEqual({
      'x-deploy-signature-256': 'sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
    });
  });
});

describe('the GitHub deployment', () => {
  it('holds from → to digests, the migration and who did it', () => {
    const request = deploymentRequest(announcement(), '94e9cbb', 'prod');
    expect(request).toMatchObject({
      ref: '94e9cbb',
      environment: 'prod',
      payload: {
        schema: 'deploy-actions/deployment/1',
        status: 'success',
        commit: '94e9cbb0aaaabbbbccccddddeeeeffff00001111',
        backup: '/srv/shop/.deploy/backups/12.dump',
        changedServices: ['api', 'web'],
        durationMs: 93_400,
        images: [{ name: 'api', from: before, to: after }, { name: 'worker' }],
        migration: 'applied',
        deployedBy: 'ada',
        approvedBy: ['bob', 'eve'],
        fields: { Reason: 'release' },
      },
    });
  });

  it('is a failure when it was rolled back, and its description has at most 140 characters', () => {
    const status = deploymentStatus(announcement({ status: 'rolled_back', title: 'x'.repeat(500) }));
    expect(status.state).toBe('failure');
    expect(status.description).toHaveLength(140);
  });
});

describe('renderSummary', () => {
  it('shows who, what, from → to, and who was told', () => {
    const summary = renderSummary(announcement({ fields: [{ name: 'Reason', value: '<b>|x' }] }), [
      { provider: 'slack', result: 'ok' },
      { provider: 'discord', result: 'error', detail: 'answered 500' },
      { provider: 'webhook', result: 'skipped' },
    ]);
    expect(summary).toContain('### ✅ shop: deployed to prod');
    expect(summary).toContain('| Deployed by | ada |');
    expect(summary).toContain('| Changed services | api, web |');
    expect(summary).toContain('| Backup | /srv/shop/.deploy/backups/12.dump |');
    expect(summary).toContain('| Duration | 1m 33s |');
    expect(summary).toContain('| api | `sha256:111111111111` | `sha256:222222222222` |');
    expect(summary).toContain('| Reason | &lt;b&gt;\\|x |');
    expect(summary).toContain('| discord | error | answered 500 |');
    expect(summary).not.toContain('| webhook |');
  });
});

describe('plain text', () => {
  it('is one line without control characters and marks that reverse the direction', () => {
    expect(cleanLine(' a\r\n\tb\u0000\u202Ec\u2069 ')).toBe('a b c');
  });

  it('is cut between characters and between escape sequences', () => {
    const escape = (text: string): string => text.replaceAll('&', '&amp;');
    expect(fit('ab', 2)).toBe('ab');
    expect(fit('abc', 2)).toBe('a…');
    expect(fit('a&b', 4, escape)).toBe('a…');
    expect(fit('a😀b', 3)).toBe('a…');
    expect(fit('a😀b', 4)).toBe('a😀b');
    // Longer than a handful, with an escape and a character of two units at the edge.
    expect(fit('a'.repeat(100), 70)).toBe(`${'a'.repeat(69)}…`);
    expect(fit(`${'a'.repeat(66)}&b`, 70, escape)).toBe(`${'a'.repeat(66)}…`);
    expect(fit(`${'a'.repeat(68)}😀b`, 70)).toBe(`${'a'.repeat(68)}…`);
  });

  it('counts the lines that do not fit', () => {
    expect(fitLines(['aaaa', 'bbbb', 'cccc'], 100)).toBe('aaaa\nbbbb\ncccc');
    expect(fitLines(['a'.repeat(10), 'b'.repeat(10), 'c'.repeat(10)], 30)).toBe(`${'a'.repeat(10)}\n… and 2 more`);
  });
});
