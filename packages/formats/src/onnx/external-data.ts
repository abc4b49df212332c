// Weights next to the model: found, checked and opened, never loaded whole. A model can name any path, so only files in its
// own folder are opened, after links are resolved: https://github.com/onnx/onnx/blob/main/docs/ExternalData.md
import fs from 'node:fs'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { WeightSource } from '@whyslow/graph/model.ts'
import { type ExternalRange, externalRange, isExternal, tensorType } from '@whyslow/graph/tensor-data.ts'
import { holdersOf, tensorsIn } from '@whyslow/graph/walk.ts'
import type { ModelProto } from 'onnx-buf'
import { findSiblingFile } from '../beside.ts'

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
  const { path, sizeBytes } = findSiblingFile({ file, location, what: `Tensor '${tensor}'` })
  return fileSource(path, sizeBytes)
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
