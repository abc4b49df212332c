// Tokenizers written by hand go character by character; the known libraries do it in compiled code.
import { counted, ms, number, ratio, type Sentence, share, tell } from '../../diagnose/tell.ts'
import type { AlternativeFact } from '../facts.ts'
import { namedWork } from '../hot.ts'
import { definePipelineRule } from '../rule.ts'

/** Less than that is a part among others. */
const FROM_SHARE = 0.3
/** Of the time: what a library in compiled code leaves is a fifth or less. */
const SAVED = 0.8
const CALLEES = /tokeniz/i

/** The interval's lower end. */
const LEAST_RATIO = 1.05

/** What has to be there for a library's tokenizer to be tried. */
const NEEDS = {
  javascript: 'where @huggingface/tokenizers is installed (npm install @huggingface/tokenizers)',
  python: 'where its Python has tokenizers (pip install tokenizers)',
} as const

export const tokenizerDominates = definePipelineRule({
  id: 'tokenizer-dominates',
  area: 'software',
  title: 'Taking text apart takes longer than the rest',
  languages: ['javascript', 'python'],
  needs: ['lines', 'patterns'],
  check(evidence) {
    const { timeMs, share: part, places } = namedWork(evidence, ['hand-tokenizer'], CALLEES)
    if (part < FROM_SHARE) return []
    const taken = tell`Taking text apart takes ${ms('work', timeMs)}, ${share('share', part)} of a prediction.`
    const one = evidence.alternatives.find(({ rule, on }) => rule === 'tokenizer-dominates' && on !== undefined)
    if (one !== undefined && one.equal !== 'different') return [{ ...measured(taken, one, timeMs), timeMs, places }]
    const told =
      one === undefined
        ? tell`It is measured on the texts themselves ${NEEDS[evidence.language]}, a tokenizer.json or the vocabulary lies beside the code, and a function gives ids of a text.`
        : tell`${one.instead} gives other ids on ${textsOf(one.on!)}: nothing was measured as saved.`
    return [
      {
        ...tell`${taken} A tokenizer of a library (tokenizers of Hugging Face, in compiled code) gives the same ids in a fraction of the time, where it has the same rules. ${told}`,
        timeMs,
        wouldSaveMs: timeMs * SAVED,
        basis: 'modelled',
        places,
      },
    ]
  },
})

/** '40 texts', '3 of 40 texts'. */
function textsOf(on: string): Sentence {
  const [, off, all] = /^(?:(\d+) of )?(\d+) /.exec(on) ?? []
  const texts = counted('text', Number(all))
  return off === undefined ? texts : tell`${number('different-texts', Number(off), 'texts')} of ${texts}`
}

/** A note where the library is no faster. */
function measured(taken: Sentence, { now, instead, on, ...one }: AlternativeFact, timeMs: number) {
  const isFaster = one.ratioLow >= LEAST_RATIO
  const times = tell`${ms('instead', one.insteadMs)} in place of ${ms('now', one.nowMs)} a call`
  const same = tell`${taken} On ${textsOf(on!)} that ${now} was given, ${instead} gives the same ids`
  return {
    ...(isFaster
      ? tell`${same} in ${times}, ${ratio('factor', one.ratio)} times as fast, timed in turns.`
      : tell`${same}, and is not surely faster: ${times}, timed in turns.`),
    wouldSaveMs: isFaster ? timeMs * (1 - 1 / one.ratio) : 0,
    basis: 'measured' as const,
  }
}
