// How help is arranged: what to type first, commands by what they are for, and flags in the same five groups everywhere.
import type { Command, Help, Option } from 'commander'

/** Groups of commands, in this order. */
const sections = ['Diagnose', 'Improve', 'Serve and load', 'CI', 'Fleet'] as const
export type Section = (typeof sections)[number]

/** Headings of flags, in this order; others come before the last. */
const HEADINGS = ['Common:', 'Inputs:', 'Engine:', 'Output:', 'Advanced:']

/** What `whyslow X` is, for those who come for the first time. */
const DOORS: readonly (readonly [typed: string, is: string])[] = [
  ['whyslow model.onnx', 'a model: why is it slow, what would fix it?'],
  ['whyslow service.py', 'your own code around it: which line is slow?'],
  ['whyslow -- npm start', 'your own server, unchanged: model, code, queue?'],
  ['whyslow http://host/predict', 'a service under load: how much does it hold?'],
]
const MORE_DOORS: typeof DOORS = [
  ['whyslow model.py', 'a PyTorch model, as your own Python runs it'],
  ['whyslow llm/', 'a text generator: where does a token spend its time?'],
  ['whyslow trace.json.gz', 'a recording of PyTorch, TensorFlow, Chrome, …'],
  ['whyslow report.json', 'what --json wrote, as a page; two: what changed'],
  ['whyslow fast/', 'a folder that fix wrote'],
  ['whyslow a.onnx b.onnx', 'which is faster? also of two programs'],
]

const itemsOf = (rows: typeof DOORS, helper: Help, width: number): string[] =>
  rows.map(([typed, is]) => helper.formatItem(typed, width, is, helper))

/** What `whyslow` alone shows. */
export function briefHelp(program: Command): string {
  const helper = program.createHelp()
  helper.prepareContext({ helpWidth: 80 })
  const width = doorWidth(DOORS)
  const commands = sectionsOf(program, helper)
  const more =
    'All flags: whyslow --help. For one command: whyslow fix --help. \nNo model at hand: whyslow demo. Completion by Tab: whyslow completion bash.'
  return [...itemsOf(DOORS, helper, width), '', ...commands, helper.boxWrap(more, 80), ''].join('\n')
}

const doorWidth = (rows: typeof DOORS): number => Math.max(...rows.map(([typed]) => typed.length)) + 1

function sectionsOf(program: Command, helper: Help): string[] {
  const listed = helper.visibleCommands(program)
  const width = Math.max(...listed.map((one) => one.name().length))
  return sections.flatMap((section) => {
    const rows = listed
      .filter((one) => one.helpGroup() === `${section}:`)
      .map((one) => helper.formatItem(one.name(), width, one.description(), helper))
    return rows.length === 0 ? [] : [`${section}:`, ...rows, '']
  })
}

/** An option's description, without what it is if its value is left out: its text says that. */
export function optionDescription({ description, defaultValue, defaultValueDescription, negate }: Option): string {
  if (defaultValue === undefined || negate || defaultValue === 'use') return description
  return `${description} (default: ${defaultValueDescription ?? String(defaultValue)})`
}

/** What a command is for, as a sentence. */
export const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}`.replace(/(?<![.?])$/, '.')

/** Replaces commander's help: no list of commands below the flags, and flags in the order of their groups. */
export function formatHelp(command: Command, helper: Help): string {
  const helpWidth = helper.helpWidth ?? 80
  const width = Math.min(helper.padWidth(command, helper), 30)
  const item = (term: string, text: string) => helper.formatItem(term, width, text, helper)
  const block = (heading: string, items: readonly string[]) => (items.length === 0 ? [] : [heading, ...items, ''])
  const isProgram = command.parent === null
  const options = helper.visibleOptions(command)
  const headingOf = (option: Option) => (option.long === '--help' ? 'Common:' : (option.helpGroupHeading ?? 'Common:'))
  const headings = [...new Set([...HEADINGS.slice(0, -1), ...options.map(headingOf), HEADINGS.at(-1)!])]
  const doors = [...DOORS, ...MORE_DOORS]
  return [
    `Usage: ${helper.commandUsage(command)}`,
    '',
    helper.boxWrap(sentence(helper.commandDescription(command)), helpWidth),
    '',
    ...(isProgram
      ? [...itemsOf(doors, helper, doorWidth(doors)), '', ...sectionsOf(command, helper), 'Flags of whyslow model.onnx:', '']
      : block(
          'Arguments:',
          helper.visibleArguments(command).map((one) => item(helper.argumentTerm(one), helper.argumentDescription(one))),
        )),
    ...(isProgram
      ? []
      : block(
          'Commands:',
          helper.visibleCommands(command).map((one) => item(one.name(), one.description())),
        )),
    ...headings.flatMap((heading) =>
      block(
        heading,
        options
          .filter((option) => headingOf(option) === heading)
          .map((option) => item(helper.optionTerm(option), helper.optionDescription(option))),
      ),
    ),
  ].join('\n')
}
