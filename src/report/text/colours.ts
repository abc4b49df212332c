// How a renderer paints: picocolors with colour switched on or off by the caller, who knows the terminal.
import type picocolors from 'picocolors'

export type Colours = ReturnType<typeof picocolors.createColors>

export interface TerminalOptions {
  /** Cells in a line; below 40 it is taken as 40. Only a command's single long word goes past it. */
  readonly width: number
  readonly colour: boolean
  /** What is typed in place of `whyslow` in the commands to type next: 'npx whyslow'. */
  readonly command?: string
}
