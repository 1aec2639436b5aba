import type { Project } from './project.ts';

/**
 * What is not as it should be after a run that succeeded: one healthy container of the wanted image, no leftover,
 * ledger, pins and journal that agree, nothing staged, a free lease, and nothing for a person's `docker compose up -d`
 * to do.
 */
export async function findDisorder(project: Project, digest: string): Promise<readonly string[]> {
  const problems: string[] = [];
  const check = (isRight: boolean, sentence: string): void => {
    if (!isRight) problems.push(sentence);
  };
  const before = await project.containers();
  const names = before.map(({ name, state, image }) => `${name} (${state}, ${image})`).join(', ');
  const [only] = before;
  check(before.length === 1 && only?.state === 'running', `not exactly one running container: ${names}`);
  if (only === undefined) return problems;
  const running = await project.runningDigests();
  check(
    running.every((found) => found === digest),
    `${running.join(', ')} runs instead of ${digest}`,
  );
  const state = await readState(project);
  check(state.current.includes(digest), `the current release does not name ${digest}: ${state.current}`);
  check(state.pins.includes(digest), `the pins do not name ${digest}: ${state.pins}`);
  check(state.lease === '', `the lease is held: ${state.lease}`);
  check(
    /^(committed|rollback-done|recovered|refused)$/.test(state.lastStep),
    `the last journal ends in ${state.lastStep}`,
  );
  check(state.left === '', `left behind in .deploy: ${state.left}`);
  await project.upByHand();
  const after = await project.containers();
  check(after.length === 1 && after[0]?.id === only.id, 'docker compose up -d by a person made a new container');
  return problems;
}

interface ServerState {
  readonly current: string;
  readonly pins: string;
  readonly lease: string;
  readonly lastStep: string;
  /** Staged trees, undo records and temporary files. */
  readonly left: string;
}

const readScript = `
cd "$1/.deploy"
one() { tr -d '\\n' < "$1" 2>/dev/null; echo; }
one current
one pins.yaml
one lease.json
tail -n 1 "$(ls journal/*.jsonl | sort | tail -n 1)" | sed 's/.*"step":"\\([a-z-]*\\)".*/\\1/'
ls -d staged/* undo/* tmp-* 2>/dev/null | tr '\\n' ' '; echo`;

async function readState(project: Project): Promise<ServerState> {
  const { stdout } = await project.lab.server.exec(['sh', '-c', readScript, 'sh', project.path]);
  const [current = '', pins = '', lease = '', lastStep = '', left = ''] = stdout.split('\n');
  return { current, pins, lease, lastStep, left: left.trim() };
}
