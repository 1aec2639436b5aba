import { openWebhookCatcher, downLab, upLab, type Lab } from '../lab/src/index.ts';
import { startLoad, type Load } from '../lab/src/load/index.ts';
import { judge, loadTerms, type Act } from './claims.ts';
import { sayBill, sayClaims, sayNote } from './closing.ts';
import { pause, runControl } from './control.ts';
import { deploy, findLeaks, type Environment } from './deploy.ts';
import { dim, red, say, sayAct, seconds } from './screen.ts';
import { addressOf, prepareStage, waitUntilServes } from './stage.ts';

const PROJECT = 'demo';
const HTTP_PORT = 18_080;
const BEFORE_MS = 4_000;
const AFTER_MS = 6_000;
const SERVES_WITHIN_MS = 30_000;

const usage = `usage: npm run demo [-- --down]
Deploys a real app to the lab's server three times through the six bundled actions, under load: from nothing to v1, to v2, to a
broken v3 that is rolled back by itself. Then a control: the same v2 by plain docker compose up -d.
  --down   take the lab down at the end; else it goes on running, and so does the app`;

/** Runs one deploy between two stretches of load; the load's phases carry the act's number. */
async function runAct(
  number: number,
  title: string,
  image: { readonly sha: string; readonly digest: string },
  environment: Environment,
  load: Load,
): Promise<Act> {
  sayAct(title);
  const startedAt = performance.now();
  load.mark(`${String(number)} before`);
  await pause(BEFORE_MS, environment.signal);
  load.mark(`${String(number)} deploy`);
  const deployedAt = performance.now();
  const job = await deploy(environment, image.sha);
  const durationMs = performance.now() - deployedAt;
  load.mark(`${String(number)} after`);
  environment.signal.throwIfAborted();
  await pause(
    Math.max(AFTER_MS, loadTerms.leastSeconds * 1_000 + 500 - (performance.now() - startedAt)),
    environment.signal,
  );
  sayLoad(load);
  return { number, title, ...image, job, durationMs };
}

/** The first deploy: there is nobody to load until it serves. */
async function runFirstAct(
  title: string,
  image: { readonly sha: string; readonly digest: string },
  environment: Environment,
): Promise<{ readonly act: Act; readonly load: Load }> {
  sayAct(title);
  const { stage, signal } = environment;
  const startedAt = performance.now();
  const ended = new AbortController();
  const loading = waitUntilServes(stage, AbortSignal.any([signal, ended.signal])).then(() =>
    startLoad({ url: stage.url, rate: loadTerms.rate, post: loadTerms.post, phase: '1 deploy', seconds: 1_200 }),
  );
  loading.catch(() => undefined);
  try {
    const job = await deploy(environment, image.sha);
    const durationMs = performance.now() - startedAt;
    if (job.conclusion !== 'success') ended.abort(new Error(`the first deploy ended in ${job.conclusion}`));
    const patience = setTimeout(() => ended.abort(new Error(`${stage.url} does not answer`)), SERVES_WITHIN_MS);
    const load = await loading.finally(() => clearTimeout(patience));
    signal.throwIfAborted();
    load.mark('1 after');
    await pause(loadTerms.leastSeconds * 1_000 + 500, signal);
    sayLoad(load);
    return { act: { number: 1, title, ...image, job, durationMs }, load };
  } catch (error) {
    ended.abort(error);
    await loading.then(
      (load) => load.kill(),
      () => undefined,
    );
    throw error;
  }
}

function sayLoad(load: Load): void {
  const { sent, failed } = load.counts();
  say(dim(`\n  load so far: ${sent} requests sent, ${failed} failed`));
}

/** The whole demo on a lab that runs. Returns whether every claim held. */
async function play(lab: Lab, signal: AbortSignal): Promise<boolean> {
  await using catcher = await openWebhookCatcher();
  const stage = await prepareStage(lab, PROJECT, HTTP_PORT);
  const environment: Environment = {
    lab,
    stage,
    slackWebhook: `${catcher.url}/services/T000/B000/demo-webhook-token`,
    signal,
  };
  const { v1, v2, v3 } = lab.images.app;
  const { act: first, load } = await runFirstAct(`1/4  from nothing to v1 (${v1.sha.slice(0, 7)})`, v1, environment);
  try {
    const second = await runAct(2, `2/4  v1 to v2 (${v2.sha.slice(0, 7)}) under load`, v2, environment, load);
    const third = await runAct(
      3,
      `3/4  v2 to a broken v3 (${v3.sha.slice(0, 7)}) under load: it never opens its port`,
      v3,
      environment,
      load,
    );
    const report = await load.stop();
    const notes = catcher.requests.map((request) => request.body);
    sayNote(notes.at(-1));
    sayAct('4/4  control: v1 to v2 by plain docker compose up -d, same app, same proxy, same load');
    const control = await runControl(lab, signal);
    const acts = [first, second, third] as const;
    const results = acts.flatMap(({ job }) => [...job.steps, ...job.posts]);
    const leaks = findLeaks(environment, results, notes);
    const claims = judge({ acts: [first, second, third], load: report, control, lastNote: notes.at(-1) ?? '', leaks });
    sayBill(acts, report, control);
    return sayClaims(claims);
  } finally {
    load.kill();
  }
}

async function main(args: readonly string[]): Promise<number> {
  const isKnown = args.every((arg) => arg === '--down');
  if (!isKnown) {
    say(usage);
    return args.includes('--help') ? 0 : 2;
  }
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      say(dim('\n  stopping: the running job is cancelled as GitHub would, so that it can settle the server'));
      stopping.abort(new Error(`stopped by ${name}`));
    });
  const startedAt = performance.now();
  let hasPassed = false;
  let address: string | undefined;
  try {
    const lab = await upLab();
    address = addressOf(lab, HTTP_PORT);
    hasPassed = await play(lab, stopping.signal);
  } catch (error) {
    say(red(`\n${error instanceof Error ? error.message : String(error)}`));
  }
  const isDown = args.includes('--down');
  if (isDown) await downLab();
  else
    say(
      `\n  ${hasPassed ? `the app goes on serving at ${address ?? ''}; the` : 'the'} lab: npm run lab -- status | logs | down`,
    );
  say(dim(`\n  ${seconds(performance.now() - startedAt)} in all`));
  return hasPassed ? 0 : stopping.signal.aborted ? 130 : 1;
}

process.exitCode = await main(process.argv.slice(2));
