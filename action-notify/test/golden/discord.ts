import type {
  RESTPatchAPIWebhookWithTokenMessageJSONBody,
  RESTPostAPIWebhookWithTokenJSONBody,
} from 'discord-api-types/v10';

/** The message for Discord, which the compiler holds against the types of Discord's API. */
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
