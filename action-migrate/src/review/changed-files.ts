import { ConfigurationError } from '@deploy-actions/kit/action/errors';
import type { Host } from '@deploy-actions/kit/host/host';

/** $1 workspace, $2 base, rest: git's own words must not be translated, and the repository's configuration runs no program. */
const changedScript = `
cd "$1" || exit 1
g() { git -c safe.directory="$PWD" -c core.fsmonitor=false -c core.quotePath=false "$@"; }
top=$(g rev-parse --show-toplevel) || exit 2
base=$(g rev-parse --verify --quiet --end-of-options "$2^{commit}") || exit 3
fork=$(g merge-base "$base" HEAD 2>/dev/null) || fork=$base
g diff --no-ext-diff --no-textconv --relative --name-only --diff-filter=d -z "$fork" -- . || exit 4
g ls-files --others -z -- . || exit 4`;

/**
 * The files below the workspace that differ from where `base` and HEAD parted, and those that git does not know, with `/`.
 * @param local the runner itself
 * @throws ConfigurationError when the base is not in the clone
 */
export async function findChangedFiles(local: Host, workspace: string, base: string): Promise<ReadonlySet<string>> {
  const result = await local.script(changedScript, [workspace, base], { timeoutMs: 60_000 });
  if (result.code === 0) return new Set(result.stdout.split('\0').filter((path) => path !== ''));
  const said = result.stderr.trim().split('\n').at(-1) ?? '';
  if (result.code === 3)
    throw new ConfigurationError(
      `input \`lint-base\`: ${JSON.stringify(base)} is not in this clone.`,
      'Check out with `fetch-depth: 0` (actions/checkout); a branch is called origin/main there.',
    );
  throw new ConfigurationError(
    `input \`lint-base\`: git cannot tell what changed since ${JSON.stringify(base)}: ${said.slice(0, 300)}`,
    'The workspace must be a clone with git at hand; without `lint-base` all files are reviewed.',
  );
}
