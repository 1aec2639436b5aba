/** The message for ntfy, without the topic; ntfy-schema.ts reads it in golden.test.ts. */
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
