/** Finds the line of a place in a text, 1-based, for many places in ascending or any order. */
export function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

/** Turns a place in bytes of UTF-8 into one in UTF-16 units. */
export function unitsOf(text: string, bytes: number): number {
  // eslint-disable-next-line no-control-regex -- the whole of ASCII
  return /^[\x00-\x7f]*$/.test(text) ? bytes : Buffer.from(text).subarray(0, bytes).toString().length;
}

/** Turns a place in characters (code points) into one in UTF-16 units. */
export function unitsOfCharacters(text: string, characters: number): number {
  let units = 0;
  for (let count = 0; count < characters && units < text.length; count++)
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
  return units;
}
