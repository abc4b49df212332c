// Tokenizers written by hand go character by character; a known library may do the same in less time, in Python in compiled code.
import { countFact, ms, number, ratio, type Sentence, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { AlternativeFact } from '../facts.ts'
import { hotPatterns, lies, type NamedWork, namedWork, placeOf, savingOfPairs, sum, UNTRIED } from '../hot.ts'
import { defineRule } from '../rule.ts'

/** Less than that is a part among others. */
const FROM_SHARE = 0.3
const CALLEES = /tokeniz/i

/** The interval's lower end. */
const LEAST_RATIO = 1.05

type Tried = AlternativeFact & { readonly texts: NonNullable<AlternativeFact['texts']> }

/** What has to be there for a library's tokenizer to be tried. */
const NEEDS = {
  javascript: 'where @huggingface/tokenizers is installed (npm install @huggingface/tokenizers)',
  python: 'if its Python has tokenizers (pip install tokenizers)',
} as const
const LIBRARIES = {
  javascript:
    'A tokenizer of a library (@huggingface/tokenizers, JavaScript itself, or one in compiled code) gives the same ids, if it has the same rules.',
  python:
    'A tokenizer of a library (tokenizers of Hugging Face, in compiled code) gives the same ids in a fraction of the time, if it has the same rules.',
} as const

/** The user's calls are timed in their order, until they are enough. */
const IN_TURNS = 'timed in turns on these texts, or on the first of them if they take long'

export const tokenizerDominates = defineRule({
  id: 'tokenizer-dominates',
  area: 'software',
  title: 'Tokenization takes longer than the rest',
  needs: ['lines', 'patterns'],
  check(evidence) {
    const work = namedWork(evidence, ['hand-tokenizer'], CALLEES)
    if (work.share < FROM_SHARE) return []
    const one = evidence.alternatives.find(
      (each): each is Tried => each.rule === 'tokenizer-dominates' && each.texts !== undefined,
    )
    const own = one === undefined ? [] : hotPatterns(evidence, ['hand-tokenizer'], 0).filter(({ pattern }) => lies(one, pattern))
    // The ratio is of one function: it says nothing of the time that is spent elsewhere.
    const ownMs = Math.min(work.timeMs, sum(own.map(({ timeMs }) => timeMs)))
    if (one === undefined || ownMs === 0) {
      const needs = tell`It is measured on the texts themselves ${NEEDS[evidence.language]}, a tokenizer.json or the vocabulary is next to the code, and a function returns ids of a text.`
      return [unknown(work, evidence.language, needs)]
    }
    if (one.equal === 'different') {
      const other = tell`${one.instead} gives other ${one.texts.compared} on ${textsOf(one)}: nothing was measured as saved.`
      return [{ ...unknown(work, evidence.language, other), savingUnknown: 'the library that was run gives other results' }]
    }
    const { p50Ms } = evidence.latency
    const tried = measured(one, ownMs, ownMs / p50Ms)
    const found = { ...tried, timeMs: ownMs, places: own.map(({ pattern }) => placeOf(pattern)) }
    const restMs = work.timeMs - ownMs
    const places = work.places.filter((place) => !own.some(({ pattern }) => lies(place, pattern)))
    if (places.length === 0 || restMs < FROM_SHARE * p50Ms) return [found]
    const rest = { timeMs: restMs, share: restMs / p50Ms, places }
    return [found, unknown(rest, evidence.language, tell`No library's tokenizer was tried instead of this one.`)]
  },
})

const takenBy = (timeMs: number, part: number): Sentence =>
  tell`Tokenization takes ${ms('work', timeMs)}, ${share('share', part)} of a prediction.`

function unknown({ timeMs, share: part, places }: NamedWork, language: keyof typeof NEEDS, more: Sentence) {
  return {
    ...tell`${takenBy(timeMs, part)} ${LIBRARIES[language]} ${more}`,
    timeMs,
    ...UNTRIED,
    places,
  }
}

/** '40 texts', '3 of 40 texts'. */
function textsOf({ texts }: Tried): Sentence {
  const all = countFact('text', texts.all)
  return texts.different === 0 ? all : tell`${number('different-texts', texts.different, 'texts')} of ${all}`
}

function measured(one: Tried, timeMs: number, part: number) {
  const isFaster = one.ratioLow >= LEAST_RATIO
  const times = tell`${ms('instead', one.insteadMs)} instead of ${ms('now', one.nowMs)} a call`
  const same = tell`${takenBy(timeMs, part)} On ${textsOf(one)} that ${one.now} was given, ${one.instead} gives the same ${one.texts.compared}`
  return {
    ...(isFaster
      ? tell`${same}; it takes ${times}, ${ratio('factor', one.ratio)} times as fast, ${IN_TURNS}.`
      : tell`${same}, and is not surely faster: ${times}, ${IN_TURNS}.`),
    ...savingOfPairs([one], timeMs, 1 - 1 / LEAST_RATIO),
  }
}
