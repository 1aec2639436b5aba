/**
 * Unpacks one block of Snappy (google/snappy, format_description.txt): what GitHub keeps attestations in. Undefined for
 * anything that is no whole block, or would be longer than `maxBytes`: the length is announced, and read first.
 */
export function unpackSnappy(packed: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const length = readVarint(packed);
  if (length === undefined || length.value > maxBytes) return undefined;
  const unpacked = new Uint8Array(length.value);
  let from = length.size;
  let to = 0;
  while (from < packed.length) {
    const element = readElement(packed, from);
    if (element === undefined || to + element.length > unpacked.length) return undefined;
    from += element.headerSize;
    if (element.kind === 'literal') {
      if (from + element.length > packed.length) return undefined;
      unpacked.set(packed.subarray(from, from + element.length), to);
      from += element.length;
    } else {
      if (element.offset === 0 || element.offset > to) return undefined;
      // Byte by byte: a copy may reach into what it writes itself.
      for (let at = 0; at < element.length; at++) unpacked[to + at] = unpacked[to + at - element.offset] ?? 0;
    }
    to += element.length;
  }
  return to === unpacked.length ? unpacked : undefined;
}

type Element =
  | { readonly kind: 'literal'; readonly headerSize: number; readonly length: number }
  | { readonly kind: 'copy'; readonly headerSize: number; readonly length: number; readonly offset: number };

function readElement(bytes: Uint8Array, at: number): Element | undefined {
  const tag = bytes[at] ?? 0;
  const upper = tag >> 2;
  if ((tag & 3) === 0) {
    if (upper < 60) return { kind: 'literal', headerSize: 1, length: upper + 1 };
    const size = upper - 59;
    const length = readNumber(bytes, at + 1, size);
    return length === undefined ? undefined : { kind: 'literal', headerSize: 1 + size, length: length + 1 };
  }
  const size = [0, 1, 2, 4][tag & 3] ?? 0;
  const low = readNumber(bytes, at + 1, size);
  if (low === undefined) return undefined;
  return size === 1
    ? { kind: 'copy', headerSize: 2, length: (upper & 7) + 4, offset: (tag >> 5) * 256 + low }
    : { kind: 'copy', headerSize: 1 + size, length: upper + 1, offset: low };
}

/** Little-endian. */
function readNumber(bytes: Uint8Array, at: number, size: number): number | undefined {
  if (at + size > bytes.length) return undefined;
  return bytes.subarray(at, at + size).reduceRight((number, byte) => number * 256 + byte, 0);
}

function readVarint(bytes: Uint8Array): { readonly value: number; readonly size: number } | undefined {
  let value = 0;
  for (let size = 1; size <= 5; size++) {
    const byte = bytes[size - 1];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 128 ** (size - 1);
    if (byte < 0x80) return { value, size };
  }
  return undefined;
}
