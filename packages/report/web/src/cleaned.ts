// A document as it is drawn: every text in it without characters that steer or turn, and none so long that nobody would read it. What is exported
// is the document as it came.
import { elideMiddle, escapeSteering } from './kit/shown-name.ts'

const MOST_LETTERS = 4000

/** A copy. Keys are cleaned as values are; one that is no key of a plain object (`__proto__`) stays an own one. */
export function cleaned<T>(value: T): T {
  return clean(value) as T
}

const text = (value: string): string => escapeSteering(elideMiddle(value, MOST_LETTERS))

function clean(value: unknown): unknown {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return typeof value[0] === 'number' ? value : value.map(clean)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [text(key), clean(one)]))
  return value
}
