// What a finding says and the numbers that it says, made together: a sentence takes its numbers as facts, so that the two cannot differ.
import { bytes as inBytes, percent, plural, rateInWords, significant, time } from '@whyslow/measure/statistics/numbers.ts'

/** One number of a finding, as data. */
export interface Fact {
  /** Short and the same in every report: 'call', 'threads-in-use'; operators by their own name. */
  readonly name: string
  readonly value: number
  /** ms, ns, bytes, share (0..1), ratio, or what is counted: nodes, threads, pairs … */
  readonly unit: string
}

/** A sentence, or a part of one, with its facts. */
export interface Sentence {
  readonly detail: string
  readonly facts: readonly Fact[]
}

/** A sentence of words and facts; a fact that is said twice is one. Line ends in it are spaces. A bare number does not compile. */
export function tell(words: TemplateStringsArray, ...parts: readonly (string | Sentence)[]): Sentence {
  const told = parts.map((part) => (typeof part === 'string' ? { detail: part, facts: [] } : part))
  const detail = words.map((text, i) => text.replace(/\s*\n\s*/g, ' ') + (told[i]?.detail ?? '')).join('')
  const facts = told.flatMap((part) => part.facts)
  return { detail, facts: facts.filter(({ name }, i) => facts.findIndex((other) => other.name === name) === i) }
}

const sayer =
  (unit: string, say: (value: number) => string) =>
  (name: string, value: number): Sentence => ({ detail: say(value), facts: [{ name, value, unit }] })

export const ms = sayer('ms', time)
export const ns = sayer('ns', (value) => `${Math.round(value)} ns`)
export const bytes = sayer('bytes', inBytes)
/** Below one per cent with a decimal: a sentence that names so small a share is about it. */
export const share = sayer('share', (value) => (value > 0 && value < 0.01 ? `${(value * 100).toFixed(1)} %` : percent(value)))
/** Share of a whole. Parts are measured apart from it and can add up to slightly more; none is shown as more than all of it. */
export const part = (name: string, value: number): Sentence => share(name, Math.min(1, value))
/** Size of an error, in words: a hundredth of a per cent is one, too. */
export const error = sayer('share', (value) => `${significant(value * 100, 2)} %`)
/** '1.6': how many times as much. */
export const ratio = sayer('ratio', (value) => value.toFixed(1))

/** '39.9 requests/s': of answers, too. */
export const rate = sayer('requests/s', (value) => `${rateInWords(value)} requests/s`)

/** The number alone: '12,345'. */
export const number = (name: string, value: number, unit: string): Sentence =>
  sayer(unit, (one) => one.toLocaleString('en-US'))(name, value)

/** '1 node', '3 nodes': a fact in the unit 'nodes', unless it is named otherwise. */
export const countFact = (noun: string, value: number, name = `${noun}s`): Sentence =>
  sayer(`${noun}s`, (many) => plural(many, noun))(name, value)
