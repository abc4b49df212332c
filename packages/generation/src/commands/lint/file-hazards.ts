// What the files of a generator say of its speed although nothing ran: each cause by the rule that `generate` times it with.
import { bytes, plural, sharePercent } from '@whyslow/measure/statistics/numbers.ts'
import type { LintDocument } from '@whyslow/report/documents/lint.ts'
import type { GenerationFacts, WeightFact } from '../../facts.ts'
import { type GenerationRule, INT4_BYTES, INT8_BYTES, sumOf } from '../../rule.ts'
import { accuracyLevelUnset } from '../../rules/accuracy-level-unset.ts'
import { allPositionLogits } from '../../rules/all-position-logits.ts'
import { cacheCapacity } from '../../rules/cache-capacity.ts'
import { cacheCopies } from '../../rules/cache-copies.ts'
import { constantCrossAttention } from '../../rules/constant-cross-attention.ts'
import { float16OnCpu } from '../../rules/float16-on-cpu.ts'
import { float32Head } from '../../rules/float32-head.ts'
import { float32Weights } from '../../rules/float32-weights.ts'
import { recomputedContext } from '../../rules/recomputed-context.ts'
import { smallQuantizationBlocks } from '../../rules/small-quantization-blocks.ts'
import { unrequestedBeams } from '../../rules/unrequested-beams.ts'
import { belowInt8Level, bytesOf, floatHead, inSmallBlocks, largestOf, mostlyFloat32 } from '../../weights.ts'

export type Hazard = LintDocument['hazards'][number]

/** What is read of one file of the model, and of the files around it. */
export interface FileFacts extends Pick<GenerationFacts, 'weights' | 'graph' | 'options'> {
  /** Nodes that join the cache with what is new by copying all of it. */
  readonly joins: readonly string[]
}

interface Found {
  readonly detail: string
  readonly nodes?: readonly string[]
}

type Look = readonly [rule: Pick<GenerationRule, 'id' | 'title'>, look: (facts: FileFacts) => Found | null]

const LOOKS: readonly Look[] = [
  [
    recomputedContext,
    ({ graph }) => (graph?.cache === 'none' ? { detail: 'it has no inputs and outputs for a KV cache' } : null),
  ],
  [
    cacheCopies,
    ({ joins }) =>
      joins.length === 0
        ? null
        : {
            detail: `${plural(joins.length, 'Concat')} copy the cache to append one token; GroupQueryAttention appends in place`,
            nodes: joins,
          },
  ],
  [
    cacheCapacity,
    ({ options }) =>
      options?.cacheCapacity == null
        ? null
        : { detail: `its cache always has room for ${plural(options.cacheCapacity, 'token')}` },
  ],
  [
    float32Weights,
    ({ weights = [] }) =>
      among(
        mostlyFloat32(weights),
        (wide) =>
          `each token reads ${bytes(bytesOf(wide))} of float32 weights, as int4 in blocks ${bytes(INT4_BYTES * elements(wide))}`,
      ),
  ],
  [
    float16OnCpu,
    ({ graph, weights = [] }) =>
      graph === undefined
        ? null
        : among(
            weights.filter(({ dtype }) => dtype === 'float16'),
            (halves) => `${bytes(bytesOf(halves))} of its weights are float16, which the CPU casts to float32`,
          ),
  ],
  [
    accuracyLevelUnset,
    ({ weights = [] }) =>
      among(
        belowInt8Level(weights),
        (unset) =>
          `${plural(unset.length, 'MatMulNBits node')} unpack their weights to multiply them; at accuracy_level 4 they multiply in int8`,
      ),
  ],
  [
    float32Head,
    ({ weights = [] }) =>
      among(
        floatHead(weights),
        (head) =>
          `the head is ${bytes(bytesOf(head))} of floats, ${sharePercent(bytesOf(head) / bytesOf(weights))} of what a token reads, in int8 ${bytes(INT8_BYTES * elements(head))}`,
      ),
  ],
  [
    smallQuantizationBlocks,
    ({ weights = [] }) =>
      among(
        inSmallBlocks(weights),
        (small) =>
          `${plural(small.length, 'matrix', 'matrices')} have blocks of ${Math.min(...small.map(({ blockSize }) => blockSize!))} weights and read ${bytes(sumOf(small, ({ scaleBytes }) => scaleBytes ?? 0))} of scales for each token`,
      ),
  ],
  [
    allPositionLogits,
    ({ graph }) =>
      graph?.logits === 'all'
        ? {
            detail: 'the head runs for all positions of a prompt, of which the last one is used',
            nodes: graph.headNode === null ? [] : [graph.headNode],
          }
        : null,
  ],
  [
    constantCrossAttention,
    ({ graph }) =>
      graph === undefined || graph.constantOutputs.names.length === 0
        ? null
        : {
            detail: `${plural(graph.constantOutputs.names.length, 'output')} of each step never change: they hold keys and values of the encoder`,
            nodes: graph.constantOutputs.names,
          },
  ],
  [
    unrequestedBeams,
    ({ options }) =>
      options === undefined || options.beams <= 1
        ? null
        : { detail: `${options.beamsFrom ?? 'a file'} sets ${options.beams} beams for callers who set none` },
  ],
]

const elements = (weights: readonly WeightFact[]): number => sumOf(weights, (one) => one.elements)

/** null: there are none. The place is the largest of them. */
const among = (weights: readonly WeightFact[], say: (weights: readonly WeightFact[]) => string): Found | null =>
  weights.length === 0 ? null : { detail: say(weights), nodes: [largestOf(weights).node] }

/** A file of the model by the name that a reader knows it by. */
export interface NamedFacts extends FileFacts {
  readonly file: string
}

/** Each cause once, with the files that have it if there are several. */
export function fileHazards(files: readonly NamedFacts[]): readonly Hazard[] {
  return LOOKS.flatMap(([{ id, title }, look]): Hazard[] => {
    const found = files.flatMap((facts) => {
      const seen = look(facts)
      return seen === null ? [] : [{ ...seen, file: facts.file }]
    })
    if (found.length === 0) return []
    // What all files have alike, as what stands next to them, is said once.
    const isCommon = found.length === files.length && new Set(found.map(({ detail }) => detail)).size === 1
    const said = isCommon ? [found[0]!.detail] : found.map(({ file, detail }) => `${file}: ${detail}`)
    return [
      {
        ...{ hazard: id, title, timeMs: null },
        detail: said.join('; '),
        nodes: [...new Set(found.flatMap(({ nodes = [] }) => nodes))],
      },
    ]
  })
}
