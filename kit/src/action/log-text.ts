/**
 * A text for the log in which nothing is a command to the runner, whoever wrote it: what a container or a server printed would
 * else set outputs and the state of the post step, hide words, or end the masking of secrets. The runner ends a line at `\r`
 * too, and takes `::name …::` after blanks at its beginning and `##[name …]` anywhere in it (actions/runner
 * src/Runner.Common/ActionCommand.cs). Its comparison may skip characters that nobody sees, so those count as blanks here. Pure.
 */
export function disarmCommands(text: string): string {
  return text
    .replaceAll('##[', '## [')
    .split(/(\r\n|[\r\n\u0085\u2028\u2029])/)
    .map((line) => line.replace(/^([^\p{L}\p{N}\p{P}\p{S}]*)::/u, '$1: :'))
    .join('');
}
