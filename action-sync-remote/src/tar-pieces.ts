/** One member of a tar archive. */
export interface TarMember {
  /** Of a folder with a slash at its end. */
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly mode: number;
  /** Bytes of content. */
  readonly size: number;
  /** Of a link. */
  readonly target?: string;
}

const blockBytes = 512;
/** What goes out at once: a packet of its own for each header and each small file costs more than their content. */
const pieceBytes = 256 * 1024;
/** What its fields hold, with a NUL at the end where there is room. */
const longestName = 100;
/** 8 GiB: longer numbers do not fit in the eleven octal digits. */
const octalSizes = 8 ** 11;
const kinds = { file: 48, link: 50, folder: 53, longTarget: 75, longName: 76 } as const;
/** Where the fields of a header begin. */
const at = { mode: 100, owner: 108, group: 116, size: 124, time: 136, sum: 148, kind: 156, target: 157, magic: 257 };

/**
 * Makes a tar archive in pieces of a size that is worth a packet. A member costs microseconds here, where a stream object for
 * each of thousands of small files costs more than all else that is done with them. Names longer than a header's field
 * stand before it as GNU tar, BusyBox and bsdtar read them.
 */
export class TarPieces {
  readonly #blank: Buffer;
  readonly #blankSum: number;
  #piece = Buffer.allocUnsafe(pieceBytes);
  #used = 0;
  #full: Buffer[] = [];

  /** @param seconds since 1970: the time of every member */
  constructor(seconds: number) {
    const blank = Buffer.alloc(blockBytes);
    for (const field of [at.owner, at.group]) blank.write('0000000', field, 'latin1');
    blank.write(octal(seconds, 11), at.time, 'latin1');
    blank.write(' '.repeat(8), at.sum, 'latin1');
    blank.write('ustar  ', at.magic, 'latin1');
    this.#blank = blank;
    this.#blankSum = sumOf(blank, 0, blockBytes);
  }

  /** Whether there is something to {@link take}. */
  get isFull(): boolean {
    return this.#full.length > 0;
  }

  /** Begins a member; {@link add} its content, and then {@link align}. */
  begin({ name, kind, mode, size, target = '' }: TarMember): void {
    if (isLong(target)) this.#addLong(kinds.longTarget, target);
    if (isLong(name)) this.#addLong(kinds.longName, name);
    this.#addHeader(name, kinds[kind], mode, size, target);
  }

  add(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const count = bytes.copy(this.#piece, this.#used, from);
      from += count;
      this.#advance(count);
    }
  }

  /** Fills the block up that the content ended in. */
  align(): void {
    const over = this.#used % blockBytes;
    if (over > 0) this.#addZeros(blockBytes - over);
  }

  /** A member of a few bytes as a whole. */
  addFile(name: string, mode: number, content: string): void {
    const bytes = Buffer.from(content);
    this.begin({ name, kind: 'file', mode, size: bytes.length });
    this.add(bytes);
    this.align();
  }

  /** The pieces that are full. */
  take(): readonly Buffer[] {
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** Ends the archive. */
  end(): readonly Buffer[] {
    this.#addZeros(2 * blockBytes);
    return [...this.take(), this.#piece.subarray(0, this.#used)];
  }

  #addLong(kind: number, text: string): void {
    const bytes = Buffer.from(text);
    this.#addHeader('././@LongLink', kind, 0o644, bytes.length + 1, '');
    this.add(bytes);
    this.#addZeros(1);
    this.align();
  }

  #addHeader(name: string, kind: number, mode: number, size: number, target: string): void {
    // A piece is a whole number of blocks, and a header begins where one ends.
    const [block, start] = [this.#piece, this.#used];
    this.#blank.copy(block, start);
    const nameBytes = block.write(name, start, longestName, 'utf8');
    block.write(octal(mode, 7), start + at.mode, 'latin1');
    if (size < octalSizes) block.write(octal(size, 11), start + at.size, 'latin1');
    else {
      block.writeUInt8(0x80, start + at.size);
      block.writeBigUInt64BE(BigInt(size), start + at.size + 4);
    }
    block.writeUInt8(kind, start + at.kind);
    const targetBytes = target === '' ? 0 : block.write(target, start + at.target, longestName, 'utf8');
    // All else is as in the blank one, where these fields are zeros.
    const sum =
      this.#blankSum +
      sumOf(block, start, start + nameBytes) +
      sumOf(block, start + at.mode, start + at.owner) +
      sumOf(block, start + at.size, start + at.time) +
      sumOf(block, start + at.kind, start + at.target + targetBytes);
    block.write(`${octal(sum, 6)}\0 `, start + at.sum, 'latin1');
    this.#advance(blockBytes);
  }

  #addZeros(count: number): void {
    for (let left = count; left > 0;) {
      const now = Math.min(left, pieceBytes - this.#used);
      this.#piece.fill(0, this.#used, this.#used + now);
      left -= now;
      this.#advance(now);
    }
  }

  #advance(count: number): void {
    this.#used += count;
    if (this.#used < pieceBytes) return;
    this.#full.push(this.#piece);
    this.#piece = Buffer.allocUnsafe(pieceBytes);
    this.#used = 0;
  }
}

/** How many bytes of an archive a member takes. Pure. */
export function memberBytes({ name, size, target = '' }: Pick<TarMember, 'name' | 'size' | 'target'>): number {
  const long = [name, target].filter(isLong).map((text) => blockBytes + padded(Buffer.byteLength(text) + 1));
  return long.reduce((sum, bytes) => sum + bytes, blockBytes + padded(size));
}

function padded(bytes: number): number {
  return Math.ceil(bytes / blockBytes) * blockBytes;
}

/** Whether a name needs more than its field; a letter has three bytes at most for each unit of a string. */
function isLong(text: string): boolean {
  return text.length * 3 > longestName && Buffer.byteLength(text) > longestName;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

function sumOf(bytes: Buffer, from: number, to: number): number {
  let sum = 0;
  for (let index = from; index < to; index++) sum += bytes[index] ?? 0;
  return sum;
}
