// Keys and values of the encoder's output stay the same for a whole text; older exports of encoder–decoders give them out at every step, and
// graphs turn them for a product at every step. https://github.com/huggingface/optimum/pull/872
import { bytes, countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import type { GenerationEvidence } from '../facts.ts'
import { costs, defineRule, fixGenerator, isFelt, partMs, readMs, type WithFloor } from '../rule.ts'

/** Read once, and written once. */
const PASSES = 2

export const constantCrossAttention = defineRule({
  id: 'constant-cross-attention',
  area: 'software',
  title: 'Cross-attention: what never changes is copied at every token',
  needs: ['graph', 'model', 'speed', 'setup'],
  wants: ['floor', 'tokenParts'],
  check({ graph: { constantOutputs, crossCopies }, ...given }) {
    const { names, bytes: size } = constantOutputs
    const movesMs = crossCopies.decodeMs ?? 0
    if (names.length === 0 && movesMs === 0) return 'clear'
    if (size === null)
      return { notChecked: `the graph does not declare how large ${names[0]} and the other outputs that never change are` }
    const outputsMs = size === 0 ? 0 : copiesMs(given, size)
    const tokenMs = (outputsMs ?? 0) + movesMs
    if (outputsMs !== undefined && !isFelt(given, { tokenMs })) return 'clear'
    const outputs = tell`${countFact('output', names.length)} of each step, ${bytes('constant', size)} in all, are the same at every token`
    const copied = outputsMs === undefined ? tell`${outputs}.` : tell`${outputs}. Copying them takes ${ms('copies', outputsMs)}.`
    const moved = tell`${countFact('node', crossCopies.nodes)} transpose or copy the encoder's keys and values at each token, which takes
      ${ms('moves', movesMs)}: once for a text is enough.`
    const said = movesMs === 0 ? copied : size === 0 ? moved : tell`${copied} ${moved}`
    const isMoved = movesMs > (outputsMs ?? 0)
    return {
      ...said,
      ...(outputsMs === undefined
        ? costs(given, { tokenMs }, { unknown: 'the bandwidth of the memory was not measured', basis: 'modelled' })
        : costs(given, { tokenMs }, { basis: isMoved ? 'measured' : 'modelled' })),
      nodes: [(isMoved ? crossCopies.node : names[0]) ?? ''].filter((name) => name !== ''),
      // No remedy turns keys ahead.
      ...(size === 0 ? {} : { next: fixGenerator() }),
    }
  },
})

type Given = Pick<GenerationEvidence, 'model'> &
  WithFloor & { readonly tokenParts?: GenerationEvidence['tokenParts'] | undefined }

/** Within the engine, and their share of what it takes to hand the cache to JavaScript; undefined: the bandwidth is not known. */
function copiesMs({ model, tokenParts, ...given }: Given, size: number): number | undefined {
  const insideMs = readMs(given, PASSES * size)
  const exportedMs = partMs(tokenParts, 'cache-exported') ?? 0
  const grown = (tokenParts?.depth ?? 0) * (model.cacheBytesPerToken ?? 0)
  return insideMs === undefined ? undefined : insideMs + (exportedMs * size) / (size + grown)
}
