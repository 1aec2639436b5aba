import { execFileSync, spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';

/** Bare repositories behind HTTP, each with a token of its own: git's own server, as far as GitHub's is one. */
export interface GitServer extends AsyncDisposable {
  readonly url: string;
}

/** @param tokens by repository (`action-one.git`): who writes or reads there has to show it as a password */
export async function serveGit(folder: string, tokens: Readonly<Record<string, string>>): Promise<GitServer> {
  const server = createServer((request, response) => {
    const [, repository = ''] = (request.url ?? '').split('/');
    const wanted = Buffer.from(`x-access-token:${tokens[repository] ?? ''}`).toString('base64');
    if (tokens[repository] !== undefined && request.headers.authorization === `Basic ${wanted}`) {
      answer(folder, request, response);
    } else {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${String(address.port)}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(folder: string, request: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(request.url ?? '', 'http://localhost');
  const program = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  const child = spawn(program, {
    env: {
      PATH: process.env['PATH'],
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      // Who is known may push.
      REMOTE_USER: 'known',
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers['content-type'],
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
      GIT_PROTOCOL: request.headersDistinct['git-protocol']?.[0],
    },
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.on('close', () => {
    const output = Buffer.concat(chunks);
    const end = output.indexOf('\r\n\r\n');
    for (const line of output.subarray(0, end).toString().split('\r\n')) {
      const [name = '', value = ''] = line.split(': ');
      if (name === 'Status') response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.end(output.subarray(end + 4));
  });
}
