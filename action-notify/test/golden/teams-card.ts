/** The card for Microsoft Teams; Microsoft's own reader of cards takes it whole in more-services.test.ts. */
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
