import type { ChatPostMessageArguments } from '@slack/web-api';
import type { IncomingWebhookSendArguments } from '@slack/webhook';

/** The message for Slack, which the compiler holds against Slack's own types (npm run check:types). */
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
