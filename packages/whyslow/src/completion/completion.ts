// `whyslow completion bash|zsh|fish`: prints the script that completes commands, flags and their values. It is static: a shell starts no
// Node when somebody presses Tab.

import type { Screen } from '@whyslow/command/terminal/screen.ts'
import { ids } from '@whyslow/model/commands/ids.ts'
import type { Command } from 'commander'
import { bashCompletion } from './bash.ts'
import { completedCommands } from './completed.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const

/** `documented`: the commands of the program that are completed. */
export async function runCompletion(
  shell: keyof typeof SCRIPTS,
  program: Command,
  { documented, screen }: { readonly documented: readonly Command[]; readonly screen: Screen },
): Promise<void> {
  await screen.print(SCRIPTS[shell](completedCommands(program, ids, documented)))
}
