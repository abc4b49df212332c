// llama.cpp's own clock: the time of its calls since it was read last, as it logs it. What a call takes beyond it is spent around the engine.
import type { CallParts } from '../../generator.ts'
import type { LlamaContext } from './module.ts'

export interface Timings {
  /** Takes what the package logs. */
  readonly log: (level: string, text: string) => void
  /** The engine's parts of one call that gave so many tokens; empty: this version does not log them. */
  readonly read: (context: LlamaContext, newTokens: number) => Promise<Pick<CallParts, 'prefillRunMs' | 'decodeRunMs'>>
}

const PROMPT = /prompt eval time =\s*([\d.]+) ms/
const TOKENS = /[^t] eval time =\s*([\d.]+) ms \/\s*(\d+) runs/

export function timings(): Timings {
  let logged = ''
  return {
    log(_, text) {
      if (text.includes('eval time')) logged += `${text}\n`
    },
    async read(context, newTokens) {
      logged = ''
      await context.printTimings?.()
      const [prompt, tokens] = [PROMPT.exec(logged), TOKENS.exec(logged)]
      const runs = Number(tokens?.[2] ?? 0)
      return {
        ...(prompt === null ? {} : { prefillRunMs: Number(prompt[1]) }),
        // The package may ask for one token more than are taken.
        ...(runs === 0 ? {} : { decodeRunMs: (Number(tokens![1]) * (newTokens - 1)) / runs }),
      }
    },
  }
}
