// docs/cli.md is written from the table of flags; WHYSLOW_BLESS=1 writes it again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Flag, groups } from '@whyslow/command/terminal/flags/flag.ts'
import { sentence } from '@whyslow/whyslow/help.ts'
import { flags } from '@whyslow/whyslow/options/flags.ts'
import { createProgram, documentedCommands, tableName } from '@whyslow/whyslow/program.ts'
import { namesOf } from '@whyslow/whyslow/routing/usage-line.ts'
import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { BLESSES } from './blessing.ts'
import { ROOT } from './root.ts'
import { table } from './table.ts'

const PAGE = join(ROOT, 'docs/cli.md')
const HEAD = `# Every command and flag

What \`--help\` prints, as one page. It is generated from [\`flags.ts\`](../packages/whyslow/src/options/flags.ts); a
[test](../test/cli-page.test.ts) compares the two. What each advanced flag does is [at the end](#advanced-flags).

Durations: \`10\`, \`10s\`, \`2m\`, \`500ms\`, \`1h\`. Sizes: \`500m\`, \`2g\`, \`2GiB\`. A value in brackets may be left out:
\`--json\`, \`--html\` and \`--markdown\` without a file write to standard output. Exit codes: 0 answered, 1 a bug in whyslow, 2 input or
arguments cannot be used, 3 a stated goal was not met, 130 interrupted (143 by SIGTERM). \`whyslow completion bash\`, \`zsh\` or \`fish\`
prints a script that completes commands, flags and their values.

## What \`whyslow X\` does

It looks at X, by its content, and runs the command for it. Code alone is known by its ending. Nothing is run to find out.

ROUTES
`

const ROUTES = [
  ['a model', '`whyslow MODEL`: why is it slow?'],
  ['`.py`, `.js`, `.mjs`, `.ts` …; a PyTorch `.pt2` or `.pt`', '`whyslow pipeline X`'],
  ['a text generator: its folder, its `.onnx`, a `.gguf`', '`whyslow generate X`'],
  ['a folder of an encoder of texts', '`whyslow embed X`'],
  ['a recording of another tool, packed or not; saved evidence', '`whyslow explain X`'],
  ['what `--json` of a command wrote', '`whyslow view X`'],
  ['an address: `http://`, `https://`, `grpc://`, `grpcs://`', '`whyslow load X`; if no load is stated, one request at a time'],
  ['a folder that `fix` wrote', "`whyslow MODEL` on its model, with its engine's settings"],
  ['another folder with one model in it, or one folder below', '`whyslow MODEL`; of several, a line names them'],
  ['`--` and a command that starts a server', '`whyslow watch -- COMMAND`'],
  ['two or more models; two programs, two recordings, two documents', '`compare`; `ab`, `explain`, `view`'],
]

const program = createProgram({ version: '0.0.0', screen: {} as never, interrupt: () => new AbortController().signal })
const commands = documentedCommands(program)
const help = program.createHelp()

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*')
const nameOf = (command: Command) => namesOf(command).join(' ')
/** Flags of the version before are in no document. */
const rowsOf = (command: Command): readonly Flag[] =>
  flags[tableName(command)].filter(({ words }) => command.options.some((one) => one.flags === words && !one.hidden))

/** Pages that are not called as their command is. */
const PAGES: Readonly<Record<string, string>> = { explain: 'traces', serve: 'serving', generate: 'generation' }

/** Its own page, or that of the command that it is below. */
const pageOf = (command: Command): string | undefined =>
  namesOf(command)
    .slice(1)
    .reverse()
    .map((name) => `${PAGES[name] ?? name}.md`)
    .find((page) => existsSync(join(ROOT, 'docs', page)))

/** Cells of a table: the flag, what it does, its default. */
function cellsOf({ words, help: does, choices, usual, default: value }: Flag): readonly string[] {
  const takes = choices === undefined ? '' : `: ${choices.join(', ')}`
  return [
    `\`${words}\``,
    cell(`${does}${takes}`),
    cell(usual ?? (value === undefined || !words.includes('<') ? '' : String(value))),
  ]
}

function sectionOf(command: Command): string {
  const usage = [nameOf(command), ...command.registeredArguments.map((argument) => help.argumentTerm(argument))].join(' ')
  const page = pageOf(command)
  const rows = groups.flatMap((group) =>
    rowsOf(command)
      .filter((row) => row.group === group)
      .map((row) => [group, ...cellsOf(row)]),
  )
  const shown = rows.filter(([group]) => group !== 'advanced')
  const advanced = rows.filter(([group]) => group === 'advanced').map(([, words]) => words!.replace(/ [<[].*/, '`'))
  const parts = [
    `## ${usage}`,
    `${sentence(command.description())}${page === undefined ? '' : ` More: [${page}](${page}).`}`,
    command.registeredArguments
      .map(({ description }, at) => `- \`${command.registeredArguments[at]!.name()}\`: ${cell(description)}`)
      .join('\n'),
    ...(shown.length > 0
      ? [
          table([
            ['group', 'flag', 'what it does', 'default'],
            ...shown.map((row, at) => (shown[at - 1]?.[0] === row[0] ? ['', ...row.slice(1)] : row)),
          ]),
        ]
      : []),
    ...(advanced.length > 0 ? [`[Advanced](#advanced-flags): ${advanced.join(', ')}.`] : []),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** Each advanced flag once for each of its meanings, with the commands that take it. */
function advancedSection(): string {
  const taken = new Map<string, { readonly cells: readonly string[]; readonly by: string[] }>()
  for (const command of commands)
    for (const row of rowsOf(command).filter(({ group }) => group === 'advanced')) {
      const cells = cellsOf(row)
      const one = taken.get(cells.join('\t')) ?? { cells, by: [] }
      one.by.push(nameOf(command).replace(/^whyslow (?=.)/, ''))
      taken.set(cells.join('\t'), one)
    }
  const rows = [...taken.values()].sort((a, b) => wordOf(a.cells).localeCompare(wordOf(b.cells)))
  return table([['flag', 'what it does', 'default', 'of'], ...rows.map(({ cells, by }) => [...cells, by.join(', ')])])
}

const wordOf = ([words]: readonly string[]): string => /--(.*)/.exec(words!)![1]!

test('docs/cli.md is what the table of flags says', () => {
  const head = HEAD.trimEnd().replace('ROUTES', table([['X', 'as if typed'], ...ROUTES]))
  const page = [head, ...commands.map(sectionOf), '## Advanced flags', advancedSection()].join('\n\n')
  if (BLESSES) writeFileSync(PAGE, `${page}\n`)
  expect(readFileSync(PAGE, 'utf8')).toBe(`${page}\n`)
})
