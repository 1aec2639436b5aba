import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate, oneOffs } from './server.ts';
import { openShop, type Shop } from './shop.ts';

const commands = 'python3 manage.py migrate --noinput\npython3 manage.py check';
/** The README's: the SQL of what is pending, printed by the new image. */
const pendingSql = String.raw`sh -c 'python3 manage.py showmigrations --plan | sed -n "s/^\[ \]  \([^.]*\)\.\([^ ]*\).*/\1 \2/p" | while read -r app name; do python3 manage.py sqlmigrate "$app" "$name" || exit 1; done'`;

let shop: Shop;

beforeAll(async () => {
  shop = await openShop();
});
afterAll(() => shop.remove());

/** The migrations that the database itself says are applied. */
function appliedMigrations(): Promise<readonly string[]> {
  return shop.query("select name from django_migrations where app = 'shop' order by id");
}

describe('a Django app on PostgreSQL', () => {
  it('is migrated on a first deploy, database started first, the SQL of what is pending reviewed', async () => {
    const result = await migrate(shop.target, { commands, 'lint-command': pendingSql });
    expect(result.outcome).toBe('success');
    expect(result.log).toMatch(/SQL review: 0 errors, \d+ warnings? in [2-9] statements of 1 file/);
    expect(result.log).toMatch(/\| .*Applying shop\.0002_item_note\.\.\. OK/);
    expect(await appliedMigrations()).toEqual(['0001_initial', '0002_item_note']);
  });

  it('has nothing pending afterwards', async () => {
    const pending = { 'pending-check': 'python3 manage.py migrate --check' };
    const result = await migrate(shop.target, { commands, ...pending });
    expect(result.outputs).toMatchObject({ status: 'nothing-pending', applied: 'false' });
  });

  it('is stopped by a migration that fails, with its own words in the summary', async () => {
    const result = await migrate({ ...shop.target, image: shop.imageOf('v3') }, { commands });
    expect(result.outputs).toMatchObject({
      'error-code': 'COMMAND_FAILED',
      'failed-command': 'python3 manage.py migrate --noinput',
      'commands-run': '1',
      applied: 'false',
    });
    expect(result.summary).toContain('relation "shop_no_such_table" does not exist');
    expect(await appliedMigrations()).toEqual(['0001_initial', '0002_item_note']);
    expect(await oneOffs(shop.target)).toEqual([]);
  });
});
