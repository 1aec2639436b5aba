import type { LookupAddress } from 'node:dns';
import * as http from 'node:http';
import type { RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';

import { addressKind, bareHost, type AddressKind } from './address.ts';
import { findProxy, type ProxySettings } from './proxy.ts';

/** One GET, or one POST of a form. */
export interface Exchange {
  readonly url: URL;
  /** Posted as application/x-www-form-urlencoded; without it the exchange is a GET. */
  readonly form?: URLSearchParams | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** A longer body ends the exchange. */
  readonly maxBytes: number;
  /** For the whole exchange, from connect to the last byte: a slow drip ends too. */
  readonly timeoutMs: number;
  /** Where the address may lie; undefined when the user named the host. */
  readonly allowed?: readonly AddressKind[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Uint8Array;
  /** Where the address that answered lies; undefined behind a proxy, which does not tell. */
  readonly peer: AddressKind | undefined;
}

export type ExchangeFault = 'network' | 'timeout' | 'tls' | 'too-large' | 'address';

/** No usable answer came. */
export class ExchangeError extends Error {
  readonly fault: ExchangeFault;

  constructor(fault: ExchangeFault, message: string) {
    super(message);
    this.name = 'ExchangeError';
    this.fault = fault;
  }
}

/** The door to the network: one exchange, no redirects, no retries, no authentication. */
export interface Http {
  send(exchange: Exchange): Promise<Answer>;
  /** Exchanges so far. */
  count(): number;
  close(): void;
}

const userAgent = 'deploy-actions-verify-image';
/** So that a release of twenty images takes the round trips of one; what has fewer images opens fewer. */
const socketsPerHost = 20;
/** Of an error answer only the start is of use. */
const errorBodyBytes = 64 * 1024;

export interface HttpOptions {
  /** PEM certificates trusted beside the known ones. */
  readonly ca?: string | undefined;
  readonly proxy?: ProxySettings | undefined;
}

/** Opens the door on node:http and node:https, with kept connections. */
export function openHttp(options: HttpOptions): Http {
  const doors = new Map<string, Promise<Door>>();
  let exchanges = 0;
  const doorFor = ({ url, allowed }: Exchange, proxy: string | undefined): Promise<Door> => {
    // A connection opened without the guard must not serve a guarded exchange.
    const key = `${url.protocol} ${allowed?.join() ?? 'any'} ${proxy ?? ''}`;
    const door = doors.get(key) ?? openDoor(url.protocol, proxy, options.ca);
    doors.set(key, door);
    return door;
  };
  return {
    send: async (exchange) => {
      exchanges++;
      const proxy = findProxy(exchange.url, options.proxy);
      return exchangeOnce(exchange, await doorFor(exchange, proxy), proxy !== undefined);
    },
    count: () => exchanges,
    close: () => {
      for (const door of doors.values()) void door.then(({ agent }) => agent.destroy());
    },
  };
}

/** How requests of one protocol are made, and the connections that they share. */
interface Door {
  readonly agent: http.Agent;
  readonly request: typeof http.request;
}

/** TLS is loaded by the first exchange that needs it: loading it takes half as long as starting Node. */
async function openDoor(protocol: string, proxy: string | undefined, ca: string | undefined): Promise<Door> {
  const proxyEnv = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  const pool = { keepAlive: true, maxSockets: socketsPerHost, ...proxyEnv };
  if (protocol !== 'https:') return { agent: new http.Agent(pool), request: http.request };
  const [{ Agent, request }, { getCACertificates }] = await Promise.all([import('node:https'), import('node:tls')]);
  const trusted = ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] };
  return { agent: new Agent({ ...pool, ...trusted }), request };
}

async function exchangeOnce(exchange: Exchange, door: Door, isProxied: boolean): Promise<Answer> {
  exchange.signal?.throwIfAborted();
  try {
    return await converse(exchange, door, isProxied);
  } catch (thrown) {
    exchange.signal?.throwIfAborted();
    throw classifyFault(thrown);
  }
}

/** With a timer and events of its own: signals and iterators would cost as much again as the request itself. */
async function converse(exchange: Exchange, { agent, request: send }: Door, isProxied: boolean): Promise<Answer> {
  const { signal, timeoutMs, maxBytes } = exchange;
  const request = send(exchange.url, { ...requestOptions(exchange, isProxied), agent });
  let timer: NodeJS.Timeout | undefined;
  let cancel: (() => void) | undefined;
  try {
    return await new Promise<Answer>((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new ExchangeError('timeout', `no whole answer within ${timeoutMs / 1000}s`));
      }, timeoutMs);
      cancel = () => {
        reject(new ExchangeError('network', 'cancelled'));
      };
      signal?.addEventListener('abort', cancel);
      request.on('error', reject);
      request.on('response', (answer) => {
        const peer = isProxied ? undefined : addressKind(answer.socket.remoteAddress ?? '');
        const finish = (body: Uint8Array): void => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body, peer });
        };
        readBody(answer, maxBytes, finish, reject);
      });
      request.end(exchange.form?.toString());
    });
  } catch (thrown) {
    request.destroy();
    throw thrown;
  } finally {
    clearTimeout(timer);
    if (cancel !== undefined) signal?.removeEventListener('abort', cancel);
  }
}

function requestOptions({ url, form, headers, allowed }: Exchange, isProxied: boolean): RequestOptions {
  const kind = addressKind(bareHost(url.hostname));
  if (allowed !== undefined && kind !== undefined && !allowed.includes(kind)) throw refusedAddress(url, kind);
  const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  return {
    method: form === undefined ? 'GET' : 'POST',
    headers: { 'user-agent': userAgent, 'accept-encoding': 'identity', ...type, ...headers },
    // Behind a proxy it is the proxy that looks names up; what is looked up here is the proxy's own name.
    ...(allowed === undefined || isProxied ? {} : { lookup: guardedLookup(url, allowed) }),
  };
}

function readBody(
  answer: http.IncomingMessage,
  maxBytes: number,
  finish: (body: Uint8Array) => void,
  fail: (reason: Error) => void,
): void {
  const isGood = answer.statusCode === 200;
  const limit = isGood ? maxBytes : errorBodyBytes;
  const tooLarge = new ExchangeError('too-large', `the answer is larger than ${limit / 1024 / 1024} MiB`);
  const chunks: Buffer[] = [];
  let size = 0;
  const whole = (): Uint8Array => Buffer.concat(chunks).subarray(0, limit);
  answer.on('error', fail);
  if (isGood && Number(answer.headers['content-length'] ?? 0) > limit) {
    fail(tooLarge);
    return;
  }
  answer.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit || !isGood) chunks.push(chunk);
    if (size <= limit) return;
    if (isGood) fail(tooLarge);
    else {
      // The rest of an error page is not read.
      finish(whole());
      answer.destroy();
    }
  });
  answer.on('end', () => {
    finish(whole());
  });
  answer.on('close', () => {
    if (!answer.complete) fail(new ExchangeError('network', 'the connection ended in the middle of the answer'));
  });
}

function refusedAddress(url: URL, kind: AddressKind): ExchangeError {
  return new ExchangeError('address', `${url.hostname} is a ${kind} address`);
}

/** Resolves a name and refuses it when any of its addresses lies where it may not: checked on what is connected to. */
function guardedLookup(url: URL, allowed: readonly AddressKind[]): LookupFunction {
  return (hostname, options, callback) => {
    // Loaded by the first name that is looked up.
    const { lookup } = process.getBuiltinModule('node:dns');
    lookup(hostname, { ...options, all: true }, (error, found: LookupAddress[] | undefined) => {
      const addresses = found ?? [];
      const kinds = addresses.map(({ address }) => addressKind(address) ?? 'private');
      const refused = kinds.find((kind) => !allowed.includes(kind));
      const [first] = addresses;
      if (error !== null) callback(error, []);
      else if (refused !== undefined || first === undefined) callback(refusedAddress(url, refused ?? 'private'), []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function classifyFault(thrown: unknown): ExchangeError {
  if (thrown instanceof ExchangeError) return thrown;
  const code = thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
  const message = thrown instanceof Error && thrown.message !== '' ? thrown.message : String(thrown);
  const isTls = /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|EPROTO)/.test(code);
  return new ExchangeError(
    isTls ? 'tls' : 'network',
    code === '' || message.includes(code) ? message : `${code}: ${message}`,
  );
}
