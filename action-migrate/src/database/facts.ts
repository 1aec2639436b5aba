import { lastLines, type ExecResult, HostError } from '@deploy-actions/kit/host/host';
import { MigrateError } from '../error.ts';
import { runInClient, type DatabaseClient } from './client.ts';
import { parseFacts, type DatabaseFacts } from './engine.ts';

const timeoutMs = 60_000;

/**
 * Asks the database who it is and how big. Proves that the client's programs are there, that they connect, and that they
 * are not older than the server.
 * @throws MigrateError DB_UNHEALTHY, CLIENT_TOO_OLD
 */
export async function readFacts(client: DatabaseClient): Promise<DatabaseFacts> {
  const result = await ask(client);
  const facts = parseFacts(result.stdout);
  if (result.code !== 0 || Number.isNaN(facts.bytes)) throw unreachable(client, result);
  const { serverMajor, clientMajor } = facts;
  if (serverMajor !== undefined && clientMajor !== undefined && clientMajor < serverMajor)
    throw new MigrateError({
      code: 'CLIENT_TOO_OLD',
      message: `${client.host.name}: the database (${client.label}) is ${facts.version}, the client programs in ${client.containerName} are of version ${clientMajor}, which cannot dump it. Nothing was changed in the database.`,
      hint: `Set \`client-image\` or \`client-service\` to an image of version ${serverMajor} or newer.`,
    });
  return facts;
}

async function ask(client: DatabaseClient): Promise<ExecResult> {
  try {
    return await runInClient(client, client.engine.factsScript, { timeoutMs });
  } catch (thrown) {
    if (!(thrown instanceof HostError) || thrown.code !== 'COMMAND_TIMEOUT') throw thrown;
    return { code: 124, stdout: '', stderr: 'no answer within a minute', durationMs: timeoutMs, isTruncated: false };
  }
}

function unreachable(client: DatabaseClient, result: ExecResult): MigrateError {
  const said = lastLines(result.stderr, 1)[0] ?? '';
  return new MigrateError({
    code: 'DB_UNHEALTHY',
    message: `${client.host.name}: the database (${client.label}) could not be asked: ${said === '' ? `exit code ${result.code}` : said}. Nothing was changed in the database.`,
    hint: 'Does it run, and are database, user and password right? In a container they come from its POSTGRES_… or MARIADB_… variables, else from `database-name` and `database-user`.',
    evidence: lastLines(result.stderr, 10),
  });
}
