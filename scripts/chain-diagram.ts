/** The colours of one of GitHub's two themes. */
interface Theme {
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
  readonly box: string;
  readonly accent: string;
}

/** The two pictures of the chain that the README shows, by file below docs/pictures. */
export const chainPictures: Readonly<Record<string, Theme>> = {
  'chain-light.svg': { text: '#1f2328', quiet: '#59636e', line: '#818b98', box: '#f6f8fa', accent: '#0969da' },
  'chain-dark.svg': { text: '#f0f6fc', quiet: '#9198a1', line: '#656c76', box: '#151b23', accent: '#4493f8' },
};

const steps = [
  ['verify-image', 'tag → digest,', 'proved'],
  ['sync-remote', 'files → server,', 'staged'],
  ['migrate', 'one-offs, backed', 'up, in order'],
  ['rolling-deploy', 'zero downtime,', 'or rolled back'],
  ['health-gate', 'is the NEW', 'commit serving?'],
  ['notify', 'who, what,', 'from → to'],
] as const;

const [width, height, gap, top] = [132, 76, 26, 22] as const;
const left = 8;
const total = left * 2 + steps.length * width + (steps.length - 1) * gap;

/**
 * The chain as SVG: six boxes, arrows between them, and the way back from the gate. Text is text; no font, script or picture
 * from elsewhere. Pure.
 */
export function renderChain({ text, quiet, line, box, accent }: Theme): string {
  const at = (index: number): number => left + index * (width + gap);
  const boxes = steps.map(([name, ...lines], index) => {
    const middle = at(index) + width / 2;
    return `  <rect x="${at(index)}" y="${top}" width="${width}" height="${height}" rx="8" fill="${box}" stroke="${line}"/>
  <text x="${middle}" y="${top + 26}" fill="${accent}" font-weight="600">${name}</text>
${lines.map((words, row) => `  <text x="${middle}" y="${top + 46 + row * 16}" fill="${text}" font-size="12">${words}</text>`).join('\n')}`;
  });
  const middleY = top + height / 2;
  const arrows = steps.slice(1).map((_, index) => {
    const from = at(index) + width + 3;
    return `  <path d="M${from} ${middleY}H${from + gap - 7}" stroke="${line}" stroke-width="1.5" marker-end="url(#tip)"/>`;
  });
  const [gate, rollout, bottom] = [at(4) + width / 2, at(3) + width / 2, top + height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} 152" width="${total}" height="152" role="img" aria-labelledby="title" font-family="-apple-system, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif" font-size="14" text-anchor="middle">
  <title id="title">verify-image, sync-remote, migrate, rolling-deploy, health-gate, notify; a red gate goes back to the release before</title>
  <defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${line}"/></marker></defs>
${boxes.join('\n')}
${arrows.join('\n')}
  <path d="M${gate} ${bottom + 3}V${bottom + 26}H${rollout}V${bottom + 5}" fill="none" stroke="${line}" stroke-width="1.5" stroke-dasharray="4 3" marker-end="url(#tip)"/>
  <text x="${(gate + rollout) / 2}" y="${bottom + 43}" fill="${quiet}" font-size="12">red: the release before, again</text>
</svg>
`;
}
