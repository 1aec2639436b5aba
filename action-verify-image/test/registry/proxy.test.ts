import { createServer, request as sendRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { openHttp } from '../../src/registry/http.ts';
import { canUseProxies, findProxy, readProxySettings } from '../../src/registry/proxy.ts';

const proxyUrl = 'http://proxy.lan:3128';
const through = (url: string, except?: string) =>
  findProxy(new URL(url), { https: proxyUrl, http: 'http://plain.lan:3128', except }) ?? 'direct';

describe('findProxy', () => {
  it('takes the proxy of the scheme', () => {
    expect(through('https://ghcr.io/v2/')).toBe(proxyUrl);
    expect(through('http://registry.lan:5000/')).toBe('http://plain.lan:3128');
    expect(findProxy(new URL('https://ghcr.io'), { https: undefined, http: 'x', except: undefined })).toBeUndefined();
    expect(findProxy(new URL('https://ghcr.io'), undefined)).toBeUndefined();
  });

  it.each(['http://localhost:5000/', 'http://127.0.0.1:5000/', 'https://[::1]/'])('is not used for %s', (url) => {
    expect(through(url)).toBe('direct');
  });

  it.each([
    ['https://registry.lan/', 'registry.lan', 'direct'],
    ['https://registry.lan/', 'other.lan, .lan', 'direct'],
    ['https://registry.lan/', '*.lan', 'direct'],
    ['https://registry.lan/', 'LAN', 'direct'],
    ['https://registry.lan/', '*', 'direct'],
    ['https://registry.lan/', 'registry.lan:443', 'direct'],
    ['https://registry.lan/', 'registry.lan:5000', proxyUrl],
    ['https://registry.lan/', 'gistry.lan', proxyUrl],
    ['https://registry.lan/', ' ,, ', proxyUrl],
    ['https://[fd00::1]/', 'fd00::1', 'direct'],
    ['https://10.1.2.3/', '10.1.2.3', 'direct'],
  ])('reaches %s with NO_PROXY=%j: %s', (url, except, expected) => {
    expect(through(url, except)).toBe(expected);
  });
});

describe('readProxySettings', () => {
  it('reads both spellings, the lower-case one first', () => {
    const env: Record<string, string> = { HTTPS_PROXY: 'a', https_proxy: 'b', HTTP_PROXY: 'c', NO_PROXY: 'd' };
    expect(readProxySettings((name) => env[name])).toEqual({ https: 'b', http: 'c', except: 'd' });
  });
});

describe('canUseProxies', () => {
  it.each([
    ['24.4.1', false],
    ['24.5.0', true],
    ['25.0.0', true],
    ['22.21.0', false],
  ])('of Node %s is %s: an older one would connect past the proxy', (version, expected) => {
    expect(canUseProxies(version)).toBe(expected);
  });
});

describe('behind a proxy', () => {
  let proxied: string[];
  const proxy = createServer((incoming, answer) => {
    proxied.push(incoming.url ?? '');
    // As if the name were known to the proxy alone.
    const url = new URL(incoming.url ?? '', 'http://nowhere');
    const onward = sendRequest({ host: '127.0.0.1', port: url.port, path: url.pathname }, (found) => {
      answer.writeHead(found.statusCode ?? 0, found.headers);
      found.pipe(answer);
    });
    onward.end();
  });
  proxy.on('connect', (incoming, socket) => {
    proxied.push(`CONNECT ${incoming.url ?? ''}`);
    const port = Number(incoming.url?.split(':')[1]);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    onward.on('error', () => socket.destroy());
  });
  const target = createServer((_incoming, answer) => answer.end('here'));
  const portOf = (server: typeof target) => (server.address() as AddressInfo).port;

  beforeEach(async () => {
    proxied = [];
    for (const server of [proxy, target]) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  });
  afterEach(() => {
    for (const server of [proxy, target]) {
      server.closeAllConnections();
      server.close();
    }
  });

  it('asks the proxy, which knows names that we do not, and believes no address of its own', async () => {
    const url = `http://127.0.0.1:${portOf(proxy)}`;
    const http = openHttp({ proxy: { https: url, http: url, except: undefined } });
    const exchange = { headers: {}, maxBytes: 100, timeoutMs: 60_000 };
    const target1 = new URL(`http://registry.invalid:${portOf(target)}/v2/`);
    const answer = await http.send({ url: target1, ...exchange, allowed: ['public'] });
    expect(Buffer.from(answer.body).toString()).toBe('here');
    expect(answer.peer).toBeUndefined();
    expect(proxied).toHaveLength(1);
    // TLS goes through a tunnel; this one leads to a server that speaks none.
    const target2 = new URL(`https://registry.invalid:${portOf(target)}/v2/`);
    await expect(http.send({ url: target2, ...exchange })).rejects.toMatchObject({
      fault: expect.stringMatching(/tls|network/) as string,
    });
    expect(proxied.at(-1)).toBe(`CONNECT registry.invalid:${portOf(target)}`);
    await expect(
      http.send({ url: new URL('https://169.254.169.254/'), ...exchange, allowed: ['public'] }),
    ).rejects.toMatchObject({ fault: 'address' });
    http.close();
  });
});
