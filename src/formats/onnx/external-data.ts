// Weights beside the model: found, checked and opened, never loaded whole. A model can name any path, so only files in its
// own folder are opened, after links are resolved: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
import fs from 'node:fs'
import path from 'node:path'
import type { ModelProto } from 'onnx-buf'
import { InputError } from '../../graph/input-error.ts'
import type { WeightSource } from '../../graph/model.ts'
import { type ExternalRange, externalRange, isExternal, tensorType } from '../../graph/tensor-data.ts'
import { holdersOf, tensorsIn } from '../../graph/walk.ts'

/**
 * One source per `location` that the model of `file` names. Throws InputError, naming tensor and file, where a location is
 * absolute, leaves the model's folder (also through a link), is missing or no file, or ends before the tensor does.
 */
export function openExternalData(proto: ModelProto, file: string): Map<string, WeightSource> {
  const sources = new Map<string, WeightSource>()
  for (const { tensor, name } of holdersOf(proto).flatMap(tensorsIn)) {
    if (!isExternal(tensor)) continue
    const range = externalRange(tensor, tensorType(tensor, name), name)
    const source = sources.get(range.location) ?? openSource(range.location, name, file)
    sources.set(range.location, source)
    if (range.offset + range.length > source.sizeBytes) throw tooShort(range, name, source.sizeBytes)
  }
  return sources
}

function tooShort({ location, offset, length }: ExternalRange, name: string, sizeBytes: number): InputError {
  const needed = offset + length
  return new InputError(
    `Tensor '${name}' needs ${needed} bytes of '${location}', which has ${sizeBytes}; copy or download that file again`,
  )
}

function openSource(location: string, tensor: string, file: string): WeightSource {
  const folder = path.dirname(file)
  const refused = (why: string) => {
    return new InputError(
      `Tensor '${tensor}' is in '${location}', ${why}; weights must lie in the model's own folder '${folder}'`,
    )
  }
  const parts = location.split(/[\\/]/)
  if (path.isAbsolute(location) || path.win32.isAbsolute(location) || /^[a-z]:/i.test(location)) throw refused('an absolute path')
  if (parts.includes('..') || location.includes('\0')) throw refused('a path that leaves its folder')
  const wanted = path.join(folder, location)
  const real = realPath(wanted)
  if (real === undefined) {
    throw new InputError(`Tensor '${tensor}' is in '${location}', which is not beside ${file}; put that file into '${folder}'`)
  }
  if (!ownFolders(file).some((own) => isInside(own, real))) throw refused('a link that leaves the folder')
  const facts = fs.statSync(real)
  if (!facts.isFile())
    throw new InputError(`Tensor '${tensor}' is in '${location}', which is no file; put the weights file there`)
  return fileSource(real, facts.size)
}

/** Where the model is named, and where it lies: download caches link both model and weights to one folder of blobs. */
function ownFolders(file: string): string[] {
  return [fs.realpathSync(path.dirname(file)), path.dirname(fs.realpathSync(file))]
}

function isInside(folder: string, file: string): boolean {
  const way = path.relative(folder, file)
  return way !== '' && way !== '..' && !way.startsWith(`..${path.sep}`) && !path.isAbsolute(way)
}

function realPath(file: string): string | undefined {
  try {
    return fs.realpathSync(file)
  } catch {
    return undefined
  }
}

/** Opened for each read, so that nothing has to be closed. */
function fileSource(file: string, sizeBytes: number): WeightSource {
  return {
    sizeBytes,
    read(offset, length) {
      if (offset + length > sizeBytes) throw new RangeError(`${file} ends at ${sizeBytes}, before ${offset + length}`)
      const bytes = new Uint8Array(length)
      const descriptor = fs.openSync(file, 'r')
      try {
        for (let done = 0; done < length; ) {
          const count = fs.readSync(descriptor, bytes, done, length - done, offset + done)
          if (count === 0) throw new RangeError(`${file} became shorter than ${sizeBytes} bytes`)
          done += count
        }
      } finally {
        fs.closeSync(descriptor)
      }
      return bytes
    },
  }
}
