// An answer on a terminal.

import { wrap, wrapCommand } from '../wrap.ts'
import { answerParts } from './answer-command.ts'

/** Lines of an answer, its command below it. */
export function answerLines(answer: string, width: number, bold: (line: string) => string, command?: string): string[] {
  const { text, words } = answerParts(answer, command)
  return [...wrap(text, width).map(bold), ...(words.length === 0 ? [] : wrapCommand(words, width, '  ').map(bold))]
}
