// NumPy's archive of arrays: a zip of .npy files. https://numpy.org/doc/stable/reference/generated/numpy.savez.html
import { unzipSync } from 'fflate'
import { InputError } from '../../graph/input-error.ts'
import { readNpy } from './npy.ts'
import type { NamedTensors } from './records.ts'

/** Every array of the archive by name. Throws an InputError where the bytes are no zip, or an array in it is not readable. */
export function readNpz(bytes: Uint8Array, where: string): NamedTensors {
  let entries: Readonly<Record<string, Uint8Array>>
  try {
    entries = unzipSync(bytes, { filter: ({ name }) => name.endsWith('.npy') })
  } catch (error) {
    throw new InputError(
      `${where}: the archive is damaged or no zip (${(error as Error).message}); save it again with numpy.savez`,
    )
  }
  const arrays = Object.entries(entries)
  if (arrays.length === 0) throw new InputError(`${where}: no array in it; save the inputs with numpy.savez(file, name=array)`)
  return new Map(
    arrays.map(([file, content]) => {
      const name = file.slice(0, -'.npy'.length)
      return [name, readNpy(content, `${where}, array '${name}'`)]
    }),
  )
}
