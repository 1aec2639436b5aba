// The lab's app: small, event-driven, told by its environment how to behave (see lab/README.md).
import { existsSync } from 'node:fs';
import { createServer, Server } from 'node:http';
import { Server as NetServer } from 'node:net';
import { hostname } from 'node:os';

const env = process.env;
const port = Number(env.PORT ?? 8000);
const identity = { git_sha: env.GIT_SHA ?? '', version: env.APP_VERSION ?? '' };
const drainFile = '/tmp/drain';
// How long a connection that was idle at SIGTERM may still bring the request that was already on its way.
const lastRequestMs = 200;
let isStopping = false;
const bootMs = Number(env.BOOT_MS ?? 0);
// The socket of many servers is open before the program behind it is: connections wait there until it is loaded.
const isOpenWhileBooting = env.BOOT_OPEN === '1';
const loaded = isOpenWhileBooting ? new Promise((resolve) => setTimeout(resolve, bootMs)) : Promise.resolve();

if (env.CRASH_LOOP === '1') {
  console.error('CRASH_LOOP: ending with exit code 1');
  setTimeout(() => process.exit(1), Number(env.CRASH_AFTER_MS ?? 100));
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://app');
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    await loaded;
    const waitMs = Number(url.searchParams.get('ms') ?? (url.pathname === '/healthz' ? 0 : (env.SLOW_MS ?? 0)));
    const send = () => answer(request, response, url.pathname, Buffer.concat(chunks).toString('utf8'));
    if (waitMs > 0) setTimeout(send, waitMs);
    else send();
  });
});

function answer(request, response, path, body) {
  const isDraining = isStopping || existsSync(drainFile);
  if (isDraining) response.setHeader('connection', 'close');
  response.setHeader('content-type', 'application/json');
  if (path === '/healthz') {
    const isHealthy = !isDraining && env.NEVER_HEALTHY !== '503';
    response.statusCode = isHealthy ? 200 : 503;
    response.end(JSON.stringify(identity));
    return;
  }
  const echo = request.method === 'POST' ? { echo: body } : {};
  response.end(JSON.stringify({ ...identity, host: hostname(), ...echo }));
}

function stop() {
  if (env.IGNORE_SIGTERM === '1') {
    console.log('SIGTERM ignored');
    return;
  }
  if (isStopping) return;
  isStopping = true;
  console.log('SIGTERM: finishing requests in flight');
  // http's own close() would also cut idle connections at once, and lose a request that a proxy has just put on one.
  NetServer.prototype.close.call(server, () => {
    console.log('stopped');
    process.exit(0);
  });
  setTimeout(() => Server.prototype.closeIdleConnections.call(server), lastRequestMs);
}

process.on('SIGTERM', stop);
process.on('SIGINT', stop);
server.keepAliveTimeout = 60_000;

if (env.NEVER_HEALTHY === '1') {
  console.error('NEVER_HEALTHY: the port stays closed');
  setInterval(() => undefined, 60_000);
  process.on('SIGTERM', () => process.exit(0));
} else {
  setTimeout(
    () =>
      server.listen(port, '0.0.0.0', () =>
        console.log(`listening on ${port}: ${identity.version} ${identity.git_sha}`),
      ),
    isOpenWhileBooting ? 0 : bootMs,
  );
}
