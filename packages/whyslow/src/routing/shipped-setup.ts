// A folder that `fix` wrote, as a model with the settings of its options.json: the flags that measure it as it is shipped.
import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { commandLine } from '@whyslow/report/text/shell-words.ts'

interface Manifest {
  readonly schema: string
  /** Path of the program that the folder is for. */
  readonly program?: string
  readonly model: string
  readonly engine: { readonly id: string; readonly generated?: boolean }
  readonly options: {
    /** A generator's. */
    readonly threads?: number | null
    readonly prefillThreads?: number | null
    readonly session?: {
      readonly intraOpNumThreads?: number
      readonly graphOptimizationLevel?: string
      readonly extra?: object
    }
  }
}

/** Flags that were typed stay, and win. `notice`: what is measured in place of the folder. */
export function shippedSetup(argv: readonly string[], folder: string, at: number): { argv: readonly string[]; notice: string } {
  const { schema, model, engine, options, program } = JSON.parse(
    fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8'),
  ) as Manifest
  if (schema.startsWith('whyslow-program/'))
    throw new UsageError(
      `${folder} replaces the models of ${program}: change the lines that fix printed, then measure: whyslow ${program}`,
    )
  const file = path.join(folder, model)
  if (schema.startsWith('whyslow-generator/')) return generatorSetup(argv, { folder, file, at, engine: engine.id, options })
  if (engine.generated === true || !/\.(onnx|tflite)$/i.test(model))
    throw new UsageError(
      `${folder} holds a model that fix compiled to code, which has no operators to explain; measure it: whyslow load ${folder}`,
    )
  const { intraOpNumThreads: threads, graphOptimizationLevel: level, extra = {} } = options.session ?? {}
  const typed = argv.filter((_, index) => index !== at)
  const flags = [
    ['--engine', engine.id],
    ...(threads === undefined ? [] : [['--threads', String(threads)]]),
    ...(level === undefined || level === 'all' ? [] : [['--graph-optimization', level]]),
  ].filter(([flag]) => !typed.some((word) => word === flag || word.startsWith(`${flag}=`)))
  const entries = entriesOf(extra)
    .map(([key, value]) => `${key}=${value}`)
    .filter((entry) => !typed.some((word) => setsSame(word, entry)))
    .flatMap((entry) => ['--session-config', entry])
  const routed = [file, ...flags.flat(), ...entries]
  return {
    argv: [...routed, ...typed],
    notice: `${folder} is a folder that fix wrote; this measures: ${commandLine('', routed)}`,
  }
}

/** A folder that generates text: its model and engine, measured as `generate` does. */
function generatorSetup(
  argv: readonly string[],
  {
    folder,
    file,
    at,
    engine,
    options,
  }: { folder: string; file: string; at: number; engine: string; options: Manifest['options'] },
): { argv: readonly string[]; notice: string } {
  const typed = argv.filter((_, index) => index !== at)
  const flags = [
    ['--engine', engine],
    ...(options.threads == null ? [] : [['--threads', String(options.threads)]]),
    ...(options.prefillThreads == null ? [] : [['--prefill-threads', String(options.prefillThreads)]]),
  ].filter(([flag]) => !typed.some((word) => word === flag || word.startsWith(`${flag}=`)))
  const routed = ['generate', file, ...flags.flat()]
  return {
    argv: [...routed, ...typed],
    notice: `${folder} is a folder that fix wrote; this measures: ${commandLine('generate', routed.slice(1))}`,
  }
}

/** The word is an entry of that key, alone or behind its flag. */
const setsSame = (word: string, entry: string): boolean =>
  word.replace(/^--(session-)?config=/, '').startsWith(entry.slice(0, entry.indexOf('=') + 1))

/** Nested objects as dotted keys. */
function entriesOf(value: object, before = ''): [key: string, value: string][] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null ? entriesOf(inner, `${before}${key}.`) : [[`${before}${key}`, String(inner)]],
  )
}
