// NumPy's archive of arrays: a zip of .npy files. https://numpy.org/doc/stable/reference/generated/numpy.savez.html
import { openZip } from '@whyslow/graph/archives/zip.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { readNpy } from './npy.ts'
import type { NamedTensors } from './records.ts'

/** Every array of the archive by name. Throws an InputError if the bytes are no zip, or an array in it is not readable. */
export function readNpz(bytes: Uint8Array<ArrayBuffer>, where: string): NamedTensors {
  const archive = openZip(bytes, { where, again: 'save it again with numpy.savez' })
  const files = [...archive.members.keys()].filter((name) => name.endsWith('.npy'))
  if (files.length === 0) throw new InputError(`${where}: no array in it; save the inputs with numpy.savez(file, name=array)`)
  return new Map(
    files.map((file) => {
      const name = file.slice(0, -'.npy'.length)
      return [name, readNpy(archive.read(file)!, `${where}, array '${name}'`)]
    }),
  )
}
