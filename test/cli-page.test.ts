// docs/cli.md is written from the table of flags; WHYSLOW_BLESS=1 writes it again.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Option } from 'commander'
import { expect, test } from 'vitest'
import { createProgram, documentedCommands } from '../src/cli/program.ts'
import { namesOf } from '../src/cli/routing/usage-line.ts'
import { BLESSES } from './blessing.ts'
import { ROOT } from './sources.ts'

const PAGE = join(ROOT, 'docs/cli.md')
const HEAD = `# Every command and flag

What \`--help\` prints, as one page. It is generated from [\`flags.ts\`](../src/cli/options/flags.ts); a
[test](../test/cli-page.test.ts) compares the two. What several commands share is [at the end](#shared-flags).

Durations: \`10\`, \`10s\`, \`2m\`, \`500ms\`, \`1h\`. Sizes: \`500m\`, \`2g\`, \`2GiB\`. Exit codes: 0 answered, 1 a bug in whyslow, 2 input or
arguments cannot be used, 3 a stated goal was not met, 130 interrupted (143 by SIGTERM).
`

const program = createProgram({ version: '0.0.0', screen: {} as never, interrupt: () => new AbortController().signal })
const commands = documentedCommands(program)
const help = program.createHelp()

const sentence = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1)}`.replace(/(?<![.?])$/, '.')
const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*')
/** Flags of the version before are in no document. */
const visible = (command: Command) => command.options.filter(({ hidden }) => !hidden)
const rowOf = (option: Option) => `\`${option.flags}\`\t${cell(help.optionDescription(option))}`

/** Of two columns, with tabs between them: written as a formatter writes it. */
function tableOf(rows: readonly string[]): string {
  const lines = ['flag\twhat it does', ...new Set(rows)].map((row) => row.split('\t'))
  const [first, second] = [0, 1].map((at) => Math.max(...lines.map((line) => line[at]!.length))) as [number, number]
  const written = lines.map(([flag, words]) => `| ${flag!.padEnd(first)} | ${words!.padEnd(second)} |`)
  return [written[0], `| ${'-'.repeat(first)} | ${'-'.repeat(second)} |`, ...written.slice(1)].join('\n')
}

/** A heading of the help is shared if several commands have it. */
const headings = new Map<string, Command[]>()
for (const command of commands)
  for (const heading of new Set(command.options.map((option) => option.helpGroupHeading)))
    if (heading !== undefined) headings.set(heading, [...(headings.get(heading) ?? []), command])
const isShared = ({ helpGroupHeading: heading }: Option) => (headings.get(heading ?? '')?.length ?? 0) > 1
const titleOf = (heading: string) => heading.replace(/:$/, '')
const list = (some: readonly Command[]) => some.map((command) => `\`${nameOf(command)}\``).join(', ')
const nameOf = (command: Command) => namesOf(command).join(' ')

/** Its own page, or that of the command that it is below. */
const pageOf = (command: Command): string | undefined =>
  namesOf(command)
    .slice(1)
    .reverse()
    .map((name) => `${name}.md`)
    .find((page) => existsSync(join(ROOT, 'docs', page)))

function sectionOf(command: Command): string {
  const usage = [nameOf(command), ...command.registeredArguments.map((argument) => help.argumentTerm(argument))].join(' ')
  const named = pageOf(command)
  const shared = [...new Set(command.options.filter(isShared).map(({ helpGroupHeading: heading }) => titleOf(heading!)))]
  const parts = [
    `## ${usage}`,
    `${sentence(command.description())}${named === undefined ? '' : ` More: [${named}](${named}).`}`,
    command.registeredArguments
      .map(({ description }, at) => `- \`${command.registeredArguments[at]!.name()}\`: ${cell(description)}`)
      .join('\n'),
    tableOf(
      visible(command)
        .filter((option) => !isShared(option))
        .map(rowOf),
    ),
    ...(shared.length > 0 ? [`Also: ${shared.map((title) => `[${title}](#${title.toLowerCase()})`).join(', ')}.`] : []),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** Flags under one heading; a flag that not all commands with the heading have names those that do, or the few that do not. */
function sharedSection([heading, having]: readonly [string, readonly Command[]]): string {
  const rowsOf = (command: Command) =>
    visible(command)
      .filter(({ helpGroupHeading }) => helpGroupHeading === heading)
      .map(rowOf)
  const rows = [...new Set(having.flatMap(rowsOf))].map((row) => {
    const [lacking, taking] = [
      having.filter((one) => !rowsOf(one).includes(row)),
      having.filter((one) => rowsOf(one).includes(row)),
    ]
    if (lacking.length === 0) return row
    const words = lacking.length < taking.length ? `not of ${list(lacking)}` : `of ${list(taking)}`
    return `${row} (${words})`
  })
  return [`### ${titleOf(heading)}`, `Of ${list(having)}.`, tableOf(rows)].join('\n\n')
}

test('docs/cli.md is what the table of flags says', () => {
  const shared = [...headings].filter(([, having]) => having.length > 1)
  const page = [HEAD.trimEnd(), ...commands.map(sectionOf), '## Shared flags', ...shared.map(sharedSection)].join('\n\n')
  if (BLESSES) writeFileSync(PAGE, `${page}\n`)
  expect(readFileSync(PAGE, 'utf8')).toBe(`${page}\n`)
})
