// Other engines of a made-up machine, and the remedy that takes them.
import { defineRemedy, type OtherEngine } from '../../../src/remedies/kit/remedy.ts'
import { exampleRemedy } from './example-bench.ts'

export const otherEngine = (id: string, rest: Partial<OtherEngine> = {}): OtherEngine => ({
  id,
  version: '2',
  name: id,
  effect: 'rounding',
  refused: null,
  ...rest,
})

/** As the real one, but the setup keeps what is in the names of its options. */
export const engineRemedy = defineRemedy({
  ...exampleRemedy('choice'),
  effect: 'rounding',
  kind: 'engine',
  apply(setup, { otherEngines = [] }) {
    if (setup.engine !== undefined) return []
    return otherEngines.map(({ id, version, effect, refused }) => ({
      variant: id,
      setup: { ...setup, engine: { id, version } },
      changes: [id],
      predictedSavingMs: null,
      effect,
      ...(refused === null ? {} : { refused }),
    }))
  },
})
