import { Agent, request, type IncomingMessage } from 'node:http';
import type { ScheduledRequest } from './schedule.ts';

/** Why a request counts as failed. */
export type FailureKind = 'status' | 'reset' | 'connect' | 'slow' | 'truncated' | 'other';

/** What became of one request. */
export type Answer =
  | { readonly isOk: true; readonly sha: string | undefined }
  | { readonly isOk: false; readonly kind: FailureKind; readonly detail: string; readonly sha: string | undefined };

/** Sends requests to one URL. */
export interface LoadClient {
  readonly send: (scheduled: ScheduledRequest) => Promise<Answer>;
  readonly close: () => void;
}

/** Larger answers are read and thrown away beyond this. */
const BODY_LIMIT = 65_536;
/** A kept connection that nobody used for so long is closed by us, before any server would: a reset is then never our own doing. */
const IDLE_SOCKET_MS = 4_000;

function readSha(body: string): string | undefined {
  return /"git_sha"\s*:\s*"([^"]*)"/.exec(body)?.[1];
}

function classify(error: NodeJS.ErrnoException, wasConnected: boolean): Answer {
  const detail = error.code ?? error.message;
  const connectCodes = ['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL', 'ENOTFOUND'];
  const kind: FailureKind =
    connectCodes.includes(detail) && !wasConnected
      ? 'connect'
      : ['ECONNRESET', 'EPIPE'].includes(detail)
        ? 'reset'
        : 'other';
  return { isOk: false, kind, detail, sha: undefined };
}

function judge(response: IncomingMessage, body: string): Answer {
  const status = response.statusCode ?? 0;
  const sha = readSha(body);
  return status >= 200 && status < 300
    ? { isOk: true, sha }
    : { isOk: false, kind: 'status', detail: String(status), sha };
}

function sendOne(url: URL, agent: Agent, scheduled: ScheduledRequest, limitMs: number): Promise<Answer> {
  return new Promise((resolve) => {
    let wasConnected = false;
    const body =
      scheduled.method === 'POST' ? JSON.stringify({ request: scheduled.index, filler: 'x'.repeat(200) }) : undefined;
    const headers =
      body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request(url, { agent, method: scheduled.method, headers });
    const end = (answer: Answer): void => {
      clearTimeout(limit);
      resolve(answer);
    };
    const limit = setTimeout(() => {
      // One turn of the event loop first: the answer may lie in the socket, unread because this process was starved.
      setImmediate(() => {
        end({ isOk: false, kind: 'slow', detail: `no complete answer in ${limitMs} ms`, sha: undefined });
        outgoing.destroy();
      });
    }, limitMs);
    outgoing.on('socket', (socket) => {
      wasConnected = !socket.connecting;
      if (socket.connecting) socket.once('connect', () => (wasConnected = true));
    });
    outgoing.on('error', (error: NodeJS.ErrnoException) => end(classify(error, wasConnected)));
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text = text.length < BODY_LIMIT ? text + chunk : text));
      response.on('end', () =>
        end(
          response.complete
            ? judge(response, text)
            : { isOk: false, kind: 'truncated', detail: 'body cut short', sha: undefined },
        ),
      );
      response.on('error', (error: NodeJS.ErrnoException) =>
        end({ isOk: false, kind: 'truncated', detail: error.code ?? error.message, sha: undefined }),
      );
    });
    outgoing.end(body);
  });
}

/** @param limitMs an answer that is not complete by then is a failure; its connection is dropped. */
export function createLoadClient(url: URL, limitMs: number): LoadClient {
  const kept = new Agent({ keepAlive: true, scheduling: 'lifo', maxFreeSockets: 64, timeout: IDLE_SOCKET_MS });
  const fresh = new Agent({ keepAlive: false });
  return {
    send: (scheduled) => sendOne(url, scheduled.isKeepAlive ? kept : fresh, scheduled, limitMs),
    close: () => {
      kept.destroy();
      fresh.destroy();
    },
  };
}
