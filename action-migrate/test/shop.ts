import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { ensureImages, type Lab } from '../../lab/src/index.ts';
import { layOut, removeTarget, type migrate, type Target } from './server.ts';

const compose = `
services:
  db:
    image: \${DB_IMAGE}
    environment: { POSTGRES_USER: shop, POSTGRES_DB: shop, POSTGRES_PASSWORD: "\${SECRET_KEY}" }
    volumes: ["data:/var/lib/postgresql/data"]
    healthcheck: { test: ["CMD", "pg_isready", "-q", "-h", "127.0.0.1"], interval: 1s, retries: 60 }
  migrate:
    image: \${API_IMAGE:?set by images}
    profiles: [migrate]
    environment: { DATABASE_URL: "postgres://shop:\${SECRET_KEY}@db:5432/shop" }
    depends_on: { db: { condition: service_healthy } }
`;

/** A Django app's project on PostgreSQL: laid out, nothing runs yet. */
export interface Shop {
  readonly lab: Lab;
  readonly target: Target;
  readonly workspace: string;
  /** PostgreSQL, for `client-image`. */
  readonly postgres: string;
  readonly imageOf: (version: 'v2' | 'v3') => string;
  /** Rows of a query, in the project's own database or in another one beside it. */
  readonly query: (sql: string, name?: string) => Promise<readonly string[]>;
  /** Asks until the first row is the wanted one. */
  readonly waitFor: (sql: string, wanted: string) => Promise<void>;
  /** Puts SQL files below `db` in place of those that are there. */
  readonly writeSql: (files: Readonly<Record<string, string>>) => void;
  /** Names of the backups on the server. */
  readonly backups: () => Promise<readonly string[]>;
  readonly remove: () => Promise<void>;
}

/** @param services more of them, as lines of the Compose file */
export async function openShop(services = ''): Promise<Shop> {
  const lab = await ensureImages('full');
  const full = lab.images.full ?? expect.fail('the lab has no Django image');
  const workspace = mkdtempSync(join(tmpdir(), 'migrate-'));
  const imageOf = (version: 'v2' | 'v3'): string =>
    lab.reference('htpasswd', full.django.repository, full.django[version].digest);
  const postgres = lab.reference('anonymous', full.postgres.repository, full.postgres.digest);
  const composeFile = `${compose}${services}volumes: { data: {} }\n`;
  const target = await layOut({ lab, workspace, image: imageOf('v2'), database: postgres, composeFile });
  const query: Shop['query'] = async (sql, name = 'shop') => {
    const argv = ['exec', `${target.project}-db-1`, 'psql', '-h', '/tmp', '-U', 'shop', '-XAtc', sql, name];
    return linesOf((await lab.server.docker(argv)).stdout);
  };
  return {
    lab,
    target,
    workspace,
    postgres,
    imageOf,
    query,
    waitFor: async (sql, wanted) => {
      for (let tries = 0; (await query(sql))[0] !== wanted; tries++) {
        if (tries > 1000) expect.fail(`${sql} never gave ${wanted}`);
        await sleep(100);
      }
    },
    writeSql: (files) => {
      rmSync(join(workspace, 'db'), { recursive: true, force: true });
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(workspace, path)), { recursive: true });
        writeFileSync(join(workspace, path), text);
      }
    },
    backups: async () => {
      const source = 'cd "$1" 2>/dev/null && ls -1 | grep -v -e sha256 -e lost+found || true';
      return linesOf((await lab.server.exec(['sh', '-c', source, 'sh', `${target.path}/.deploy/backups`])).stdout);
    },
    remove: async () => {
      await removeTarget(target);
      rmSync(workspace, { recursive: true });
    },
  };
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}

/** The errors of a step, in one text. */
export function errorsOf(result: Awaited<ReturnType<typeof migrate>>): string {
  return result.commands.errors.join('\n');
}
