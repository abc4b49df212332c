// A screen for tests of commands, 80 wide, that keeps what it is given.
import type { Screen } from '../../../src/terminal/screen.ts'

export interface KeptScreen extends Screen {
  /** Texts of standard output, one a call. */
  readonly printed: readonly string[]
  /** All of standard error. */
  readonly said: string
}

export function keptScreen({ showsProgress = false }: { readonly showsProgress?: boolean } = {}): KeptScreen {
  const printed: string[] = []
  let said = ''
  return {
    width: 80,
    colour: false,
    showsProgress,
    print: async (text) => void printed.push(text),
    say: (text) => {
      said += text
    },
    printed,
    get said() {
      return said
    },
  }
}
