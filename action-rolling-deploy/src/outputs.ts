import type { Runner } from '@deploy-actions/kit/action/runner';
import { formatDigests, type Report } from './report.ts';
import { renderSummary } from './summary.ts';

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
  runner.info(`Outcome: ${report.outcome}. ${report.nowServing}`);
}
