// A folder that `fix` wrote, as a model with the settings of its options.json: the flags that measure it as it is shipped.
import fs from 'node:fs'
import path from 'node:path'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { commandWords } from '@whyslow/report/text/wrap.ts'

interface Manifest {
  readonly model: string
  readonly engine: { readonly id: string; readonly generated?: boolean }
  readonly options: {
    readonly session?: {
      readonly intraOpNumThreads?: number
      readonly graphOptimizationLevel?: string
      readonly extra?: object
    }
  }
}

/** Flags that were typed stay, and win. `notice`: what is measured in place of the folder. */
export function shippedSetup(argv: readonly string[], folder: string, at: number): { argv: readonly string[]; notice: string } {
  const { model, engine, options } = JSON.parse(fs.readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as Manifest
  const file = path.join(folder, model)
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
    ...entriesOf(extra).map(([key, value]) => ['--config', `${key}=${value}`]),
  ].filter(([flag]) => flag === '--config' || !typed.some((word) => word === flag || word.startsWith(`${flag}=`)))
  const routed = [file, ...flags.flat()]
  return {
    argv: [...routed, ...typed],
    notice: `${folder} is a folder that fix wrote; this measures: ${commandWords({ command: '', arguments: routed }).join(' ')}`,
  }
}

/** Nested objects as dotted keys. */
function entriesOf(value: object, before = ''): [key: string, value: string][] {
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'object' && inner !== null ? entriesOf(inner, `${before}${key}.`) : [[`${before}${key}`, String(inner)]],
  )
}
