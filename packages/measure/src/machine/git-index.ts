// Paths in a git index, versions 2 to 4: https://git-scm.com/docs/index-format. Only paths are read, no objects and no extensions.

const HEADER_BYTES = 12
/** Times, device, inode, mode, owner and size; the object's name and two bytes of flags follow. */
const STAT_BYTES = 40
const OBJECT_NAME_BYTES = [20, 32] // SHA-1, SHA-256
const EXTENDED = 0x4000
/** Flags give a path's length up to here. */
const LENGTH_MASK = 0xfff
/** More than any file system's longest path. */
const MOST_PATH_BYTES = 65_536

/** Whether a path in the index starts with `folder`, which ends in a slash; null: it is not an index, damaged, or of a newer version. */
export function hasPathBelow(index: Buffer, folder: string): boolean | null {
  const version = index.length < HEADER_BYTES || index.toString('latin1', 0, 4) !== 'DIRC' ? 0 : index.readUInt32BE(4)
  if (version < 2 || version > 4) return null
  // The index does not say how long its objects' names are: of the wrong length no entry holds together.
  for (const nameBytes of OBJECT_NAME_BYTES) {
    const found = search(index, { version, nameBytes }, Buffer.from(folder))
    if (found !== null) return found
  }
  return null
}

interface Layout {
  readonly version: number
  readonly nameBytes: number
}

/** null: an entry does not hold together. */
function search(index: Buffer, { version, nameBytes }: Layout, folder: Buffer): boolean | null {
  const text = Buffer.alloc(MOST_PATH_BYTES)
  let length = 0
  let at = HEADER_BYTES
  let isFound = false
  for (let entries = index.readUInt32BE(8); entries > 0; entries--) {
    const start = at
    at += STAT_BYTES + nameBytes
    if (at + 4 > index.length) return null
    const flags = index.readUInt16BE(at)
    at += flags & EXTENDED ? 4 : 2
    let kept = 0
    if (version === 4) {
      const removed = numberAt(index, at)
      at = removed.end
      // A split index leaves out paths that its shared one has.
      kept = (flags & LENGTH_MASK) === 0 ? 0 : length - removed.value
    }
    const end = index.indexOf(0, at)
    length = kept + end - at
    if (kept < 0 || end < 0 || length > MOST_PATH_BYTES || Math.min(length, LENGTH_MASK) !== (flags & LENGTH_MASK)) return null
    index.copy(text, kept, at, end)
    isFound ||= isBelow(text.subarray(0, length), folder)
    at = version === 4 ? end + 1 : start + ((end - start + 8) & ~7)
  }
  return isFound
}

/** A sparse index has folders, which end in a slash, in place of all that is in them. */
const isBelow = (path: Buffer, folder: Buffer): boolean =>
  startsWith(path, folder) || (path.at(-1) === SLASH && startsWith(folder, path))

const SLASH = 0x2f

const startsWith = (path: Buffer, start: Buffer): boolean =>
  path.length >= start.length && path.compare(start, 0, start.length, 0, start.length) === 0

/** Seven bits a byte, the highest first; each further byte adds one, so that no number has two spellings. */
function numberAt(index: Buffer, start: number): { readonly value: number; readonly end: number } {
  let at = start
  let byte = index[at++] ?? 0
  let value = byte & 0x7f
  while (byte & 0x80 && value < MOST_PATH_BYTES) {
    byte = index[at++] ?? 0
    value = (value + 1) * 0x80 + (byte & 0x7f)
  }
  return { value, end: at }
}
