import fs from 'node:fs';

/**
 * Loaded before the bundler, which takes no settings of its own. The bundler is told that loading these packages does nothing
 * but define what they export, which their package.json could say and does not: parts that nobody uses then stay out.
 * `@actions/core` is the case that matters: `getIDToken()`, which no action calls, brings an HTTP client and all of undici,
 * 900 kB and a third of the time that a bundle takes to start.
 */
const pure = /[\\/]node_modules[\\/]@actions[\\/](core|exec|io)[\\/]package\.json$/;

/** `fs.readFile` as a bundler calls it: the options may be left out. */
type ReadFile = (path: unknown, ...rest: [...options: unknown[], done: Done]) => void;
type Done = (error: unknown, content?: unknown) => void;

const readFile = Reflect.get<object, PropertyKey>(fs, 'readFile') as ReadFile;

const readHinted: ReadFile = (path, ...rest) => {
  if (typeof path !== 'string' || !pure.test(path)) {
    readFile(path, ...rest);
    return;
  }
  const done = rest.at(-1) as Done;
  readFile(path, ...rest.slice(0, -1), (error, content) => {
    if (error === null) done(null, markPure(content));
    else done(error);
  });
};
Reflect.set(fs, 'readFile', readHinted);

/** A package.json, as text or as bytes, in the form it came. */
function markPure(content: unknown): unknown {
  const manifest: unknown = JSON.parse(String(content));
  const text = JSON.stringify(typeof manifest === 'object' ? { ...manifest, sideEffects: false } : manifest);
  return Buffer.isBuffer(content) ? Buffer.from(text) : text;
}
