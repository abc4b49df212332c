// `whyslow completion bash|zsh|fish`: prints the script that completes commands, flags and their values. It is static: a shell starts no
// Node when somebody presses Tab.
import type { Command } from 'commander'
import { ids } from '../../commands/ids.ts'
import type { Screen } from '../../terminal/screen.ts'
import { bashCompletion } from './bash.ts'
import { completedCommands } from './completed.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

export async function runCompletion(shell: keyof typeof SCRIPTS, program: Command, screen: Screen): Promise<void> {
  await screen.print(SCRIPTS[shell](completedCommands(program, ids)))
}
