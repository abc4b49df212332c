// How text of strangers is shown: without characters that steer or turn, and no longer than a reader takes.
import { unbroken } from '@whyslow/measure/statistics/numbers.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that are kept from the page
const steering = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029\ufeff]/g

export const MOST_SHOWN = 160

/** What steers or turns is shown as what it is not: a replacement character. */
export const escapeSteering = (text: string): string => String(text).replace(steering, '\ufffd')

/** Removes the middle of a longer name: both ends tell it apart. Never half a character. */
export function elideMiddle(text: string, most = MOST_SHOWN): string {
  if (text.length <= most) return text
  const characters = [...text.slice(0, most * 2), ...text.slice(-most * 2)]
  const half = Math.floor((most - 1) / 2)
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`
}

export const shownName = (text: string, most = MOST_SHOWN): string =>
  text === '' ? '(no name)' : escapeSteering(elideMiddle(text, most))

/** What a node is called: the user's nodes in it, else the engine's name. */
export function nodeTitle(node: { readonly name: string; readonly origin: readonly string[] }, most = MOST_SHOWN): string {
  const [first, ...others] = node.origin
  if (first === undefined) return shownName(node.name, most)
  const whole = [first, ...others].join(' + ')
  if (others.length === 0 || whole.length <= most) return shownName(whole, most)
  return `${shownName(first, Math.max(12, most - 10))} + ${others.length} more`
}

const MOST_IN_TEXT = 4000

/** A sentence that may hold names; a number stays on the line of its unit. */
export const shownSentence = (text: string): string =>
  unbroken(escapeSteering(text.length > MOST_IN_TEXT ? `${text.slice(0, MOST_IN_TEXT)}…` : text))
