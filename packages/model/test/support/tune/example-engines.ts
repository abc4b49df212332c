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

const refusal = (refused: string | null | undefined) => (refused == null ? {} : { refused })

/** As the real one, but the setup keeps what is in the names of its options. */
export const engineRemedy = defineRemedy({
  ...exampleRemedy('choice'),
  effect: 'rounding',
  kind: 'engine',
  apply(setup, { otherEngines = [] }) {
    if (setup.engine !== undefined) return []
    return otherEngines.map(({ id, version, effect, refusedInFloat, ...one }) => ({
      variant: id,
      setup: { ...setup, engine: { id, version } },
      changes: [id],
      predictedSavingMs: null,
      effect,
      ...refusal(one.refused ?? refusedInFloat),
    }))
  },
})

/** As the real one with a tool for it: the model as it is, and the model in fewer bits, which may be kept where that may not. */
export const engineInBits = defineRemedy({
  ...engineRemedy,
  async apply(setup, evidence, tools) {
    const plain = await engineRemedy.apply(setup, evidence, tools)
    if (tools.int8On === undefined || plain.length === 0) return plain
    await tools.int8On(setup.model, 'onnx')
    return plain.flatMap((one) => {
      const options = { ...one.setup.options, configEntries: { ...one.setup.options.configEntries, bits: '1' } }
      const precision = { method: 'static', plan: 'on onnx' } as const
      const { refused: _, ...kept } = one
      return [
        one,
        { ...kept, variant: `${one.variant} int8`, setup: { ...one.setup, options }, precision, effect: 'approximate' },
      ]
    })
  },
})
