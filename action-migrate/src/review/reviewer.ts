import { Worker } from 'node:worker_threads';
import { DeployError } from '@deploy-actions/kit/action/errors';
import { largestText, type FileReview, type SqlFile } from './finding.ts';
import { oneFinding } from './review-sql.ts';

/** Where the worker's program is. */
export interface WorkerPlace {
  /** The bundled `sql-review/index.js`, or worker.ts itself. */
  readonly script: string;
  /** libpg-query.wasm; absent = beside the script. */
  readonly wasmFile?: string;
}

/**
 * What one file may take, once the parser is loaded: 2 s of a processor, which on a runner that is busy with other things may be
 * more by the clock. WebAssembly's own memory has its bound in pg-parser.ts.
 */
const fileTimeoutMs = 2000;
const longestMs = 60_000;
const startTimeoutMs = 30_000;
const memoryMb = { maxOldGenerationSizeMb: 112, maxYoungGenerationSizeMb: 16 };

/**
 * Reviews files one after the other in a worker thread. A file that takes too much costs its worker, and gets the one finding
 * that it could not be reviewed; the next one gets a new worker.
 * @throws DeployError BUG when the parser cannot be loaded at all
 */
export async function reviewFiles(files: readonly SqlFile[], place: WorkerPlace): Promise<readonly FileReview[]> {
  const reviews: FileReview[] = [];
  let worker: ReviewWorker | undefined;
  try {
    for (const file of files) {
      if (file.text.length > largestText) {
        reviews.push(oneFinding(file, { rule: 'review-incomplete', what: `has more than ${largestText} bytes` }));
        continue;
      }
      worker ??= await ReviewWorker.start(place);
      const review = await worker.review(file);
      if (typeof review === 'string') {
        reviews.push(oneFinding(file, { rule: 'review-incomplete', what: review }));
        await worker.end();
        worker = undefined;
      } else reviews.push(review);
    }
  } finally {
    await worker?.end();
  }
  return reviews;
}

class ReviewWorker {
  readonly #worker: Worker;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  static async start({ script, wasmFile }: WorkerPlace): Promise<ReviewWorker> {
    const worker = new Worker(script, {
      resourceLimits: memoryMb,
      workerData: { wasmFile },
      // The step's environment holds secrets; a parser needs none of it.
      env: {},
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    const started = new ReviewWorker(worker);
    const answer = await started.#answer(startTimeoutMs);
    if (answer.kind === 'message') return started;
    await started.end();
    throw new DeployError({
      code: 'BUG',
      message: `PostgreSQL's parser for the SQL review could not be started: ${answer.why}. Nothing was changed.`,
      hint: 'Please report it; `lint: off` goes on without the review.',
    });
  }

  /** The review, or why there is none. */
  async review(file: SqlFile): Promise<FileReview | string> {
    this.#worker.postMessage(file);
    const answer = await this.#answer(fileTimeoutMs);
    // Only our own worker speaks here.
    return answer.kind === 'message' ? (answer.value as FileReview) : answer.why;
  }

  async end(): Promise<void> {
    await this.#worker.terminate();
  }

  #answer(timeoutMs: number): Promise<{ kind: 'message'; value: unknown } | { kind: 'none'; why: string }> {
    const worker = this.#worker;
    return new Promise((resolve) => {
      const settle = (answer: { kind: 'message'; value: unknown } | { kind: 'none'; why: string }): void => {
        clearTimeout(timer);
        worker.removeAllListeners('message').removeAllListeners('exit');
        // A worker that fails after its answer must not fail the step.
        worker.removeAllListeners('error').on('error', () => undefined);
        resolve(answer);
      };
      const start = performance.now();
      // While it waits for the worker, this process does nothing else.
      const before = process.cpuUsage();
      const check = (): void => {
        const { user, system } = process.cpuUsage(before);
        const isOver = user + system >= timeoutMs * 1000 || performance.now() - start >= Math.max(longestMs, timeoutMs);
        if (isOver) settle({ kind: 'none', why: `takes longer than ${timeoutMs / 1000} s to review` });
        else timer = setTimeout(check, 50);
      };
      let timer = setTimeout(check, timeoutMs);
      worker.removeAllListeners('error');
      worker.once('message', (value: unknown) => {
        settle({ kind: 'message', value });
      });
      worker.once('error', (error: Error & { code?: string }) => {
        const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        settle({ kind: 'none', why: isMemory ? 'takes too much memory to review' : error.message });
      });
      worker.once('exit', (code) => {
        settle({ kind: 'none', why: `the worker ended with ${code}` });
      });
    });
  }
}
