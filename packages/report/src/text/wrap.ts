// Text in columns, whose widths are a terminal's cells: East Asian wide characters and emoji take two, combining marks none. Names come
// from models, so control characters are shown, never sent.
import { unbroken } from '@whyslow/measure/statistics/numbers.ts'
import stringWidth from 'string-width'
import { printable } from './shell-words.ts'

export { commandWords, nextWords, printable, quoteWord, type SuggestedCommand } from './shell-words.ts'

const noBreak = '\u00a0'

/** Terminal cells that the text takes. */
export const cells = (text: string): number => stringWidth(text)

const segmenter = new Intl.Segmenter('en')

/** As a reader sees them: what joins or marks a letter stays with it. */
const charactersOf = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment)

/** Letters of a word that anybody reads; counting the cells of a million takes minutes. */
const MOST_LETTERS = 4000

/** A text that goes on without end loses its middle before anything is counted; never half a character. */
function elideMiddle(text: string): string {
  if (text.length <= MOST_LETTERS) return text
  const half = MOST_LETTERS / 2 - 1
  return `${text.slice(0, half).replace(/[\ud800-\udbff]$/, '')}…${text.slice(-half).replace(/^[\udc00-\udfff]/, '')}`
}

/** Whether it takes at most `width` cells. */
export const fitsWidth = (text: string, width: number): boolean => text.length <= MOST_LETTERS && cells(text) <= width

/** Shortens to `width` cells; a longer text loses its middle, since both ends of a node's name tell it apart. */
export function shorten(text: string, width: number): string {
  if (fitsWidth(text, width)) return text
  const characters = charactersOf(elideMiddle(text))
  const tailRoom = Math.floor((width - 1) / 2)
  const tail = take(characters.toReversed(), tailRoom).toReversed().join('')
  const head = take(characters, width - 1 - cells(tail)).join('')
  return `${head}…${tail}`
}

function take(characters: readonly string[], width: number): string[] {
  const taken: string[] = []
  let used = 0
  for (const character of characters) {
    used += cells(character)
    if (used > width) break
    taken.push(character)
  }
  return taken
}

/** Filled with spaces to `width` cells, at the right or, for numbers, at the left. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  const fill = ' '.repeat(Math.max(0, width - cells(text)))
  return side === 'right' ? text + fill : fill + text
}

/**
 * Lines of at most `width` cells: the first begins with `first`, the others with `rest` (the same number of spaces unless
 * given). Breaks at spaces; a word longer than a line is cut.
 */
export function wrap(text: string, width: number, first = '', rest = ' '.repeat(cells(first))): string[] {
  const words = unbroken(printable(text)).split(' ').filter(Boolean).map(elideMiddle)
  const lines: string[] = []
  let line = ''
  const lead = () => (lines.length === 0 ? first : rest)
  const end = () => {
    lines.push((lead() + line).replaceAll(noBreak, ' '))
    line = ''
  }
  for (const whole of words) {
    let word = whole
    if (line !== '' && cells(lead()) + cells(line) + 1 + cells(word) > width) end()
    while (line === '' && cells(lead()) + cells(word) > width) {
      const part = cut(word, Math.max(2, width - cells(lead())))
      line = part.join('')
      word = word.slice(line.length)
      if (word === '') break
      end()
    }
    if (word !== '') line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '' || lines.length === 0) end()
  return lines
}

/** Lines after the first begin two cells further in. */
export const wrapHanging = (text: string, width: number): string[] => wrap(text, width, '', '  ')

/** The part of a long word that fits, up to a sign between its own words where one stands in the second half. */
function cut(word: string, width: number): string[] {
  const characters = charactersOf(word)
  const part = take(characters, width)
  if (part.length === characters.length) return part
  const last = part.findLastIndex((character) => '/\\._-+'.includes(character))
  return last >= part.length / 2 ? part.slice(0, last + 1) : part
}

/** A shell command over several lines, each but the last ended by a backslash, so that it can be copied. Words stay whole. */
export function wrapCommand(words: readonly string[], width: number, first: string, rest = ' '.repeat(cells(first))): string[] {
  // An option stays with its value.
  const units: string[] = []
  for (const word of words) {
    const option = units.at(-1)
    const isValue = option !== undefined && /^--?[a-z][\w-]*$/.test(option) && !word.startsWith('-')
    if (isValue && cells(`${rest}${option} ${word} \\`) <= width) units[units.length - 1] = `${option} ${word}`
    else units.push(word)
  }
  const rows: string[][] = [[]]
  for (const unit of units) {
    const row = rows.at(-1)!
    const used = cells((rows.length === 1 ? first : rest) + row.join(' '))
    if (row.length > 0 && used + 1 + cells(unit) + 2 > width) rows.push([unit])
    else row.push(unit)
  }
  return rows.map((row, at) => (at === 0 ? first : rest) + row.join(' ') + (at < rows.length - 1 ? ' \\' : ''))
}
