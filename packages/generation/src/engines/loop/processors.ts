// Tokens that the model's files or a request forbid or force, in the logits before the next one is chosen, as transformers does it:
// https://github.com/huggingface/transformers/blob/main/src/transformers/generation/logits_process.py
import type { Constraints, DecoderBeginning, GenerationRequest, LogitsProcessor } from '../../generator.ts'
import type { Beginning } from '../../recognize/beginning.ts'

const NEVER = Number.NEGATIVE_INFINITY

/** What a decoder begins with, as the port has it. */
export const decoderBeginning = (said: Beginning): DecoderBeginning => ({
  ids: said.ids,
  process: processorOf(said),
  constraints: said.constraints,
})

interface Ruled extends Partial<Pick<DecoderBeginning, 'process' | 'constraints'>> {
  /** Tokens that end an answer. */
  readonly endIds: readonly number[]
}

/** What files and request say, one after the other. The request's constraints come before those of the files, which `plain` leaves out; null: none. */
export function processorFor(
  { process = null, constraints, endIds }: Ruled,
  { sampling, plain }: Pick<GenerationRequest, 'sampling' | 'plain'>,
): LogitsProcessor | null {
  const own = sampling.kind === 'sample' ? sampling.constraints : undefined
  return inTurn(constrainerOf({ ...(plain ? {} : constraints), ...own }, endIds), process)
}

/** null: nothing is forbidden or forced. */
export function processorOf(beginning: Omit<Beginning, 'ids' | 'constraints'>): LogitsProcessor | null {
  const { suppressed, suppressedFirst, forcedFirst, forcedLast } = beginning
  if (suppressed.length === 0 && suppressedFirst.length === 0 && forcedFirst === null && forcedLast.length === 0) return null
  return (logits, { made, most }) => {
    const isFirst = made.length === 0
    // Of an answer of one token the last is forced.
    if (made.length === most - 1 && forcedLast.length > 0) return force(logits, forcedLast)
    if (isFirst && forcedFirst !== null) return force(logits, [forcedFirst])
    // Beyond the end nothing is written.
    for (const id of suppressed) logits[id] = NEVER
    if (isFirst) for (const id of suppressedFirst) logits[id] = NEVER
  }
}

function force(logits: Float32Array, ids: readonly number[]): void {
  logits.fill(NEVER)
  for (const id of ids) logits[id] = 0
}

/** null: nothing is forbidden. `endIds`: tokens that end an answer. */
export function constrainerOf(
  { noRepeatNgram = 0, minNewTokens = 0 }: Constraints,
  endIds: readonly number[],
): LogitsProcessor | null {
  if (noRepeatNgram === 0 && (minNewTokens === 0 || endIds.length === 0)) return null
  return (logits, { prompt, made }) => {
    if (noRepeatNgram > 0) forbidRepeats(logits, [...prompt, ...made], noRepeatNgram)
    if (made.length < minNewTokens) for (const id of endIds) logits[id] = NEVER
  }
}

/** What followed the last `size` - 1 tokens before does not follow them again. */
function forbidRepeats(logits: Float32Array, ids: readonly number[], size: number): void {
  const length = size - 1
  const tail = ids.length - length
  for (let from = 0; from < tail; from++) {
    let k = 0
    while (k < length && ids[from + k] === ids[tail + k]) k++
    if (k === length) logits[ids[from + length]!] = NEVER
  }
}

/** One after the other; null: none of them changes anything. */
export function inTurn(...all: readonly (LogitsProcessor | null)[]): LogitsProcessor | null {
  const some = all.filter((one) => one !== null)
  if (some.length === 0) return null
  return (logits, answer) => {
    for (const one of some) one(logits, answer)
  }
}
