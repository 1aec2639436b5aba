import { ConfigurationError } from '@deploy-actions/kit/action/errors';

/** One label that an image must have, with this value. */
export interface LabelExpectation {
  readonly label: string;
  readonly value: string;
}

interface LabelLine extends LabelExpectation {
  /** Left side of a line of `images`; undefined: all images. */
  readonly name: string | undefined;
}

/**
 * Reads `expect-labels`: lines `label=value` for all images, `name: label=value` for one.
 * @param names the left sides of `images`
 * @throws ConfigurationError
 */
export function parseLabelExpectations(
  lines: readonly string[],
  names: readonly (string | undefined)[],
): readonly LabelLine[] {
  const seen = new Set<string>();
  return lines.map((line) => {
    const [, name, label = '', value = ''] = /^(?:([^\s:=]+):\s+)?([^\s=]+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (label === '') {
      throw new ConfigurationError(
        `input \`expect-labels\`: ${JSON.stringify(line)} has not the form label=value.`,
        'Write label=value for all images, or name: label=value for one.',
      );
    }
    if (name !== undefined && !names.includes(name)) {
      throw new ConfigurationError(
        `input \`expect-labels\`: ${JSON.stringify(name)} is not the left side of any line of \`images\`.`,
      );
    }
    const key = `${name ?? ''} ${label}`;
    if (seen.has(key))
      throw new ConfigurationError(`input \`expect-labels\`: ${JSON.stringify(label)} is given twice.`);
    seen.add(key);
    return { name, label, value };
  });
}

/** What one image must be labelled with: its own lines win over those for all. */
export function labelsFor(name: string | undefined, lines: readonly LabelLine[]): readonly LabelExpectation[] {
  const own = lines.filter((line) => line.name !== undefined && line.name === name);
  const general = lines.filter((line) => line.name === undefined && !own.some(({ label }) => label === line.label));
  return [...general, ...own].map(({ label, value }) => ({ label, value }));
}
