/** How the deployment stands, for people. The first three are GitHub's own words for the status of a job. */
export type Status = 'success' | 'failure' | 'cancelled' | 'rolled_back' | 'started' | 'skipped';

export const statuses: readonly Status[] = ['success', 'failure', 'cancelled', 'rolled_back', 'started', 'skipped'];

interface Look {
  readonly mark: string;
  /** What happened, after the title: `deployed to prod`. */
  readonly phrase: (where: string) => string;
  /** Red, green, blue of the message's edge. */
  readonly color: number;
}

const looks: Readonly<Record<Status, Look>> = {
  success: { mark: '✅', phrase: (where) => `deployed${where}`, color: 0x2da44e },
  failure: { mark: '❌', phrase: (where) => `deployment${where} failed`, color: 0xcf222e },
  cancelled: { mark: '⚪', phrase: (where) => `deployment${where} cancelled`, color: 0x6e7781 },
  rolled_back: { mark: '↩️', phrase: (where) => `deployment${where} rolled back`, color: 0xbf8700 },
  started: { mark: '🚀', phrase: (where) => `deploying${where}`, color: 0x0969da },
  skipped: { mark: '⏭️', phrase: (where) => `nothing deployed${where}`, color: 0x6e7781 },
};

export function colorOf(status: Status): number {
  return looks[status].color;
}

/** The first line of every message: `✅ shop: deployed to prod`. */
export function headline(status: Status, title: string, environment: string | undefined): string {
  const { mark, phrase } = looks[status];
  return `${mark} ${title}: ${phrase(environment === undefined ? '' : ` to ${environment}`)}`;
}

/**
 * What to tell people: a job that failed because its rollout was undone is told as rolled back, because that is what
 * decides whether they must get up at night.
 */
export function refineStatus(status: Status, outcome: string | undefined): Status {
  return status === 'failure' && outcome === 'rolled_back' ? 'rolled_back' : status;
}
