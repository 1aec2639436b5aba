import type { getOctokit } from '@actions/github';

export type Octokit = ReturnType<typeof getOctokit>;

/**
 * GitHub's own client. Its packages are loaded by the first call: most steps make none, and it is as large as all the rest.
 * @param apiUrl `https://api.github.com`
 */
export async function openOctokit(token: string, apiUrl: string): Promise<Octokit> {
  const github = await import('@actions/github');
  // The step's log must not show Octokit's warnings (deprecations, 404s) as if they were ours.
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
  return github.getOctokit(token, { baseUrl: apiUrl, userAgent: 'deploy-actions', log });
}

function ignore(): void {
  // Octokit's own log goes nowhere.
}
