import { PassThrough, pipeline, type Readable } from 'node:stream';
import { deferred } from '../host/deferred.ts';
import { HostError, type ExecResult, type Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';
import { keepPreviousLine, packPreviousFunction, unkept } from './previous-set.ts';
import { activateScript } from './staged-swap-scripts.ts';
import { treeError } from './staged-tree-run.ts';
import { dotsAfter, dotsFunction, receiveScript } from './receive-script.ts';
import { settleScript } from './staged-tree-scripts.ts';
import { lockFunctions } from './tree-lock.ts';

/** A set as it travels: a tar as {@link receiveScript} describes it; with the swap's `plan` where it goes live at once. */
export interface StagedArchive {
  readonly tar: Readable;
  /** What packed it; the server has the program of that name. */
  readonly packing: 'plain' | 'gzip' | 'zstd';
  /** Where in the tar each batch but the last ends, in bytes; none: one batch. */
  readonly borders?: readonly number[];
}

export interface ReceiveOptions {
  /** The command goes on with the activation and clears up after it. */
  readonly isForNow?: boolean;
  /** Where no session is free at once there is no receiver: what waits must not keep others from working. */
  readonly isSpare?: boolean;
  readonly signal: AbortSignal;
  /** For waiting, receiving and the activation together; a promise: from when it is known. */
  readonly timeoutMs: number | Promise<number>;
}

/** A command on the server that waits for a set, and touches nothing before it comes. */
export interface Receiver {
  /** Milliseconds until it waited; undefined where it could not be had. */
  readonly ready: Promise<number | undefined>;
  /** Whether a set of ours is live there; false where that is not known. */
  readonly isKnown: Promise<boolean>;
  /**
   * Sends the set, once. `step` is that of the lease: where the lease says another one by then, LEASE_LOST.
   * @returns whether what was live before is kept; true where nothing goes live
   * @throws StagedTreeError STAGED_TREE_CORRUPT; PATH_BLOCKED by an activation, which the caller then undoes
   */
  receive(releaseId: string, archive: StagedArchive, step?: string): Promise<boolean>;
  /** It is not needed, or has done its work: it ends by itself. */
  cancel(): void;
}

/**
 * $1 deploy path; stdin: `<packing> <release id> <dots, or -> <lease's step>` in a line, then the set. Nothing comes:
 * nothing is done.
 */
const waiting = `
set -e
${dotsFunction}if [ -f "$1/.deploy/manifest.json" ]; then echo ready known; else echo ready; fi
IFS=' ' read -r packing id ends step || exit 0
`;

const stageScript = `${waiting}set -- "$1" "$id" "$packing" "$step" "$ends"
${receiveScript}`;

/** Three shells in one, and one lock: each has its own settings and traps, and the first that fails is the last. */
const stageAndSwapScript = `${waiting}path=$1
${lockFunctions}open_tree "$path/.deploy"
(set -- "$path" "$id" "$packing" "$step" "$ends"
${receiveScript}${packPreviousFunction})
(set -- "$path" "$id"
${activateScript}${keepPreviousLine}) < "$path/.deploy/staged/$id/plan" > /dev/null
(set -- "$path"
${settleScript})`;

/** Opens a receiver: where a server is far away, before it is known what will be sent. */
export function openReceiver(host: Host, deployPath: DeployPath, options: ReceiveOptions): Receiver {
  const { isForNow = false, isSpare = false, timeoutMs } = options;
  const bound = typeof timeoutMs === 'number' ? { timeoutMs } : { timeLimit: timeoutMs };
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const stdin = new PassThrough({ highWaterMark: 256 * 1024 });
  const startedAt = performance.now();
  const greeting = deferred<{ readonly ms: number; readonly isKnown: boolean } | undefined>();
  const onStdoutLine = (line: string): void => {
    if (!line.startsWith('ready')) return;
    greeting.resolve({ ms: Math.round(performance.now() - startedAt), isKnown: line.endsWith('known') });
  };
  const script = isForNow ? stageAndSwapScript : stageScript;
  const ended = host.script(script, [deployPath], { stdin, onStdoutLine, isSpare, signal, ...bound });
  // Whoever waits for the set to arrive is told of a failure there.
  ended.then(
    () => {
      greeting.resolve(undefined);
    },
    () => {
      greeting.resolve(undefined);
    },
  );
  return {
    ready: greeting.promise.then((said) => said?.ms),
    isKnown: greeting.promise.then((said) => said?.isKnown ?? false),
    receive: async (releaseId, { tar, packing, borders = [] }, step = '') => {
      const dots = borders.map(dotsAfter);
      const ends = dots.map((count, at) => count - (dots[at - 1] ?? 0));
      stdin.write(`${packing} ${releaseId} ${ends.join(',') || '-'} ${step}\n`);
      let failure: Error | undefined;
      // What the source fails with is told, whether or not the command has its stdin already; the command is stopped.
      const onFailed = (error: Error): void => {
        // A command that ended takes its stdin with it, and the stream with that: then it tells what happened.
        if (stdin.destroyed) return;
        failure = error;
        stop.abort(error);
      };
      // One that was packed ahead may have failed before this.
      if (tar.errored === null) tar.once('error', onFailed);
      else onFailed(tar.errored);
      pipeline(tar, stdin, () => undefined);
      const result = await ended.catch((thrown: unknown) => {
        throw failure ?? thrown;
      });
      throwIfFailed(host, deployPath, releaseId, result, isForNow);
      return !result.stdout.split('\n').includes(unkept);
    },
    cancel: () => {
      stdin.end();
    },
  };
}

function throwIfFailed(
  host: Host,
  deployPath: DeployPath,
  releaseId: string,
  result: ExecResult,
  isForNow: boolean,
): void {
  if (result.code === 0 && !result.stdout.startsWith('ready'))
    throw new HostError({
      code: 'COMMAND_FAILED',
      message: `${host.name}: nothing waited for the files.`,
      hint: 'Run the job again.',
    });
  const purpose = isForNow ? 'stage the files and make them live' : 'stage the files';
  if (result.code !== 0) throw treeError(host, deployPath, releaseId, purpose, result);
}
