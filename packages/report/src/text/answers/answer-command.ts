// The command that an answer ends with: written into the document's one string, and split off again so that a terminal prints it to be pasted.

import { nextWords, type SuggestedCommand } from '../shell-words.ts'

/** What a reader types for `whyslow` if nothing is known of the shell. */
const TYPED = 'npx whyslow'

/** The text and the command after it; the text with a full stop if there is no command. */
export function withCommand(text: string, next: SuggestedCommand | null): string {
  const words = next === null ? [] : nextWords(next, TYPED)
  return words.length === 0 ? `${text}.` : `${text}: ${words.join(' ')}`
}

/** The two apart; no words: the answer has no command. `name`: what is typed for `whyslow`. */
export function answerParts(answer: string, name?: string): { readonly text: string; readonly words: readonly string[] } {
  const at = answer.lastIndexOf(`: ${TYPED} `)
  if (at < 0) return { text: answer, words: [] }
  return { text: answer.slice(0, at + 1), words: nextWords({ next: answer.slice(at + 2 + 'npx '.length) }, name) }
}

/** The sentence alone, for a page that shows the command in a place of its own. */
export const sentenceOf = (answer: string): string => answerParts(answer).text.replace(/:$/, '.')
