import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openHttp, type Http } from '../../src/registry/http.ts';
import { openScriptedRegistry, type ScriptedRegistry } from '../scripted-registry.ts';

let registry: ScriptedRegistry;
let http: Http;

beforeEach(async () => {
  registry = await openScriptedRegistry();
  registry.on(/./, (_request, response) => response.end('here'));
  http = openHttp({});
});
afterEach(async () => {
  http.close();
  await registry[Symbol.asyncDispose]();
});
const port = () => registry.host.split(':')[1] ?? '';
const get = (host: string, more: Partial<Parameters<Http['send']>[0]> = {}) =>
  http.send({ url: new URL(`http://${host}:${port()}/`), headers: {}, maxBytes: 100, timeoutMs: 60_000, ...more });

describe('the guard of addresses', () => {
  it('lets allowed kinds through and says where the answer came from', async () => {
    expect(await get('127.0.0.1', { allowed: ['loopback'] })).toMatchObject({ status: 200, peer: 'loopback' });
    expect((await get('localhost', { allowed: ['loopback'] })).status).toBe(200);
  });

  it.each(['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433'])(
    'refuses %s before anything is sent',
    async (host) => {
      await expect(get(host, { allowed: ['public'] })).rejects.toMatchObject({ fault: 'address' });
      expect(registry.seen).toHaveLength(0);
    },
  );

  it('is not got round by a connection that was opened without it', async () => {
    await get('localhost');
    await expect(get('localhost', { allowed: ['public'] })).rejects.toMatchObject({ fault: 'address' });
  });
});

describe('one exchange', () => {
  it('ends with the reason when the step is cancelled', async () => {
    const abort = new AbortController();
    registry.on(/./, () => abort.abort(new Error('cancelled')));
    await expect(get('127.0.0.1', { signal: abort.signal })).rejects.toThrow('cancelled');
  });

  it('tells a TLS failure from a network failure', async () => {
    const url = new URL(`https://${registry.host}/`);
    await expect(http.send({ url, headers: {}, maxBytes: 100, timeoutMs: 60_000 })).rejects.toMatchObject({
      fault: 'tls',
    });
  });

  it('reads only the start of an error page', async () => {
    registry.on(/./, (_request, response) => response.writeHead(500).end(Buffer.alloc(1024 * 1024)));
    expect((await get('127.0.0.1')).body).toHaveLength(64 * 1024);
  });
});
