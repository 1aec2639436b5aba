/** A file that a pull request or a range of commits changes. */
export interface ChangedFile {
  readonly path: string;
  /** Of a rename: where it was. */
  readonly previousPath?: string;
}

/** Changed files as far as GitHub lists them. */
export interface FileList {
  readonly files: readonly ChangedFile[];
  /** As many as GitHub ever lists: there may be more. */
  readonly isTruncated: boolean;
}

/** GitHub lists no more files of a pull request ("List pull requests files"), nor of a comparison ("Compare two commits"). */
export const longestLists = { pullRequest: 3000, comparison: 300 } as const;

/** Reads GitHub's entries for files; a rename has both names. Pure. */
export function readFileList(
  entries: readonly { readonly filename: string; readonly previous_filename?: string }[],
  longest: number,
): FileList {
  const files = entries.map(({ filename, previous_filename: previousPath }) => ({
    path: filename,
    ...(previousPath === undefined ? {} : { previousPath }),
  }));
  return { files, isTruncated: entries.length >= longest };
}
