// HDF5 read from memory: groups, attributes of texts, arrays. It cannot leave the file: there is nothing here that opens another.
// Superblocks 0 to 3, as h5py writes them. https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html (II)
import { type AttributeTexts, readAttributes } from './attributes.ts'
import { type Hdf5Dataset, isDataset, readDataset } from './dataset.ts'
import { Hdf5Bytes, UNDEFINED } from './hdf5-bytes.ts'
import { readLinks } from './links.ts'
import { readMessages } from './object-header.ts'

export type { Hdf5Dataset } from './dataset.ts'

export interface Hdf5Group {
  readonly attributes: ReadonlyMap<string, AttributeTexts>
  /** What it holds, as the file lists it. */
  readonly names: readonly string[]
  /** The group at a path of names with '/' between; undefined if there is none, or an array. */
  group(path: string): Hdf5Group | undefined
  dataset(path: string): Hdf5Dataset | undefined
}

/** The root group. `where` begins messages. Throws InputError if the bytes are no HDF5 file, are damaged, or lead elsewhere. */
export function openHdf5(bytes: Uint8Array<ArrayBuffer>, where: string): Hdf5Group {
  const file = new Hdf5Bytes(bytes, where)
  const version = file.u8(8)
  if (version > 3) throw file.refused(`is an HDF5 file of version ${version}, which is not read`, 'save it with h5py')
  const sizes = version < 2 ? 13 : 9
  if (file.u8(sizes) !== 8 || file.u8(sizes + 1) !== 8)
    throw file.refused('is an HDF5 file without 8-byte addresses', 'save it with h5py')
  const start = version === 0 ? 24 : version === 1 ? 28 : 12
  const [base, end] = [file.u64(start), file.u64(start + 16)]
  if (base !== 0) throw file.refused('is an HDF5 file that begins later', 'save it with h5py')
  if (end !== UNDEFINED && end > bytes.byteLength)
    throw file.refused(`is cut off: it has ${bytes.byteLength} of ${end} bytes`, 'download or copy it again')
  const root = file.u64(version < 2 ? start + 40 : start + 24)
  return new Group(file, root, '')
}

class Group implements Hdf5Group {
  readonly attributes: ReadonlyMap<string, AttributeTexts>
  readonly #file: Hdf5Bytes
  readonly #links: ReadonlyMap<string, number>
  readonly #path: string
  /** Opened once: paths of a model share their beginnings. */
  readonly #groups = new Map<string, Group>()

  constructor(file: Hdf5Bytes, at: number, path: string) {
    const messages = readMessages(file, at)
    this.attributes = readAttributes(file, messages)
    this.#links = readLinks(file, messages)
    this.#file = file
    this.#path = path
  }

  get names(): readonly string[] {
    return [...this.#links.keys()]
  }

  group(path: string): Hdf5Group | undefined {
    return this.#group(path.split('/').filter((name) => name !== ''))
  }

  dataset(path: string): Hdf5Dataset | undefined {
    const names = path.split('/').filter((name) => name !== '')
    const last = names.pop()
    const holder = this.#group(names)
    if (last === undefined || holder === undefined) return undefined
    const at = holder.#links.get(last)
    if (at === undefined) return undefined
    const messages = readMessages(this.#file, at)
    return isDataset(messages) ? readDataset(this.#file, messages, `${this.#path}${path}`) : undefined
  }

  #group(names: readonly string[]): Group | undefined {
    let here: Group | undefined = this
    for (const name of names) {
      if (here === undefined) return undefined
      here = here.#child(name)
    }
    return here
  }

  #child(name: string): Group | undefined {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const at = this.#links.get(name)
    if (at === undefined || isDataset(readMessages(this.#file, at))) return undefined
    const group = new Group(this.#file, at, `${this.#path}${name}/`)
    this.#file.spend(group.#path.length, 'a group', 1)
    this.#groups.set(name, group)
    return group
  }
}
