import type { ChatPostMessageArguments } from '@slack/web-api';
import type { IncomingWebhookSendArguments } from '@slack/webhook';
import type {
  RESTPatchAPIWebhookWithTokenMessageJSONBody,
  RESTPostAPIWebhookWithTokenJSONBody,
} from 'discord-api-types/v10';

/*
 * The payloads of one announcement, as they were agreed on. Those for Slack and Discord are held against the official types
 * by the compiler (npm run check:types); the card for Teams is read by Microsoft's own reader in more-services.test.ts.
 */

export const slack = {
  text: '✅ shop "&lt;!channel&gt;" @everyone *: deployed to prod',
  blocks: [
    {
      type: 'header',
      text: {
        type: 'plain_text',
        text: '✅ shop "<!channel>" @everyone *: deployed to prod',
        emoji: false,
      },
    },
    {
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: '<@U012AB3CD> <!subteam^S0614TZR7>',
      },
    },
    {
      type: 'section',
      fields: [
        {
          type: 'mrkdwn',
          text: '*Environment*\nprod',
        },
        {
          type: 'mrkdwn',
          text: '*Version*\nv1.16.0',
        },
        {
          type: 'mrkdwn',
          text: '*Commit*\n<https://github.com/acme/shop/commit/94e9cbb0aaaabbbbccccddddeeeeffff00001111|94e9cbb0aaaa>',
        },
        {
          type: 'mrkdwn',
          text: '*Outcome*\ndeployed',
        },
        {
          type: 'mrkdwn',
          text: '*Changed services*\napi, web',
        },
        {
          type: 'mrkdwn',
          text: '*Migration*\napplied',
        },
        {
          type: 'mrkdwn',
          text: '*Backup*\n/srv/shop/.deploy/backups/12.dump',
        },
        {
          type: 'mrkdwn',
          text: '*Duration*\n1m 33s',
        },
        {
          type: 'mrkdwn',
          text: '*Deployed by*\nada',
        },
        {
          type: 'mrkdwn',
          text: '*Approved by*\nbob, eve',
        },
      ],
    },
    {
      type: 'section',
      fields: [
        {
          type: 'mrkdwn',
          text: '*URL*\n<https://shop.example.com/|https://shop.example.com/>',
        },
        {
          type: 'mrkdwn',
          text: '*Reason*\nrelease',
        },
      ],
    },
    {
      type: 'section',
      text: {
        type: 'mrkdwn',
        text: '*Images*\n• api: sha256:111111111111 → sha256:222222222222\n• worker: sha256:222222222222 unchanged',
      },
    },
    {
      type: 'context',
      elements: [
        {
          type: 'mrkdwn',
          text: 'acme/shop · <https://github.com/acme/shop/actions/runs/77/attempts/2|workflow run> · 2026-01-02T03:04:05.000Z',
        },
      ],
    },
  ],
  unfurl_links: false,
  unfurl_media: false,
} satisfies IncomingWebhookSendArguments & Omit<ChatPostMessageArguments, 'channel'>;

export const discord = {
  content: '<@123456789012345678> <@&876543210987654321>',
  embeds: [
    {
      title: '✅ shop "\\<!channel\\>" @​everyone \\*: deployed to prod',
      description:
        '**Images**\n• api: sha256:111111111111 → sha256:222222222222\n• worker: sha256:222222222222 unchanged',
      url: 'https://github.com/acme/shop/actions/runs/77/attempts/2',
      color: 2991182,
      fields: [
        {
          name: 'Environment',
          value: 'prod',
          inline: true,
        },
        {
          name: 'Version',
          value: 'v1.16.0',
          inline: true,
        },
        {
          name: 'Commit',
          value: '[94e9cbb0aaaa](https://github.com/acme/shop/commit/94e9cbb0aaaabbbbccccddddeeeeffff00001111)',
          inline: true,
        },
        {
          name: 'Outcome',
          value: 'deployed',
          inline: true,
        },
        {
          name: 'Changed services',
          value: 'api, web',
          inline: true,
        },
        {
          name: 'Migration',
          value: 'applied',
          inline: true,
        },
        {
          name: 'Backup',
          value: '/srv/shop/.deploy/backups/12.dump',
          inline: true,
        },
        {
          name: 'Duration',
          value: '1m 33s',
          inline: true,
        },
        {
          name: 'Deployed by',
          value: 'ada',
          inline: true,
        },
        {
          name: 'Approved by',
          value: 'bob, eve',
          inline: true,
        },
        {
          name: 'URL',
          value: 'https://shop.example.com/',
          inline: true,
        },
        {
          name: 'Reason',
          value: 'release',
          inline: true,
        },
      ],
      footer: {
        text: 'acme/shop',
      },
      timestamp: '2026-01-02T03:04:05.000Z',
    },
  ],
  allowed_mentions: {
    parse: [],
    users: ['123456789012345678'],
    roles: ['876543210987654321'],
  },
} satisfies RESTPostAPIWebhookWithTokenJSONBody & RESTPatchAPIWebhookWithTokenMessageJSONBody;

export const teamsCard = {
  type: 'AdaptiveCard',
  $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
  version: '1.4',
  fallbackText: '✅ shop "<!channel>" @everyone *: deployed to prod',
  body: [
    {
      type: 'Container',
      style: 'good',
      bleed: true,
      items: [
        {
          type: 'RichTextBlock',
          inlines: [
            {
              type: 'TextRun',
              text: '✅ shop "<!channel>" @everyone *: deployed to prod',
              weight: 'Bolder',
            },
          ],
        },
      ],
    },
    {
      type: 'TextBlock',
      text: '<at>ada@example.com</at>',
      wrap: true,
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Environment: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'prod',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Version: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'v1.16.0',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Commit: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: '94e9cbb0aaaa',
          selectAction: {
            type: 'Action.OpenUrl',
            url: 'https://github.com/acme/shop/commit/94e9cbb0aaaabbbbccccddddeeeeffff00001111',
          },
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Outcome: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'deployed',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Changed services: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'api, web',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Migration: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'applied',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Backup: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: '/srv/shop/.deploy/backups/12.dump',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Duration: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: '1m 33s',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Deployed by: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'ada',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Approved by: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'bob, eve',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'URL: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'https://shop.example.com/',
          selectAction: {
            type: 'Action.OpenUrl',
            url: 'https://shop.example.com/',
          },
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Reason: ',
          weight: 'Bolder',
        },
        {
          type: 'TextRun',
          text: 'release',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: 'Images',
          weight: 'Bolder',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: '• api: sha256:111111111111 → sha256:222222222222',
        },
      ],
    },
    {
      type: 'RichTextBlock',
      inlines: [
        {
          type: 'TextRun',
          text: '• worker: sha256:222222222222 unchanged',
        },
      ],
    },
  ],
  actions: [
    {
      type: 'Action.OpenUrl',
      title: 'Workflow run',
      url: 'https://github.com/acme/shop/actions/runs/77/attempts/2',
    },
    {
      type: 'Action.OpenUrl',
      title: 'Open the app',
      url: 'https://shop.example.com/',
    },
  ],
  msteams: {
    width: 'Full',
    entities: [
      {
        type: 'mention',
        text: '<at>ada@example.com</at>',
        mentioned: {
          id: 'ada@example.com',
          name: 'ada@example.com',
        },
      },
    ],
  },
};

export const telegram = {
  text: '<b>✅ shop &quot;&lt;!channel&gt;&quot; @​everyone *: deployed to prod</b>\n<a href="tg://user?id=4242">4242</a>\n<b>Environment</b>: prod\n<b>Version</b>: v1.16.0\n<b>Commit</b>: <a href="https://github.com/acme/shop/commit/94e9cbb0aaaabbbbccccddddeeeeffff00001111">94e9cbb0aaaa</a>\n<b>Outcome</b>: deployed\n<b>Changed services</b>: api, web\n<b>Migration</b>: applied\n<b>Backup</b>: /srv/shop/.deploy/backups/12.dump\n<b>Duration</b>: 1m 33s\n<b>Deployed by</b>: ada\n<b>Approved by</b>: bob, eve\n<b>URL</b>: <a href="https://shop.example.com/">https://shop.example.com/</a>\n<b>Reason</b>: release\n<a href="https://github.com/acme/shop/actions/runs/77/attempts/2">Workflow run</a>\n<b>Images</b>\n• api: sha256:111111111111 → sha256:222222222222\n• worker: sha256:222222222222 unchanged',
  parse_mode: 'HTML',
  link_preview_options: {
    is_disabled: true,
  },
};

export const ntfy = {
  title: '✅ shop "<!channel>" @everyone *: deployed to prod',
  message:
    'Environment: prod\nVersion: v1.16.0\nCommit: 94e9cbb0aaaa\nOutcome: deployed\nChanged services: api, web\nMigration: applied\nBackup: /srv/shop/.deploy/backups/12.dump\nDuration: 1m 33s\nDeployed by: ada\nApproved by: bob, eve\nURL: https://shop.example.com/\nReason: release\nImages\n• api: sha256:111111111111 → sha256:222222222222\n• worker: sha256:222222222222 unchanged',
  priority: 3,
  click: 'https://github.com/acme/shop/actions/runs/77/attempts/2',
  actions: [
    {
      action: 'view',
      label: 'Open the app',
      url: 'https://shop.example.com/',
    },
  ],
};
