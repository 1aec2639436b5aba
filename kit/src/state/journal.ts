import { runBatch, type BatchPart } from '../host/batch.ts';
import { scriptOrThrow, type Host } from '../host/host.ts';
import { statePath, type DeployPath } from './deploy-path.ts';

/** One transition of a deploy; `step` is closed by the engine that writes it, `data` is what undoing or finishing needs. */
export interface JournalLine {
  readonly step: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A deploy that did not reach its end: its runner died, lost the connection, or the server went down. */
export interface UnfinishedDeploy {
  readonly deployId: string;
  readonly lines: readonly JournalLine[];
}

/** Steps that end a journal. */
const finalSteps: ReadonlySet<string> = new Set([
  'committed',
  'rollback-done',
  'rollback-failed',
  'recovered',
  'refused',
]);

/** Steps of a deploy that has not replaced anything yet. */
const earlySteps: ReadonlySet<string> = new Set(['begin', 'files-swapped']);

/**
 * Whether a deploy that died is brought to its end rather than undone: its commit had begun, or it is an explicit
 * rollback that had begun to replace containers, and that nobody cancelled. Its files stay live, too.
 */
export function isToBeFinished({ lines }: UnfinishedDeploy): boolean {
  const has = (step: string): boolean => lines.some((line) => line.step === step);
  const isRollback = lines.some(({ step, data }) => step === 'begin' && typeof data['restores'] === 'number');
  return (
    has('pins-staged') || (isRollback && !has('rollback-started') && lines.some(({ step }) => !earlySteps.has(step)))
  );
}

/** Appends and syncs BEFORE the mutation that the line announces (I3 of docs/architecture.md). $1 file; stdin: the line. */
const appendScript = `cat >> "$1" && { sync "$1" 2>/dev/null || sync; }`;
/** The same with the line as $2: one program less. */
const appendShortScript = `printf '%s\\n' "$2" >> "$1" && { sync "$1" 2>/dev/null || sync; }`;
/** Longer lines go by stdin: the arguments of a batch have a limit, and everybody on the server can read them. */
const mostShortLine = 1_000;

/** $1 deploy path, $2 one deploy's id; absent: the newest. Prints the file's name, then the file. */
const readScript = `
cd "$1/.deploy/journal" 2>/dev/null || exit 0
file=\${2:+$2.jsonl}
[ -n "$file" ] || file=$(ls -1 2>/dev/null | grep '\\.jsonl$' | sort | tail -n 1)
[ -f "$file" ] || exit 0
echo "$file"; cat "$file"`;

const idPattern = /^d(\d{8})-/;

/**
 * The id of the deploy that begins after the one with the `newest` journal on the server: a number that only a holder of
 * the lease counts up, so that no clock decides which deploy was the last; then the time and a random part, for people.
 */
export function nextDeployId(newest: string | undefined, date: Date, random = Math.random()): string {
  const number = Number(idPattern.exec(newest ?? '')?.[1] ?? 0) + 1;
  const stamp = date.toISOString().replaceAll(/[-:.]/g, '');
  return `d${String(number).padStart(8, '0')}-${stamp}-${random.toString(16).slice(2, 8).padEnd(6, '0')}`;
}

/** The journal of one deploy. Ids sort in the order of the deploys (see {@link nextDeployId}). */
export interface Journal {
  readonly deployId: string;
  /** A line as a part of a batch: put it in front of the mutation that it announces. */
  line(step: string, data?: Readonly<Record<string, unknown>>): BatchPart;
  append(step: string, data?: Readonly<Record<string, unknown>>): Promise<void>;
}

/** Opens the journal of a new or of an unfinished deploy; the file appears with its first line. */
export function openJournal(host: Host, deployPath: DeployPath, deployId: string): Journal {
  const file = statePath(deployPath, 'journal', `${deployId}.jsonl`);
  const line = (step: string, data: Readonly<Record<string, unknown>> = {}): BatchPart => {
    const purpose = `write the journal (${step})`;
    const text = JSON.stringify({ at: new Date().toISOString(), step, data });
    return text.length <= mostShortLine
      ? { purpose, source: appendShortScript, args: [file, text] }
      : { purpose, source: appendScript, args: [file], stdin: `${text}\n` };
  };
  return {
    deployId,
    line,
    append: async (step, data = {}) => {
      await runBatch(host, [line(step, data)]);
    },
  };
}

/** The last deploy, or the one with the given id, if its journal does not end in a final step. */
export async function findUnfinishedDeploy(
  host: Host,
  deployPath: DeployPath,
  deployId = '',
): Promise<UnfinishedDeploy | undefined> {
  const result = await scriptOrThrow(host, 'read the journal', readScript, [deployPath, deployId]);
  return parseUnfinished(result.stdout);
}

/** {@link findUnfinishedDeploy} as a part; {@link parseUnfinished} and {@link parseDeployId} read its output. */
export function readJournalPart(deployPath: DeployPath): BatchPart {
  return { purpose: 'read the journal', source: readScript, args: [deployPath] };
}

/** Pure: the id of the deploy whose journal was read; undefined where there is none. */
export function parseDeployId(text: string): string | undefined {
  const [file = ''] = text.split('\n');
  return file === '' ? undefined : file.replace(/\.jsonl$/, '');
}

/** Pure part of {@link findUnfinishedDeploy}. A last line that a power cut tore is not a transition: its mutation never began. */
export function parseUnfinished(text: string): UnfinishedDeploy | undefined {
  const deployId = parseDeployId(text);
  if (deployId === undefined) return undefined;
  const lines = text.split('\n').slice(1).flatMap(parseLine);
  const last = lines.at(-1);
  return last === undefined || finalSteps.has(last.step) ? undefined : { deployId, lines };
}

function parseLine(text: string): readonly JournalLine[] {
  try {
    const line = JSON.parse(text) as Partial<JournalLine>;
    return typeof line.step === 'string' ? [{ step: line.step, data: line.data ?? {} }] : [];
  } catch {
    return [];
  }
}
