// The prompts of a proof as ids, as the shipped folder makes them: the user's behind the model's beginning, made-up sentences as a user's message if the
// model has a chat template, all by the model's tokenizer; ids by chance if it has none. And the natural texts on which perplexity is compared.
import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32 } from '@whyslow/graph/random.ts'
import { reasonInWords } from '@whyslow/measure/trials/port.ts'
import type { GenerationDocument } from '@whyslow/report/documents/generation.ts'
import type { Prompts } from '../../prove/bench.ts'
import { PROOF_PROMPTS, PROOF_TOKENS } from '../../prove/budget.ts'
import { passages, proofPrompts } from '../../prove/prompts.ts'
import { chatTemplate } from '../../ship/folder/chat-template.ts'
import { promptFactsOf } from '../../ship/prompt-facts.ts'
import type { FixRun } from './run.ts'

/** Length of a prompt if there is no tokenizer. */
const CHANCE_TOKENS = 24
/** Share of the context that a prompt of the proof takes at most: the rest is for what follows. */
const PROMPT_SHARE = 0.5

export interface ProofTexts {
  readonly prompts: Prompts
  /** The user's prompts and sentences one after another; null: there is no tokenizer, or an encoder reads the prompts. */
  readonly texts: Prompts | null
}

export async function proofTextsOf(
  { base, bench, reads }: Pick<FixRun, 'base' | 'bench' | 'reads'>,
  { model }: GenerationDocument,
  users: readonly string[],
): Promise<ProofTexts> {
  // Sounds have numbers.
  if (reads === 'sound') return { prompts: Array.from({ length: PROOF_PROMPTS }, (_, number) => [number]), texts: null }
  const shipped = asShipped(base.source, users, reads)
  const natural = reads === undefined ? naturalTexts(base.source, users) : []
  const encoded = await bench.encoded(base, [...shipped, ...natural])
  if (encoded.outcome === 'measured') {
    const ids = fitting(encoded.value, model.context)
    return { prompts: ids.slice(0, shipped.length), texts: reads === undefined ? ids.slice(shipped.length) : null }
  }
  if (users.length > 0 || model.vocabulary === null)
    throw new InputError(`prompts cannot be turned into tokens: ${reasonInWords(encoded)}; put tokenizer.json next to the model`)
  return { prompts: fitting(byChance(model.vocabulary), model.context), texts: null }
}

function asShipped(source: string, users: readonly string[], reads: FixRun['reads']): readonly string[] {
  const facts = promptFactsOf(source)
  const template = chatTemplate(facts)
  const { texts } = proofPrompts(users, PROOF_PROMPTS)
  // What an encoder's text begins and ends with, its tokenizer adds.
  if (reads !== undefined) return texts
  return texts.map((text, at) =>
    template === null || at < users.length ? `${facts.beginning ?? ''}${text}` : template([{ role: 'user', content: text }]),
  )
}

/** The template is left out: a model rates what follows what, whoever says it. */
function naturalTexts(source: string, users: readonly string[]): readonly string[] {
  const beginning = promptFactsOf(source).beginning ?? ''
  return [...users, ...passages()].map((text) => `${beginning}${text}`)
}

/** Tokens of a prompt that is timed: copies of a cache are seen at a depth. */
const TIMED_TOKENS = 256

/** Made-up prompts one after another, up to a length at which a cache weighs; another one for each number. */
export function longPrompts(prompts: Prompts, context: number | null): (at: number) => readonly number[] {
  const most = Math.min(TIMED_TOKENS, Math.max(1, Math.floor((context ?? Number.POSITIVE_INFINITY) / 2)))
  return (at) => {
    const ids: number[] = []
    for (let k = at; ids.length < most; k++) for (const id of prompts[k % prompts.length]!.slice(0, most)) ids.push(id)
    return ids.slice(0, most)
  }
}

function byChance(vocabulary: number): Prompts {
  const random = mulberry32(1)
  return Array.from({ length: PROOF_PROMPTS }, () =>
    Array.from({ length: CHANCE_TOKENS }, () => Math.floor(random() * vocabulary)),
  )
}

function fitting(prompts: Prompts, context: number | null): Prompts {
  if (context === null) return prompts
  const most = Math.max(1, Math.min(context - PROOF_TOKENS, context - 1), Math.floor(PROMPT_SHARE * context))
  return prompts.map((prompt) => prompt.slice(0, most))
}
