// The numbers that a page may draw: those of its documents in words (number-words.ts), and what it makes of them (derived-numbers.ts).
import { derivedWords } from './derived-numbers.ts'
import type { DrawnText } from './drawn-numbers.ts'
import { numbersIn, wordsOf } from './number-words.ts'

/** Words of the page itself, not of any document: what they stand in, and why. */
const OWN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/95 %(?= interval| \||:|$)/g, 'the confidence of an interval'],
  [/99 % confidence/g, 'the confidence of a percentile'],
  [/slowest 1 %/g, 'requests beyond the p99'],
  [/(?<![\d.–])1×/g, 'the same time'],
  [/p99<20ms/g, 'an objective to type'],
  [/\d+ small ones(?: ·|,) .*/g, 'tiles too narrow for a name: how many depends on the width of the screen'],
]

/** Numbers that belong to no field of the documents, each once. `advice`: what the pages of rules say, which the page quotes. */
export function strangers(drawn: readonly DrawnText[], documents: readonly object[], advice: object = {}): string[] {
  const words = new Set([advice, ...documents].flatMap((one) => [...wordsOf(one)]))
  const derived = derivedWords(documents)
  const found = drawn.flatMap(({ place, text }) => {
    const inPart = derived.get(place.split(' ')[0]!)
    const isKnown = (word: string) => words.has(word) || inPart?.has(word) === true
    return numbersIn(OWN_WORDS.reduce((rest, [own]) => rest.replace(own, ''), text))
      .filter((one) => !isKnown(one) && !isKnown(one.replace(/^\+/, '')))
      .map((one) => `${one} in '${text.slice(0, 120)}' (${place})`)
  })
  return [...new Set(found)]
}
