/** Process: `node token-server.ts SETTINGS.json`. Answers a registry's token requests; one line per request on stdout. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { decideToken, signToken } from './token.ts';
import type { TokenSettings } from './token.ts';

const settings = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as TokenSettings;

createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://token');
  const decision = decideToken(settings, request.headers.authorization, url.searchParams.getAll('scope'));
  const status = decision.kind === 'granted' ? 200 : decision.status;
  const now = Math.floor(Date.now() / 1000);
  const body =
    decision.kind === 'granted'
      ? {
          token: signToken(settings, url.searchParams.get('service') ?? '', decision.subject, decision.access, now),
          expires_in: 300,
        }
      : { errors: [{ code: decision.code, message: decision.message }] };
  console.log(`${request.method ?? ''} ${request.url ?? ''} ${String(status)}`);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}).listen(settings.port, settings.host);
