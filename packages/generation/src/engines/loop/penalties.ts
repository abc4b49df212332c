// Logits of tokens that are there already, made smaller: the repetition penalty of transformers (Keskar et al., CTRL, 2019, section 4.1), and the presence and
// frequency penalties of OpenAI's protocol (platform.openai.com/docs/api-reference/chat/create).
import type { Penalties, Sampling } from '../../generator.ts'

export const NO_PENALTIES: Penalties = { repetition: 1, presence: 0, frequency: 0 }

/** null: none of them changes anything. */
export function penaltiesOf(sampling: Sampling): Penalties | null {
  if (sampling.kind === 'greedy') return null
  const { penalties = NO_PENALTIES } = sampling
  const { repetition, presence, frequency } = penalties
  return repetition === 1 && presence === 0 && frequency === 0 ? null : penalties
}

export interface Penalizer {
  /** Changes the logits themselves. */
  apply(logits: Float32Array): void
  /** A token of the answer. */
  add(id: number): void
}

export function penalizer({ repetition, presence, frequency }: Penalties, prompt: readonly number[]): Penalizer {
  const seen = new Set(prompt)
  const made = new Map<number, number>()
  return {
    apply(logits) {
      for (const id of repetition === 1 ? [] : seen)
        logits[id] = logits[id]! < 0 ? logits[id]! * repetition : logits[id]! / repetition
      for (const [id, count] of made) logits[id]! -= presence + frequency * count
    },
    add(id) {
      seen.add(id)
      made.set(id, (made.get(id) ?? 0) + 1)
    },
  }
}
