// A trace's bytes, as a stream: read in pieces, unpacked whatever the file is called, cut off where a bomb would go on. Timelines in JSON are
// never in memory as a whole; formats whose tables stand anywhere (XSpace, packed SQLite, marshal) and small ones are, up to a bound of each.
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { InputError } from '@whyslow/graph/input-error.ts'

/** Bytes of a piece. */
const PIECE = 1 << 20
/** Unpacked, no trace that can be looked at is larger. */
const MOST_UNPACKED = 8 * 2 ** 30
/** gzip packs no better than 1032 to 1; JSON of traces 16 to 100. */
const MOST_RATIO = 800
/** Below this a ratio says nothing. */
const RATIO_FROM = 256 * 2 ** 20
/** What is looked at to recognise a format. */
const HEAD = 1 << 18

export interface TraceSource {
  readonly file: string
  readonly packedBytes: number
  /** The first bytes, unpacked. */
  readonly head: Buffer
  /** The head is all there is. */
  readonly whole: boolean
  readonly gzipped: boolean
  /** Pieces from the start; each is valid until the next is requested. `onCut`: told where the archive ends before it should. */
  pieces(onCut: (reason: string) => void): AsyncGenerator<Buffer>
  /** Any part of it; absent: it is packed. */
  open?(): RandomAccess
}

/** A file that is open. */
export interface RandomAccess {
  readonly size: number
  /** Fewer bytes at the end of the file; valid until the next are read only if they were not copied. */
  read(at: number, length: number): Buffer
  close(): void
}

/** InputError if the file cannot be read, or is empty. */
export async function openSource(file: string): Promise<TraceSource> {
  const { first, size } = firstBytes(file)
  if (size === 0) throw new InputError(`${file} is empty; record the trace again`)
  const gzipped = first[0] === 0x1f && first[1] === 0x8b
  const pieces = (onCut: (reason: string) => void): AsyncGenerator<Buffer> =>
    gzipped ? unpacked(file, size, onCut) : plainPieces(file)
  if (!gzipped)
    return {
      file,
      packedBytes: size,
      head: first,
      whole: size <= first.length,
      gzipped,
      pieces,
      open: () => randomAccess(file, size),
    }
  const { head, whole } = await unpackedHead(pieces)
  if (head.length === 0) throw new InputError(`${file} is a gzip archive without content, or cut before any; copy it again`)
  return { file, packedBytes: size, head, whole, gzipped, pieces }
}

/** All of it; InputError if that is more than `most` bytes: for formats that are read at once. */
export async function wholeOf({ file, pieces }: TraceSource, most: number, onCut?: (reason: string) => void): Promise<Buffer> {
  const parts: Buffer[] = []
  let length = 0
  const cut = onCut ?? ((reason: string) => refuseCut(file, reason))
  for await (const piece of pieces(cut)) {
    length += piece.length
    if (length > most) throw new InputError(`${file}: larger than ${most / 2 ** 20} MiB, more than this format is read at`)
    parts.push(Buffer.from(piece))
  }
  return Buffer.concat(parts)
}

function refuseCut(file: string, reason: string): never {
  throw new InputError(`${file}: ${reason}; copy it again, or record it again`)
}

function firstBytes(file: string): { first: Buffer; size: number } {
  const handle = opened(file)
  try {
    const stat = fstatSync(handle)
    if (stat.isDirectory()) throw new InputError(`${file} is a folder; give a trace in it`)
    if (!stat.isFile()) throw new InputError(`${file} is not a regular file; give a trace`)
    const buffer = Buffer.alloc(Math.min(HEAD, stat.size))
    const read = readSync(handle, buffer, 0, buffer.length, 0)
    return { first: buffer.subarray(0, read), size: stat.size }
  } finally {
    closeSync(handle)
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new InputError(`${file}: ${code === 'ENOENT' ? 'no such file' : `cannot be read (${code})`}`)
  }
}

function randomAccess(file: string, size: number): RandomAccess {
  const handle = opened(file)
  return {
    size,
    read(at, length) {
      const buffer = Buffer.allocUnsafe(length)
      return buffer.subarray(0, readSync(handle, buffer, 0, length, at))
    },
    close: () => closeSync(handle),
  }
}

async function* plainPieces(file: string): AsyncGenerator<Buffer> {
  const handle = opened(file)
  const buffer = Buffer.allocUnsafe(PIECE)
  try {
    for (;;) {
      const read = readSync(handle, buffer, 0, PIECE, null)
      if (read === 0) return
      yield buffer.subarray(0, read)
    }
  } finally {
    closeSync(handle)
  }
}

async function* unpacked(file: string, packedBytes: number, onCut: (reason: string) => void): AsyncGenerator<Buffer> {
  const stream = createReadStream(file, { highWaterMark: 1 << 20 })
  const gunzip = createGunzip({ chunkSize: 1 << 20 })
  stream.on('error', (error) => gunzip.destroy(error))
  stream.pipe(gunzip)
  let length = 0
  try {
    for await (const piece of gunzip as AsyncIterable<Buffer>) {
      length += piece.length
      if (length > MOST_UNPACKED)
        throw new InputError(`${file}: unpacks to more than ${MOST_UNPACKED / 2 ** 30} GiB; record fewer steps`)
      if (length > RATIO_FROM && length > MOST_RATIO * packedBytes)
        throw new InputError(`${file}: unpacks to over ${MOST_RATIO} times its size, as no trace does; record it again`)
      yield piece
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'Z_BUF_ERROR') return onCut('the gzip archive is cut off')
    if (code?.startsWith('Z_') === true) return onCut(`the gzip archive is damaged (${code})`)
    throw error
  } finally {
    stream.destroy()
    gunzip.destroy()
  }
}

async function unpackedHead(pieces: TraceSource['pieces']): Promise<{ head: Buffer; whole: boolean }> {
  const parts: Buffer[] = []
  let length = 0
  let whole = true
  for await (const piece of pieces(() => {})) {
    parts.push(Buffer.from(piece))
    length += piece.length
    if (length >= HEAD) {
      whole = false
      break
    }
  }
  return { head: Buffer.concat(parts).subarray(0, HEAD), whole }
}
