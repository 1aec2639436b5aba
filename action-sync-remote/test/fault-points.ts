import type { Userland } from './fault-server.ts';

/** Where on the server a sync can be hit: just before a command of its own whose words match. */
export interface FaultPoint {
  readonly name: string;
  /** Glob of sh over the command's words, the program's name first. */
  readonly command: string;
}

const partPoints: readonly FaultPoint[] = [
  { name: 'a part of a big file comes', command: 'rm -f */parts/*/marks-*/0' },
  { name: 'a part gets its mark', command: 'mv -f */marks-*/.0 *' },
  { name: 'a part goes into the set', command: 'mv -f .deploy/parts/*' },
];

/** `[cp]*l *`: link_all of the kit links by `perl -e`, or by `cp -Pl`. */
const transferPoints: readonly FaultPoint[] = [
  { name: 'the state folder is made ready', command: 'mkdir -p -m 0700 .deploy/journal*' },
  ...partPoints,
  { name: 'the stream is unpacked', command: 'tar -x*of *' },
  { name: 'the set is verified', command: 'cmp -s - ../sums.*' },
  { name: 'what is unchanged is linked', command: '[cp]*l *tree' },
  { name: 'the set counts as staged', command: 'mv */manifest.json.new *' },
];

const swapPoints: readonly FaultPoint[] = [
  { name: 'the old files are saved', command: '[cp]*l *undo/*.new/old' },
  { name: 'the undo record counts', command: 'mv /*undo/*.new *' },
  { name: 'the new files stand beside', command: '[cp]*l *undo/*/swap' },
  { name: 'the first folder is swapped', command: 'mv -f -- *swap/./compose.yaml*' },
  { name: 'the next folder is swapped', command: 'mv -f -- */app/./conf/' },
  { name: 'the env file is swapped', command: 'mv -f *.env.deploy-next *' },
  { name: 'deleted files go', command: 'rm -f -- *./gone*' },
  { name: 'the manifest is published', command: 'mv -f .deploy/manifest.json.new *' },
  { name: 'the lists of the live set follow', command: 'mv .deploy/live.new *' },
  { name: 'the undo record goes', command: 'mv .deploy/undo .deploy/undo.old' },
  { name: 'the staged set goes', command: 'rm -rf .deploy/staged/*' },
  { name: 'the previous set is packed', command: 'tar -cf *files/.previous.tar *' },
  { name: 'the previous set takes its place', command: 'mv -f .deploy/files/.previous.tar *' },
];

export const faultPoints: readonly FaultPoint[] = [...transferPoints, ...swapPoints];

/** How big a file the set needs so that its content is still on the way at this point: more than SSH's window holds. */
export function ballastOf(point: FaultPoint): number {
  if (partPoints.includes(point)) return 17 * 1024 * 1024;
  return point.command.startsWith('tar ') ? 6 * 1024 * 1024 : 0;
}

/**
 * - cut: the cable is pulled; what runs on the server goes on alone.
 * - power: the cable is pulled, and what runs on the server dies.
 * - crashed: what runs on the server dies; the connection stands.
 * - killed: the action dies (SIGKILL); what runs on the server goes on.
 * - cancelled: somebody cancels the job.
 */
export const faults = ['cut', 'power', 'crashed', 'killed', 'cancelled'] as const;
export type Fault = (typeof faults)[number];

/** The programs of {@link FaultPoint.command}. */
export const watchedTools = ['cmp', 'cp', 'mkdir', 'mv', 'perl', 'rm', 'tar'] as const;

/** For every run: each fault, each point, and the cable at ten of them. `TEST_MATRIX=whole` has the product, with each userland. */
const subset: Readonly<Record<Fault, readonly number[]>> = {
  cut: [1, 4, 5, 6, 7, 9, 11, 12, 14, 15],
  power: [12],
  crashed: [13, 18, 19],
  killed: [2, 3, 8, 10, 16, 17, 20],
  cancelled: [0],
};

/** With BusyBox's programs instead: those points at which they differ most. */
const busyBoxSubset: Readonly<Record<Fault, readonly number[]>> = {
  cut: [4, 5, 6, 7],
  power: [12],
  crashed: [8, 13],
  killed: [11, 16],
  cancelled: [14],
};

export function cellsOf(fault: Fault, isWhole: boolean, userland: Userland): readonly FaultPoint[] {
  const chosen = userland === 'BusyBox' ? busyBoxSubset : subset;
  return isWhole ? faultPoints : chosen[fault].flatMap((index) => faultPoints[index] ?? []);
}
