/** A block of Snappy that says everything literally: valid, and no shorter than what is in it. */
export function packLiterally(bytes: Uint8Array): Uint8Array {
  const length: number[] = [];
  for (let rest = bytes.length; ; rest = Math.floor(rest / 128)) {
    length.push(rest >= 128 ? (rest % 128) + 128 : rest);
    if (rest < 128) break;
  }
  const pieces: number[] = [];
  for (let at = 0; at < bytes.length; at += 60) {
    const piece = bytes.subarray(at, at + 60);
    pieces.push((piece.length - 1) << 2, ...piece);
  }
  return Uint8Array.from([...length, ...pieces]);
}
