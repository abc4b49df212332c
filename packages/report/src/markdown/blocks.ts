// Markdown as GitHub reads it, of strangers' text: blocks that are whole, taken as long as there is room. What a model calls its nodes is no
// markup, mentions nobody and links nowhere.
import { printable } from '../text/wrap.ts'

/** GitHub refuses comments of more than 65,536 characters; some are left for what a script puts around ours. */
export const MOST_LETTERS = 64_000
/** Most characters of one text: longer ones lose their middle. */
const MOST_TEXT = 2_000
const MOST_NAME = 120

/** A paragraph, a list, a table, a fence: never cut. */
export type Block = string

export interface FoldedBlock {
  readonly summary: string
  readonly blocks: readonly Block[]
}

export type Part = Block | FoldedBlock

const CUT = '_Shortened: GitHub takes no longer comments. `--json` writes all of it._'

/** The parts that have room, in their order, with a word about those that have not. Ends with a line end. */
export function markdown(parts: readonly Part[], most: number = MOST_LETTERS): string {
  const room = most - CUT.length - 2
  let text = ''
  let isCut = false
  for (const part of parts) {
    const added = typeof part === 'string' ? part : folded(part, room - text.length)
    if (added === null || text.length + added.length + 2 > room) isCut = true
    else if (added !== '') text += `${added}\n\n`
  }
  return `${text}${isCut ? `${CUT}\n` : ''}`.replace(/\n+$/, '\n')
}

/** The section with as many of its blocks as have room; null if not one has. */
function folded({ summary, blocks }: FoldedBlock, room: number): string | null {
  const [open, close] = [`<details>\n<summary>${text(summary)}</summary>\n\n`, '</details>']
  const kept: string[] = []
  let used = open.length + close.length + 2
  for (const block of blocks) {
    if (block === '' || used + block.length + 2 > room) continue
    kept.push(block)
    used += block.length + 2
  }
  return kept.length === 0 ? (blocks.every((block) => block === '') ? '' : null) : `${open}${kept.join('\n\n')}\n\n${close}`
}

/** Removes the middle of a longer text. Never half a character. */
function middle(whole: string, most: number): string {
  if (whole.length <= most) return whole
  const half = Math.floor((most - 1) / 2)
  const [head, tail] = [Array.from(whole.slice(0, half + 1)), Array.from(whole.slice(-half - 1))]
  return `${head.slice(0, -1).join('')}…${tail.slice(1).join('')}`
}

/** Text that stays text: no markup, no element, no entity, no mention (`@name`), no reference (`#12`), no link of an address. */
export function text(value: string): string {
  return middle(printable(value), MOST_TEXT)
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/[\\`*_[\]|~>]/g, (sign) => `\\${sign}`)
    .replace(/(@|#|GH-|:\/\/|www\.)(?=\w)/gi, '$1<!-- -->')
}

/** A name in a code span, in a table too: with more backticks around it than it has in a row. */
export function code(name: string, most = MOST_NAME): string {
  const shown = middle(printable(name), most)
  if (shown.trim() === '') return '(no name)'
  const fence = '`'.repeat(longestRun(shown) + 1)
  const pad = /^`|`$/.test(shown) || /^ .* $/.test(shown) ? ' ' : ''
  // In a table a bar ends the cell even within code.
  return `${fence}${pad}${shown.replaceAll('|', '\\|')}${pad}${fence}`
}

/** Lines as they stand, in a fence that none of them ends. */
export function fence(lines: readonly string[], language = ''): Block {
  const shown = lines.map((line) => middle(line.replace(/\t/g, '    ').replace(/[^\P{C}]/gu, '?'), MOST_TEXT))
  const marks = '`'.repeat(Math.max(3, longestRun(shown.join('\n')) + 1))
  return `${marks}${language}\n${shown.join('\n')}\n${marks}`
}

const longestRun = (value: string): number => Math.max(0, ...Array.from(value.matchAll(/`+/g), ([run]) => run.length))

export interface TableColumn {
  readonly head: string
  readonly isNumber?: boolean
  /** Markdown already: of `text`, of `code`, or a number. */
  readonly cells: readonly string[]
}

/** '' where it would have no row. */
export function table(columns: readonly TableColumn[]): Block {
  const rows = columns[0]?.cells.length ?? 0
  if (rows === 0) return ''
  const line = (of: (column: TableColumn) => string) => `| ${columns.map(of).join(' | ')} |`
  const lines = Array.from({ length: rows }, (_, row) => line(({ cells }) => cells[row]!))
  return [line(({ head }) => head), line(({ isNumber }) => (isNumber ? '---:' : '---')), ...lines].join('\n')
}
