// The first call of a decoder behind an encoder, if another graph makes it: it begins without a cache and gives the one that all later steps are fed.
import type { Handle } from '@whyslow/measure/engines/koffi.ts'
import type { TensorValue } from '@whyslow/measure/engines/types.ts'
import type { Step } from '../../generator.ts'
import type { OrtApi } from './c-api.ts'
import { stepFeeds } from './feeds.ts'
import type { HeldFeeds } from './layout.ts'
import { type LogitPositions, logitsOf } from './logits.ts'
import { type Binding, newBinding } from './session.ts'
import { libraryValue } from './values.ts'

/** Fed unchanged, by the inputs' names. */
export type Constants = Readonly<Record<string, TensorValue>>

export interface HeldOpening {
  readonly session: Handle
  readonly feeds: HeldFeeds
  /** The output that fills each cache, in their order. */
  readonly presents: readonly string[]
  readonly constants: Constants
}

/** What is to be freed once the binding is closed. */
export function bindConstants(api: OrtApi, binding: Binding, constants: Constants): () => void {
  const values = Object.entries(constants).map(([name, constant]) => {
    const value = libraryValue(api, constant)
    binding.input(name, value)
    return value
  })
  return () => {
    for (const value of values) api.free('Value', value)
  }
}

export interface FirstCall {
  /** What fills the caches is the caller's. */
  run(ids: readonly number[], logits: LogitPositions): { readonly step: Step; readonly presents: readonly Handle[] }
  free(): void
}

export function openFirst(api: OrtApi, { session, feeds: layout, presents: names, constants }: HeldOpening): FirstCall {
  const binding = newBinding(api, session)
  const freeConstants = bindConstants(api, binding, constants)
  const feeds = stepFeeds(api, layout)
  const results = logitsOf(api, layout.logits)
  return {
    run(ids, logits) {
      const startedAt = performance.now()
      feeds.bind(binding, ids, 0, logits)
      results.bind(binding, ids.length)
      for (const name of names) binding.freshOutput(name)
      const runsAt = performance.now()
      binding.run()
      const ranAt = performance.now()
      const [value, ...presents] = binding.outputs()
      const takenAt = performance.now()
      const read = results.read(value, ids.length, logits)
      const step = { ...read, runMs: ranAt - runsAt, feedsMs: runsAt - startedAt + (takenAt - ranAt) }
      return { step: { ...step, logitsMs: performance.now() - takenAt }, presents }
    },
    free() {
      binding.close()
      freeConstants()
      feeds.free()
      results.free()
    },
  }
}
