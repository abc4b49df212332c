import { commanderOption, flag } from '@whyslow/command/terminal/flags/flag.ts'
import { Command, Option } from 'commander'
import { expect, test } from 'vitest'
import { bashCompletion } from './bash.ts'
import { completedCommands } from './completed.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const program = new Command('whyslow').argument('<model>').helpCommand(false)
program
  .addOption(commanderOption(flag('-o, --out <dir>', 'folder', undefined, { usual: 'fast/' })))
  .addOption(commanderOption(flag('--engines <ids>', 'several', undefined, { completes: 'engines' })))
  .addOption(commanderOption(flag('--json [file]', 'a document')))
  .addOption(new Option('--old').hideHelp())
const fleet = program.command('fleet').description('many').helpCommand(false)
fleet.command('run').description("it's: [many]").argument('<models...>')
program.command('gone', { hidden: true })

const commands = completedCommands(program, { engines: ['a', 'b'], remedies: [] }, fleet.commands)

test('commands with their words, flags with their values, and nothing that is hidden', () => {
  expect(commands.map(({ path }) => path)).toEqual([[], ['fleet'], ['fleet', 'run']])
  expect(commands[0]!.takes).toEqual({ kind: 'files' })
  expect(commands[0]!.flags).toEqual([
    { names: ['-o', '--out'], help: 'folder', value: { kind: 'folders' }, optional: false },
    { names: ['--engines'], help: 'several', value: { kind: 'list', words: ['a', 'b'] }, optional: false },
    { names: ['--json'], help: 'a document', value: { kind: 'files' }, optional: true },
    { names: ['-h', '--help'], help: 'display help for command', value: null, optional: false },
  ])
})

test('texts are quoted as each shell reads them', () => {
  expect(zshCompletion(commands)).toContain(`'run:it'\\''s\\: [many]'`)
  expect(fishCompletion(commands)).toContain(`-d 'it\\'s: [many]'`)
})

test('a command below another is named by two words', () => {
  expect(bashCompletion(commands)).toContain(`case "$command \${COMP_WORDS[2]}" in 'fleet run') command=`)
  expect(zshCompletion(commands)).toContain('run) shift words; (( CURRENT-- )); _whyslow_fleet_run; return ;;')
  expect(fishCompletion(commands)).toContain("-n '__whyslow_begins fleet' -a run")
})
