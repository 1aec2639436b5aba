import type { ApiMethods } from '@grammyjs/types';

type ArgumentsOf<Method extends 'sendMessage' | 'editMessageText'> = Parameters<ApiMethods<never>[Method]>[0];

/**
 * The message for Telegram. Telegram publishes its Bot API as a page only; the compiler holds this against @grammyjs/types, which
 * are made from that page.
 */
export const telegram = {
  text: '<b>✅ shop &quot;&lt;!channel&gt;&quot; @​everyone *: deployed to prod</b>\n<a href="tg://user?id=4242">4242</a>\n<b>Environment</b>: prod\n<b>Version</b>: v1.16.0\n<b>Commit</b>: <a href="https://github.com/acme/shop/commit/94e9cbb0aaaabbbbccccddddeeeeffff00001111">94e9cbb0aaaa</a>\n<b>Outcome</b>: deployed\n<b>Changed services</b>: api, web\n<b>Migration</b>: applied\n<b>Backup</b>: /srv/shop/.deploy/backups/12.dump\n<b>Duration</b>: 1m 33s\n<b>Deployed by</b>: ada\n<b>Approved by</b>: bob, eve\n<b>URL</b>: <a href="https://shop.example.com/">https://shop.example.com/</a>\n<b>Reason</b>: release\n<a href="https://github.com/acme/shop/actions/runs/77/attempts/2">Workflow run</a>\n<b>Images</b>\n• api: sha256:111111111111 → sha256:222222222222\n• worker: sha256:222222222222 unchanged',
  parse_mode: 'HTML',
  link_preview_options: {
    is_disabled: true,
  },
} satisfies Omit<ArgumentsOf<'sendMessage'>, 'chat_id'> & ArgumentsOf<'editMessageText'>;
