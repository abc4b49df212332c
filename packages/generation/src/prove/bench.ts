// What the search asks of fresh processes: times, answers, ratings and the curve of several tokens. A scripted bench stands for it in tests.
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import { defineTask, type RunTrial, type Trial, type TrialLimits } from '@whyslow/measure/trials/port.ts'
import type { CostPoint } from '../loop/lookup.ts'
import { type Answer, answersOf, type FedText, type Rating, ratingOf } from './answers.ts'
import { openSetup } from './open-setup.ts'
import type { GeneratorSetup } from './setup.ts'
import { costCurve, type ProcessTimes, timesOf } from './times.ts'

export type Prompts = readonly (readonly number[])[]

export interface Bench {
  times(setup: GeneratorSetup, prompts: Prompts, tokens: number): Promise<Trial<ProcessTimes>>
  answers(setup: GeneratorSetup, prompts: Prompts, tokens: number): Promise<Trial<readonly Answer[]>>
  rating(setup: GeneratorSetup, texts: readonly FedText[]): Promise<Trial<Rating>>
  curve(setup: GeneratorSetup, prompt: readonly number[]): Promise<Trial<readonly CostPoint[]>>
  /** Ids of texts, by the setup's tokenizer. */
  encoded(setup: GeneratorSetup, texts: readonly string[]): Promise<Trial<Prompts>>
}

interface Asked {
  readonly setup: GeneratorSetup
}

export const timesTask = defineTask(
  'generator-times',
  import.meta.url,
  async ({ setup, prompts, tokens }: Asked & { readonly prompts: Prompts; readonly tokens: number }): Promise<ProcessTimes> => {
    const startMs = performance.now()
    const generator = await openSetup(setup)
    const openMs = performance.now() - startMs
    return closing(generator, async () => ({ openMs, ...(await timesOf(generator, prompts, tokens)) }))
  },
)

export const answersTask = defineTask(
  'generator-answers',
  import.meta.url,
  async ({ setup, prompts, tokens }: Asked & { readonly prompts: Prompts; readonly tokens: number }) => {
    const generator = await openSetup(setup)
    return closing(generator, () => answersOf(generator, prompts, tokens))
  },
)

export const ratingTask = defineTask(
  'generator-rating',
  import.meta.url,
  async ({ setup, texts }: Asked & { readonly texts: readonly FedText[] }) => {
    const generator = await openSetup({ ...setup, loop: null })
    return closing(generator, () => ratingOf(generator, texts))
  },
)

export const curveTask = defineTask(
  'generator-curve',
  import.meta.url,
  async ({ setup, prompt }: Asked & { readonly prompt: readonly number[] }) => {
    const generator = await openSetup({ ...setup, loop: null })
    return closing(generator, () => costCurve(generator, prompt))
  },
)

export const encodeTask = defineTask(
  'generator-encode',
  import.meta.url,
  async ({ setup, texts }: Asked & { readonly texts: readonly string[] }): Promise<Prompts> => {
    const generator = await openSetup({ ...setup, loop: null })
    return closing(generator, async () => {
      const { encode, engine } = generator
      if (encode === null) throw new Error(`engine ${engine} has no tokenizer`)
      return texts.map((text) => encode(text))
    })
  },
)

async function closing<T>(generator: { close(): Promise<void> }, use: () => Promise<T>): Promise<T> {
  try {
    return await use()
  } finally {
    await generator.close()
  }
}

export function localBench(limits: TrialLimits, run: RunTrial = localTrials.run): Bench {
  return {
    times: (setup, prompts, tokens) => run(timesTask, { setup, prompts, tokens }, limits),
    answers: (setup, prompts, tokens) => run(answersTask, { setup, prompts, tokens }, limits),
    rating: (setup, texts) => run(ratingTask, { setup, texts }, limits),
    curve: (setup, prompt) => run(curveTask, { setup, prompt }, limits),
    encoded: (setup, texts) => run(encodeTask, { setup, texts }, limits),
  }
}
