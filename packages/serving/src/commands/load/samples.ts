// What requests are made of: the user's data, else synthetic inputs of the first shape that the server is seen to answer.

import type { GraphView } from '@whyslow/graph/types.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { findWorkingInputs } from '@whyslow/measure/samples/find-working.ts'
import { pictureNumbers } from '@whyslow/measure/samples/picture-numbers.ts'
import { readData } from '@whyslow/measure/samples/read-data.ts'
import { resolveInputs } from '@whyslow/measure/samples/resolve.ts'
import type { ResolvedInput } from '@whyslow/measure/samples/resolved.ts'
import { synthesize, withLikeness } from '@whyslow/measure/samples/synthetic.ts'
import { madeUpKind } from '@whyslow/report/text/answers/likeness.ts'
import type { TryPredict } from '../../serve/batch-proof.ts'
import { datatypeOf } from '../../serve/protocol.ts'
import type { KnownModel } from '../serve/known-model.ts'
import type { LoadOptions } from './options.ts'

/** Bytes of one sample: beyond what servers take. */
const MOST_SAMPLE_BYTES = 256 * 1024 * 1024

export interface RequestSamples {
  readonly samples: readonly Feeds[]
  readonly warnings: readonly string[]
}

interface Choosing {
  readonly graph: GraphView
  readonly known: KnownModel | null
  readonly options: LoadOptions
}

/** `ask`: whether the server answers a request. Throws InputError if it answers none. */
export async function chooseSamples({ graph, known, options }: Choosing, ask: TryPredict): Promise<RequestSamples> {
  const { shapes, values, batch, data } = options
  const flags = { shapes, values, batch, limitBytes: MOST_SAMPLE_BYTES, known: known?.values ?? (() => new Map()) }
  if (data !== null) {
    const base = resolveInputs(graph.inputs, graph, flags)
    const pictures = pictureNumbers(known?.file ?? '', options.pictures, known?.pictures)
    const read = readData(data, base.inputs, { batch, labelsName: options.labels, allowNaN: known?.allowNaN ?? false, pictures })
    return { samples: read.samples, warnings: read.note === undefined ? [] : [read.note] }
  }
  let samples: readonly Feeds[] = []
  let made: readonly ResolvedInput[] = []
  const { inputs } = await findWorkingInputs(graph.inputs, graph, flags, (tried) => {
    made = known?.withPixels(tried.inputs) ?? tried.inputs
    samples = synthesize(made, graph)
    return ask(samples[0]!)
  })
  const assumed = inputs.flatMap(({ name, assumed }) => assumed.map(({ text }) => `${name}: ${text}`))
  const how = assumed.length === 0 ? '' : ` (${assumed.join('; ')})`
  const likened = withLikeness(made, graph).map((input) => ({ ...input, source: 'synthetic' as const }))
  const kinds = new Set(likened.flatMap(({ likeness }) => likeness?.of ?? []))
  const likeness = kinds.size === 0 ? '' : ` (${[...kinds].join(', ')})`
  return { samples, warnings: [`inputs are ${madeUpKind(likened)}${likeness}${how}; give your own with --data`] }
}

export const tensorsOf = (feeds: Feeds) =>
  Object.entries(feeds).map(([name, { dtype, shape }]) => ({ name, datatype: datatypeOf(dtype) ?? dtype, shape }))
