import { cell } from '@deploy-actions/kit/action/markdown';
import type { Runner } from '@deploy-actions/kit/action/runner';
import { formatDigests, type Report } from './report.ts';
import type { ServerStatus } from './server-status.ts';
import type { Session } from './session.ts';
import { renderStatus, statusLines } from './status-summary.ts';
import { describeSettled, renderSummary } from './summary.ts';
import type { Unlocked } from './unlock.ts';

/** Sets every output, writes the job summary, and says in the last line what serves now. */
export async function publish(runner: Runner, report: Report): Promise<void> {
  runner.output('outcome', report.outcome);
  runner.output('deploy-id', report.deployId);
  runner.output('release', report.release === undefined ? '' : String(report.release));
  runner.output('digests', formatDigests(report.digests));
  runner.output('previous-digests', formatDigests(report.previousDigests));
  runner.output('changed-services', report.changed.join('\n'));
  runner.output('plan', JSON.stringify(report.plan ?? null));
  runner.output('timings', JSON.stringify(report.timings));
  if (report.failure === undefined) runner.output('error-code', '');
  await runner.summary(renderSummary(report));
  if (report.settled !== undefined) runner.info(describeSettled(report.settled));
  runner.info(`Outcome: ${report.outcome}. ${report.nowServing}`);
}

/** The outputs of `mode: status`: the step changes nothing and never fails for what it finds. */
export async function publishStatus(
  runner: Runner,
  status: ServerStatus,
  { host, inputs }: Pick<Session, 'host' | 'inputs'>,
): Promise<void> {
  runner.output('outcome', 'noop');
  runner.output('release', status.current === null ? '' : String(status.current));
  runner.output(
    'digests',
    status.services.flatMap(({ service, image }) => (image === null ? [] : [`${service}=${image}`])).join('\n'),
  );
  runner.output('status', JSON.stringify(status));
  runner.output('error-code', '');
  for (const line of statusLines(status)) runner.info(line);
  await runner.summary(renderStatus(status, host.name, inputs.settings.deployPath));
}

/** The outputs of `mode: unlock`. */
export async function publishUnlocked(runner: Runner, { outcome, lines }: Unlocked): Promise<void> {
  runner.output('outcome', outcome);
  runner.output('error-code', '');
  for (const line of lines) runner.info(line);
  await runner.summary(`### 🔓 Unlock: ${outcome}\n\n${lines.map((line) => `- ${cell(line)}\n`).join('')}`);
}
