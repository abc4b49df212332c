// Reads damaged files of one format, case after case, in a process that may die of one. What it is about to do stands in a file first.
//   node child.mjs '{"format", "from", "to", "fixtures", "folder"}'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import path from 'node:path'
import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { FORMATS } from './formats.ts'
import { mutate, pick } from './mutate.ts'

export interface FuzzTask {
  readonly format: string
  /** Cases from, up to. The number of a case is its seed. */
  readonly from: number
  readonly to: number
  readonly fixtures: string
  /** Where the damaged file stands; nothing else may be written. */
  readonly folder: string
}

/** A line of JSON on the standard output for each case that went wrong, and one at the end. */
export interface FuzzLine {
  readonly seed?: number
  readonly says?: string
  readonly wrong?: string
  readonly read?: number
  readonly refused?: number
  /** The most that one case added to the process's memory, MB. */
  readonly mostMb?: number
}

const MB = 2 ** 20
/** Above four times the file. */
const MOST_BYTES = 256 * MB
/** Cases: else garbage of external memory counts as theirs. */
const COLLECT_EACH = 64

const { format, from, to, fixtures, folder } = JSON.parse(process.argv[2]!) as FuzzTask
const { kind, name, files, beside, use } = FORMATS[format]!
const file = path.join(folder, name)
const originals = files(fixtures)
for (const [other, bytes] of Object.entries(beside?.(fixtures) ?? {})) fs.writeFileSync(path.join(folder, other), bytes)

const { openSync, writeSync, ftruncateSync } = fs
const progress = openSync(path.join(folder, '.progress'), 'w')
const say = (line: FuzzLine): void => void writeSync(1, `${JSON.stringify(line)}\n`)

// From here on a reader that writes anything is wrong.
const descriptor = openSync(file, 'w')
const put = (bytes: Uint8Array): void => {
  ftruncateSync(descriptor, 0)
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, at)
}
const forbidden = (what: string) => (): never => {
  throw new Error(`${what}: it writes a file`)
}
for (const call of [
  'writeFileSync',
  'appendFileSync',
  'mkdirSync',
  'mkdtempSync',
  'renameSync',
  'copyFileSync',
  'symlinkSync',
  'rmSync',
  'unlinkSync',
  'createWriteStream',
  'writeFile',
] as const)
  (fs as unknown as Record<string, unknown>)[call] = forbidden(call)
fs.openSync = ((at: string, flags: string | number = 'r', ...rest: never[]) =>
  flags === 'r' || flags === fs.constants.O_RDONLY ? openSync(at, flags, ...rest) : forbidden('openSync')()) as typeof openSync
syncBuiltinESMExports()

const collect = (globalThis as { gc?: () => void }).gc ?? (() => {})
const highest = (): number => process.resourceUsage().maxRSS * 1024

let [read, refused, mostMb, before] = [0, 0, 0, 0]
for (const bytes of originals) {
  put(bytes)
  await use(file).catch((error: unknown) => {
    if (!(error instanceof InputError)) throw error
  })
}
before = highest()
for (let seed = from; seed < to; seed++) {
  const random = mulberry32(seed * 2_654_435_761)
  const [bytes, says] = mutate(pick(random, originals), random, { kind, others: originals })
  if (seed % COLLECT_EACH === 0) {
    collect()
    before = highest()
  }
  put(bytes)
  writeSync(progress, `${JSON.stringify({ seed, says })}\n`, 0)
  let wrong: string | undefined
  try {
    await use(file)
    read++
  } catch (error) {
    refused++
    if (!(error instanceof InputError)) wrong = (error as Error).stack ?? String(error)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not come through
    else if (/[\u0000-\u001f\u007f]/.test(error.message)) wrong = `not one plain line: ${JSON.stringify(error.message)}`
  }
  const now = highest()
  const more = now - before
  before = now
  mostMb = Math.max(mostMb, more / MB)
  if (more > MOST_BYTES + 4 * bytes.length) wrong ??= `${Math.round(more / MB)} MB more for a file of ${bytes.length} bytes`
  if (wrong !== undefined) say({ seed, says, wrong: wrong.slice(0, 1500) })
}
say({ read, refused, mostMb: Math.round(mostMb) })
