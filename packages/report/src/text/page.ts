// What every renderer writes on: a page of this many cells a line, in colour or not, of sections with an empty line between them.
import picocolors from 'picocolors'
import { cells, pad, wrap, wrapHanging } from './wrap.ts'

export type Colours = ReturnType<typeof picocolors.createColors>

export interface TerminalOptions {
  /** Cells in a line; below 40 it is taken as 40. Only a command's single long word goes past it. */
  readonly width: number
  readonly colour: boolean
  /** What is typed in place of `whyslow` in the commands to type next: 'npx whyslow'. */
  readonly command?: string
  /** Where the page of a finding's rule is, for terminals that take links (OSC 8); absent if this one does not. */
  readonly pageOf?: (rule: string) => string | null
  /** The roofline in characters. */
  readonly roofline?: boolean
}

export function paper({ width, colour }: TerminalOptions): { readonly width: number; readonly colours: Colours } {
  return { width: Math.max(40, width), colours: picocolors.createColors(colour) }
}

/** The text as a link of the terminal (OSC 8); as it is if there is no page, or no terminal that takes one. */
export const link = (text: string, uri: string | null | undefined): string =>
  uri == null ? text : `\u001b]8;;${uri}\u001b\\${text}\u001b]8;;\u001b\\`

/** The sections that have lines; ends with a line end. */
export function page(sections: readonly (readonly string[])[]): string {
  const texts = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  return `${texts.join('\n\n')}\n`
}

export function warningLines(warnings: readonly string[], width: number, colours: Colours): string[] {
  return warnings.flatMap((warning) => wrapHanging(`Warning: ${warning}`, width).map(colours.yellow))
}

/** Each text with its label; one without a text is left out. */
export function labelLines(facts: readonly (readonly [string, string | null])[], width: number, labelWidth: number): string[] {
  return facts.flatMap(([label, text]) =>
    text === null ? [] : wrap(text, width, pad(label, labelWidth), ' '.repeat(labelWidth)),
  )
}

export interface Column {
  readonly head: string
  /** Side of what fills it: 'left' for numbers. */
  readonly side?: 'left' | 'right'
  readonly texts: readonly string[]
}

const columnWidth = ({ head, texts }: Column): number => Math.max(cells(head), ...texts.map(cells))

/** Cells that columns take with the gap before each. */
export const widthOf = (columns: readonly Column[]): number => columns.reduce((sum, column) => sum + columnWidth(column) + 2, 0)

/** The heads and, beneath them, a line for each row. */
export function table(columns: readonly Column[], colours: Colours): string[] {
  const widths = columns.map(columnWidth)
  const line = (textOf: (column: Column) => string) =>
    columns
      .map((column, at) => pad(textOf(column), widths[at]!, column.side))
      .join('  ')
      .trimEnd()
  const rows = (columns[0]?.texts ?? []).map((_, row) => line(({ texts }) => texts[row]!))
  return [colours.bold(line(({ head }) => head)), ...rows]
}
