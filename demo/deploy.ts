import { join } from 'node:path';
import type { Lab } from '../lab/src/index.ts';
import { runWorkflowJob, type JobResult, type StepResult } from '../lab/src/runner/index.ts';
import { createStepView } from './screen.ts';
import { appFolder, type Stage } from './stage.ts';

/** What the demo's workflow is run with: what a team would have in its GitHub environment. */
export interface Environment {
  readonly lab: Lab;
  readonly stage: Stage;
  readonly slackWebhook: string;
  readonly signal: AbortSignal;
  /** Show nothing of the steps. */
  readonly isQuiet?: boolean;
}

function secretsOf({ lab, slackWebhook }: Environment): Readonly<Record<string, string>> {
  const { bearer } = lab.registry;
  return {
    DEPLOY_SSH_PRIVATE_KEY: lab.server.privateKey,
    REGISTRY_PASSWORD: bearer.readOnlyPassword ?? '',
    SLACK_WEBHOOK: slackWebhook,
  };
}

/** Runs demo/app/.github/workflows/deploy.yml for one commit, through the bundled actions, showing each step as it goes. */
export async function deploy(environment: Environment, sha: string): Promise<JobResult> {
  const { lab, stage, signal } = environment;
  const view = createStepView();
  return runWorkflowJob({
    file: join(appFolder, '.github/workflows/deploy.yml'),
    workspace: appFolder,
    inputs: { image_tag: sha },
    vars: {
      DEPLOY_HOST: lab.server.host,
      DEPLOY_USER: lab.server.user,
      DEPLOY_PORT: String(lab.server.port),
      DEPLOY_KNOWN_HOSTS: lab.server.knownHosts,
      DEPLOY_PATH: stage.path,
      REGISTRY_USERNAME: lab.registry.bearer.readOnlyUsername ?? '',
      REGISTRY: lab.registry.bearer.address,
      HEALTH_URL: `${stage.url}healthz`,
    },
    secrets: secretsOf(environment),
    github: { repository: 'acme/demo', actor: 'octocat', sha },
    ...(environment.isQuiet === true ? {} : { onLine: view.line, onStep: view.end }),
    signal,
  });
}

/** Where a secret of the environment stands in clear in what the steps wrote; names only, never the secret. */
export function findLeaks(
  environment: Environment,
  results: readonly StepResult[],
  messages: readonly string[],
): readonly string[] {
  const secrets = Object.entries(secretsOf(environment));
  const texts: (readonly [string, string])[] = results.map((result) => [
    `${result.name} (${result.stage})`,
    [result.rawLog, result.summary, JSON.stringify(result.outputs), JSON.stringify(result.exported)].join('\n'),
  ]);
  texts.push(...messages.map((message): readonly [string, string] => ['a message', message]));
  const parts = (secret: string): readonly string[] =>
    secret.split('\n').filter((line) => line.length >= 16 || line === secret);
  return secrets.flatMap(([name, secret]) =>
    texts
      .filter(([, text]) => parts(secret).some((part) => text.includes(part)))
      .map(([where]) => `${name} in ${where}`),
  );
}
