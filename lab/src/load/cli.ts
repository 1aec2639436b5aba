import { parseArgs } from 'node:util';
import { startGenerator } from './generator.ts';
import { completeLoadOptions, LoadOptionError, type LoadOptions } from './load-options.ts';
import type { ParentMessage, ChildMessage } from './load-message.ts';

const usage = `usage: node lab/src/load/cli.ts --url http://127.0.0.1:8080/ [--rate 120] [--post 0.2] [--keep-alive yes|no|both]
       [--limit-ms 5000] [--seconds 20] [--phase NAME]
Prints a JSON report when its time is over, or at SIGINT or SIGTERM. SIGUSR1 begins the next phase.`;

function readKeepAlive(text: string): LoadOptions['keepAlive'] {
  if (text === 'yes' || text === 'no' || text === 'both') return text;
  throw new LoadOptionError(`keep-alive: expected yes, no or both, got ${text}`);
}

function readOptions(): LoadOptions {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { url: text, rate: text, post: text, 'keep-alive': text, 'limit-ms': text, seconds: text, phase: text },
  });
  if (values.url === undefined) throw new LoadOptionError(`url: missing\n${usage}`);
  return completeLoadOptions({
    url: values.url,
    ...(values.rate === undefined ? {} : { rate: Number(values.rate) }),
    ...(values.post === undefined ? {} : { post: Number(values.post) }),
    ...(values['keep-alive'] === undefined ? {} : { keepAlive: readKeepAlive(values['keep-alive']) }),
    ...(values['limit-ms'] === undefined ? {} : { limitMs: Number(values['limit-ms']) }),
    ...(values.seconds === undefined ? {} : { seconds: Number(values.seconds) }),
    ...(values.phase === undefined ? {} : { phase: values.phase }),
  });
}

function serveParent(options: LoadOptions): void {
  const generator = startGenerator(options);
  const tell = (message: ChildMessage, done?: () => void): void => {
    process.send?.(message, undefined, undefined, done);
  };
  tell({ type: 'started' });
  const progress = setInterval(() => tell({ type: 'progress', ...generator.counts() }), 500);
  process.on('message', (message: ParentMessage) => {
    if (message.type === 'mark') generator.mark(message.phase);
    else void generator.stop();
  });
  // The parent is gone: nobody wants this load any more.
  process.on('disconnect', () => process.exit(1));
  void generator.ended.then((report) => {
    clearInterval(progress);
    tell({ type: 'report', report }, () => process.exit(0));
  });
}

async function serveTerminal(options: LoadOptions): Promise<void> {
  const generator = startGenerator(options);
  let phase = 1;
  process.on('SIGUSR1', () => generator.mark(`phase-${++phase}`));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void generator.stop());
  process.stdout.write(`${JSON.stringify(await generator.ended, null, 2)}\n`);
}

try {
  const options = readOptions();
  if (process.send === undefined) await serveTerminal(options);
  else serveParent(options);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
