import { PassThrough, pipeline, type Readable } from 'node:stream';
import { HostError, type ExecResult, type Host } from '../host/host.ts';
import type { DeployPath } from './deploy-path.ts';
import { keepPreviousLine, packPreviousFunction, unkept } from './previous-set.ts';
import { activateScript } from './staged-swap-scripts.ts';
import { treeError } from './staged-tree-run.ts';
import { receiveScript, settleScript } from './staged-tree-scripts.ts';
import { lockFunctions } from './tree-lock.ts';

/** A set as it travels: a tar as {@link receiveScript} describes it; with the swap's `plan` where it goes live at once. */
export interface StagedArchive {
  readonly tar: Readable;
  /** What packed it; the server has the program of that name. */
  readonly packing: 'plain' | 'gzip' | 'zstd';
  /** Which member of the tar, counted from 1, comes next after each batch but the last; none: one batch. */
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
 * $1 deploy path; stdin: `<packing> <release id> <borders, or -> <lease's step>` in a line, then the set. Nothing comes:
 * nothing is done.
 */
const waiting = `
set -e
echo ready
IFS=' ' read -r packing id borders step || exit 0
`;

const stageScript = `${waiting}set -- "$1" "$id" "$packing" "$step" "$borders"
${receiveScript}`;

/** Three shells in one, and one lock: each has its own settings and traps, and the first that fails is the last. */
const stageAndSwapScript = `${waiting}path=$1
${lockFunctions}open_tree "$path/.deploy"
(set -- "$path" "$id" "$packing" "$step" "$borders"
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
  let isReady: (ms: number | undefined) => void = () => undefined;
  const ready = new Promise<number | undefined>((resolve) => {
    isReady = resolve;
  });
  const onStdoutLine = (line: string): void => {
    if (line === 'ready') isReady(Math.round(performance.now() - startedAt));
  };
  const script = isForNow ? stageAndSwapScript : stageScript;
  const ended = host.script(script, [deployPath], { stdin, onStdoutLine, isSpare, signal, ...bound });
  // Whoever waits for the set to arrive is told of a failure there.
  ended.then(
    () => {
      isReady(undefined);
    },
    () => {
      isReady(undefined);
    },
  );
  return {
    ready,
    receive: async (releaseId, { tar, packing, borders = [] }, step = '') => {
      stdin.write(`${packing} ${releaseId} ${borders.join(',') || '-'} ${step}\n`);
      let failure: Error | undefined;
      // What the source fails with is told, whether or not the command has its stdin already; the command is stopped.
      tar.once('error', (error) => {
        // A command that ended takes its stdin with it, and the stream with that: then it tells what happened.
        if (stdin.destroyed) return;
        failure = error;
        stop.abort(error);
      });
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
