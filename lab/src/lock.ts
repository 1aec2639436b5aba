import { createServer, connect } from 'node:net';
import { LabError } from './error.ts';
import type { Log } from './log.ts';
import type { LabPaths } from './paths.ts';

export interface Lock {
  release(): Promise<void>;
}

/**
 * One `up` or `down` of a lab at a time. The lock is a listening abstract unix socket: the kernel frees it when its
 * process ends, however it ends. Waiting is a connection that closes when the holder is gone.
 */
export async function acquireLock(id: string, log: Log, timeoutMs = 600_000): Promise<Lock> {
  const address = `\0deploy-actions-lab-${id}`;
  const deadline = performance.now() + timeoutMs;
  let told = false;
  for (;;) {
    const lock = await tryListen(address);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) {
      throw new LabError(`another lab command has held the lock for ${String(timeoutMs / 1000)} s.`);
    }
    if (!told) log('waiting for another lab command to end');
    told = true;
    await holderEnds(address, deadline - performance.now());
  }
}

/** One command at a time on this lab, and on the cache where it is shared with others. */
export async function withLabLock<T>(paths: LabPaths, log: Log, work: () => Promise<T>): Promise<T> {
  const isShared = !paths.cache.startsWith(`${paths.root}/`);
  const own = await acquireLock(paths.id, log);
  try {
    const shared = isShared ? await acquireLock(`cache:${paths.cache}`, log) : undefined;
    try {
      return await work();
    } finally {
      await shared?.release();
    }
  } finally {
    await own.release();
  }
}

function tryListen(address: string): Promise<Lock | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    const sockets = new Set<{ destroy(): void }>();
    server.on('connection', (socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => sockets.delete(socket));
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => {
      server.unref();
      const release = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => {
            done();
          });
          for (const socket of sockets) socket.destroy();
        });
      resolve({ release });
    });
  });
}

function holderEnds(address: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const timer = setTimeout(() => socket.destroy(), timeoutMs);
    socket.on('error', () => undefined);
    socket.resume();
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
