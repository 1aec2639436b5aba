import { waitUntil } from '../../lab/src/poll.ts';
import type { Project } from './project.ts';

/** What Docker saw of one service: every start and end of a container, in order. */
export interface Timeline {
  /** Fewest and most containers that ran at once, from the first moment on. */
  readonly fewest: number;
  readonly most: number;
  /** Exit codes in the order of the ends. */
  readonly exitCodes: readonly number[];
}

/** A recording that goes on. */
export interface Recording {
  end(): Promise<Timeline>;
}

/**
 * Records the containers of a service from Docker's own events as they come: nothing is missed between two looks, and
 * nothing falls out of the short history that dockerd keeps. A test that fails leaves it for twenty minutes at most.
 */
export async function recordTimeline(project: Project, service: string): Promise<Recording> {
  const { server } = project.lab;
  const file = `/tmp/timeline-${project.name}-${service}`;
  const script = `
since=$(date +%s.%N)
timeout 1200 docker events --since "$since" --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" \\
  --filter event=start --filter event=die --format '{{.Action}} {{.Actor.Attributes.exitCode}}' > "$3" 2>/dev/null < /dev/null &
echo "$!"
docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" | wc -l`;
  const { stdout } = await server.exec(['sh', '-c', script, 'sh', project.name, service, file]);
  const [pid = '', atStart = ''] = stdout.split('\n');
  const look = async (): Promise<Timeline & { readonly isWhole: boolean }> => {
    const read = await server.exec(['sh', '-c', lookScript, 'sh', project.name, service, file]);
    const [now = '', ...lines] = read.stdout.split('\n').filter(Boolean);
    const { last, ...seen } = summarise(lines, Number(atStart));
    return { ...seen, isWhole: last === Number(now) };
  };
  return {
    end: async () => {
      // Docker tells of an event a moment after it.
      const isWhole = async (): Promise<boolean> => (await look()).isWhole;
      await waitUntil(`the recording of ${service} being whole`, isWhole, 120_000);
      const { fewest, most, exitCodes } = await look();
      await server.exec(['sh', '-c', 'kill "$1"; rm -f "$2"', 'sh', pid, file]);
      return { fewest, most, exitCodes };
    },
  };
}

/** How many containers run now, then what was recorded. */
const lookScript = `
docker ps -q --filter "label=com.docker.compose.project=$1" --filter "label=com.docker.compose.service=$2" | wc -l
cat "$3"`;

function summarise(lines: readonly string[], atStart: number): Timeline & { readonly last: number } {
  const counts = [atStart];
  const exitCodes: number[] = [];
  for (const line of lines) {
    const [action, exitCode] = line.split(' ');
    counts.push((counts.at(-1) ?? 0) + (action === 'start' ? 1 : -1));
    if (action === 'die') exitCodes.push(Number(exitCode));
  }
  return { fewest: Math.min(...counts), most: Math.max(...counts), exitCodes, last: counts.at(-1) ?? 0 };
}
