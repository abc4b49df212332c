// What the makers' own programs predicted of fixtures/formats, with the inputs: arrays `in/<graph input>` and `out/<graph output>` by the model's
// file, in one archive for each maker (fixtures/make/pack-outputs.mjs).
import fs from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { unzipSync } from 'fflate'
import { readNpz } from '../../../src/samples/npz.ts'
import type { NamedTensors } from '../../../src/samples/records.ts'

const FORMATS = path.resolve(import.meta.dirname, '../../../../../fixtures/formats')

/** Unpacked once for all tests of one process. */
const archives = new Map<string, ReadonlyMap<string, Uint8Array<ArrayBuffer>>>()

/** By their path in the maker's folder. */
function archiveOf(maker: string): ReadonlyMap<string, Uint8Array<ArrayBuffer>> {
  const known = archives.get(maker)
  if (known !== undefined) return known
  const bytes = gunzipSync(fs.readFileSync(path.join(FORMATS, maker, 'outputs.zip.gz')))
  const all = new Map(Object.entries(unzipSync(new Uint8Array(bytes))))
  archives.set(maker, all)
  return all
}

function placeOf(file: string): { maker: string; name: string } {
  const [maker, ...names] = path.relative(FORMATS, file).split(path.sep)
  return { maker: maker!, name: names.join('/') }
}

/** Model files of `folder`, in fixtures/formats, whose outputs are recorded, sorted by name. */
export function filesWithOutputs(folder: string): string[] {
  const archive = archiveOf(placeOf(folder).maker)
  return fs
    .readdirSync(folder)
    .filter((name) => archive.has(`${placeOf(path.join(folder, name)).name}.npz`))
    .sort()
    .map((name) => path.join(folder, name))
}

/** What was recorded of a model file; `call` 2: of a second prediction by the same session. null: nothing was. */
export function recordedOf(file: string, call = 1): NamedTensors | null {
  const { maker, name } = placeOf(file)
  const entry = call === 1 ? `${name}.npz` : `${name}.${call}.npz`
  const bytes = archiveOf(maker).get(entry)
  return bytes === undefined ? null : readNpz(bytes, entry)
}

/** Arrays whose name begins with 'in/' or 'out/', by what follows. */
export function namedArrays(recorded: NamedTensors, prefix: 'in/' | 'out/') {
  return Object.fromEntries(
    [...recorded].flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  )
}
