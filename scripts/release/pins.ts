/** An action of somebody else, as a workflow names it: `owner/name[/path]@commit # v1.2.3`. */
export interface Pin {
  readonly repository: string;
  readonly commit: string;
  readonly version: string;
}

const line = /\buses: ['"]?(([\w.-]+\/[\w.-]+)(?:\/[\w./-]+)?@(\S+?))['"]?(?: #(.*))?$/gm;

/** The lines of a text that use an action of somebody else by anything but a commit with its version beside it. Pure. */
export function findLoosePins(text: string, ownSlug: string): readonly string[] {
  return foreignUses(text, ownSlug)
    .filter(([, , , commit = '', note = '']) => !isCommit(commit) || !/^ v\d+\.\d+\.\d+$/.test(note))
    .map(([whole]) => whole);
}

/** The pinned actions of somebody else in a text, each once. Pure. */
export function findPins(text: string, ownSlug: string): readonly Pin[] {
  const found = foreignUses(text, ownSlug).filter(([, , , commit = '']) => isCommit(commit));
  const pins = found.map(([, , repository = '', commit = '', note = '']) => ({
    repository,
    commit,
    version: note.trim(),
  }));
  return [...new Map(pins.map((pin) => [`${pin.repository} ${pin.commit} ${pin.version}`, pin])).values()];
}

/** Repositories that are pinned at more than one commit or version: each with them. Pure. */
export function findManifoldPins(pins: readonly Pin[]): readonly string[] {
  const repositories = [...new Set(pins.map(({ repository }) => repository))];
  return repositories.flatMap((repository) => {
    const own = pins.filter((pin) => pin.repository === repository);
    const different = [...new Set(own.map(({ commit, version }) => `${commit} ${version}`))];
    return different.length > 1 ? [`${repository}: ${different.join(', ')}`] : [];
  });
}

/**
 * What is wrong with a pin.
 * @param listing what `git ls-remote URL refs/tags/VERSION refs/tags/VERSION^{}` printed; the second is there for an annotated tag
 * @returns undefined when the version's tag stands on the commit
 */
export function judgePin({ repository, commit, version }: Pin, listing: string): string | undefined {
  const refs = new Map(
    listing
      .split('\n')
      .map((each) => each.split('\t'))
      .map(([object = '', ref = '']) => [ref, object]),
  );
  const tag = `refs/tags/${version}`;
  const stands = refs.get(`${tag}^{}`) ?? refs.get(tag);
  if (stands === commit) return undefined;
  const seen = stands === undefined ? 'has no such tag' : `${version} is ${stands}`;
  return `${repository}@${commit} # ${version}: ${seen}.`;
}

function foreignUses(text: string, ownSlug: string): readonly RegExpExecArray[] {
  return [...text.matchAll(line)].filter(([, , repository = '']) => repository !== ownSlug);
}

function isCommit(reference: string): boolean {
  return /^[0-9a-f]{40}$/.test(reference);
}
