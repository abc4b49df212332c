// What runs the generator: the engine that was named, or the first that opens such a model and is installed.
import { InputError } from '@whyslow/graph/input-error.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import type { GeneratorEngine, GeneratorKind, GeneratorOptions, Opened } from '../../generator.ts'

interface Wanted {
  /** As it was typed; null: nobody named one. */
  readonly id: string | null
  readonly kind: GeneratorKind
  /** What the encoder reads; absent: there is none. */
  readonly reads?: Opened['reads']
  readonly source: string
  readonly options: GeneratorOptions
  /** Where packages are looked for. */
  readonly folder: string
}

export async function chooseEngine(engines: readonly GeneratorEngine[], wanted: Wanted): Promise<GeneratorEngine> {
  const { id, kind, reads, options, folder } = wanted
  const opened: Opened = reads === undefined ? { kind } : { kind, reads }
  const shown = addressName(wanted.source)
  const ids = engines.map((one) => one.id).join(', ')
  if (id !== null) {
    const named = engines.find((one) => one.id === id)
    if (named === undefined) throw new InputError(`--engine ${id}: no such engine for text generation; there are ${ids}`)
    const opens = named.opens(opened)
    if (opens !== true) throw new InputError(`--engine ${id}: cannot open ${shown}: ${opens}`)
    const missing = await named.missing(options, folder)
    if (missing !== null) throw new InputError(`--engine ${id}: ${missing}`)
    return named
  }
  const able = engines.filter((one) => one.opens(opened) === true)
  const reasons: string[] = []
  for (const one of able) {
    const missing = await one.missing(options, folder)
    if (missing === null) return one
    reasons.push(missing)
  }
  throw new InputError(
    able.length === 0
      ? `${shown}: no engine opens it; there are ${ids}`
      : `${shown}: no engine for it is installed; ${reasons.join('; or ')}`,
  )
}
