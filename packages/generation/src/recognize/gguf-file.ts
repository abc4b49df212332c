// A GGUF file opened: its header is read in pieces, its weights are not.
import fs from 'node:fs'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type Gguf, readGguf } from './gguf.ts'

/** The header that was read last: of a large vocabulary it takes as long as all else that is asked of it, and several ask. */
let last: { readonly key: string; readonly gguf: Gguf } | undefined

/** Throws InputError if the file, or a part of the same model next to it, cannot be read or is not whole. */
export function openGguf(file: string): Gguf {
  const first = openPart(file)
  const parts = first.metadata.get('split.count')
  const numbered = /-00001-of-(\d{5})\.gguf$/.exec(file)
  if (typeof parts !== 'number' || parts < 2) return first
  if (numbered === null || Number(numbered[1]) !== parts)
    throw new InputError(
      `${file} is one of ${parts} parts of a model; give the first, whose name ends in -00001-of-${padded(parts)}.gguf`,
    )
  const rest = Array.from({ length: parts - 1 }, (_, k) => openPart(file.replace('-00001-of-', `-${padded(k + 2)}-of-`)))
  return { ...first, tensors: [first, ...rest].flatMap(({ tensors }) => tensors) }
}

const padded = (part: number): string => String(part).padStart(5, '0')

function openPart(file: string): Gguf {
  let descriptor: number | undefined
  try {
    descriptor = fs.openSync(file, 'r')
    const opened = descriptor
    const { size, mtimeMs, ino } = fs.fstatSync(opened)
    const key = [path.resolve(file), size, mtimeMs, ino].join(' ')
    if (last?.key === key) return last.gguf
    const read = (offset: number, length: number) => {
      const bytes = Buffer.allocUnsafeSlow(length)
      let done = 0
      while (done < length) {
        const count = fs.readSync(opened, bytes, done, length - done, offset + done)
        if (count === 0) throw new InputError(`${file} became shorter while it was read; read it again`)
        done += count
      }
      return bytes
    }
    const gguf = readGguf({ sizeBytes: size, read }, file)
    last = { key, gguf }
    return gguf
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (typeof code !== 'string' || error instanceof InputError) throw error
    throw new InputError(`${file} cannot be read (${code}); check the path`)
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor)
  }
}
