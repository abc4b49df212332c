// The self-contained page: a shell that was built ahead (packages/report/web), and the document as data in it. The document is text from strangers: it is
// escaped for where it stands, and joined in, never pasted by a pattern, in which `$&` would mean something.
import type { RuleAdvice } from '../documents/rule-advice.ts'

/** What the page is given; the embedded text of `page-data.ts` in packages/report/web. */
export interface PageData {
  readonly documents: readonly object[]
  /** What each is called, where there are several: the files that they were read from. */
  readonly names?: readonly string[]
  /** What the pages of rules advise, by rule. */
  readonly advice?: Readonly<Record<string, RuleAdvice>>
}

export interface PageOptions {
  /** Title of the document, in the browser's tab. */
  readonly title: string
  /** The sentence for readers without a script. */
  readonly answer: string
  /** Whether the page may ask the server that it came from, and nobody else. */
  readonly served?: boolean
}

const SLOTS = ['connect', 'title', 'answer', 'data'] as const

/** The page as text. The same shell, data and options give the same bytes. Throws if the shell is not one. */
export function renderPage(shell: string, embedded: string, { title, answer, served = false }: PageOptions): string {
  const values = { connect: served ? "'self'" : "'none'", title: escapeHtml(title), answer: escapeHtml(answer), data: embedded }
  let rest = shell
  const parts: string[] = []
  for (const slot of SLOTS) {
    const [before, after, ...more] = rest.split(`%whyslow:${slot}%`)
    if (after === undefined || more.length > 0) throw new Error(`the page's shell has not one slot for ${slot}`)
    parts.push(before!, values[slot])
    rest = after
  }
  return [...parts, rest].join('')
}

/** JSON that can stand in a script element: nothing in it ends the element, begins a comment or turns a line; every number is finite. */
export function embedJson(data: unknown): string {
  const text = JSON.stringify(data, (key, value: unknown) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new Error(`the document holds ${value} in '${key}'`)
    return value
  })
  return text.replace(
    /[<\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

// Marks that would turn the text around them are taken out: a title has no element of its own to keep them in.
const turning = /[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

const escapeHtml = (text: string): string => text.replace(turning, '').replace(/[&<>"']/g, (character) => entities[character]!)
