import type { Runner } from './runner.ts';

/** Shorter lines (`-`, `}`) would turn half of the log into asterisks and protect nothing. */
const shortestMaskedLine = 4;

/**
 * The parts of a secret that must not appear in the log: the whole value, each of its lines, and each line without the
 * white space around it. Research: the runner masks line by line, and a literal newline ends an add-mask command.
 */
export function secretLines(secret: string): readonly string[] {
  const lines = secret.split(/\r\n|\n|\r/).flatMap((line) => [line, line.trim()]);
  const whole = secret.trim();
  return [...new Set([...lines, ...(whole.includes('\n') ? [] : [whole])])].filter(
    (line) => line.length >= shortestMaskedLine,
  );
}

/** Masks every line of a secret; call it before the secret is used for anything. */
export function maskSecret(runner: Runner, secret: string): void {
  for (const line of secretLines(secret)) runner.mask(line);
}

/** Replaces every occurrence of the given secrets (and of their lines) in a text by `***`. */
export function redact(text: string, secrets: readonly string[]): string {
  const needles = secrets.flatMap(secretLines).sort((a, b) => b.length - a.length);
  return needles.reduce((result, needle) => result.replaceAll(needle, '***'), text);
}
